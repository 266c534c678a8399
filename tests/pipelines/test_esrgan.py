"""Real-ESRGAN from a file to an enlarged picture: exact sizes, no seams, and files that cannot be used."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from engines.loading.model import Stopped, Thrift, WeightsUnusable
from engines.types import Pixels
from engines.upscale.esrgan import Esrgan, load
from engines.upscale.rrdbnet import RRDBNet
from engines.upscale.tiles import Tiling
from engines.weights.setup import EngineSetup, Kind, Located, Source
from tests.pipelines.enlarging import picture, seam, smooth, to_upscale
from tests.tiny.esrgan import build_esrgan, weights

CPU = torch.device("cpu")
SETUP = EngineSetup("esrgan-v1-x2plus", Kind.ESRGAN, Source(path=Path("x2.safetensors")))


def opened(located: Located, dtype: torch.dtype = torch.float32, **changes: Any) -> Esrgan:
    return load(located, CPU, dtype, replace(SETUP, **changes))


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_esrgan(tmp_path_factory.mktemp("esrgan") / "x2.safetensors")


@pytest.fixture(scope="module")
def x2(checkpoint: Path) -> Esrgan:
    return opened(Located(file=checkpoint))


def of_scale(tmp_path: Path, fold: int) -> Esrgan:
    """A tiny network of another scale (4 / ``fold``), saved and loaded."""
    torch.manual_seed(2)
    path = tmp_path / f"fold{fold}.safetensors"
    save_file(RRDBNet(4, 1, 2, fold).state_dict(), path)
    return opened(Located(file=path))


def with_tiles(upscaler: Esrgan, side: int, overlap: int) -> Esrgan:
    return replace(upscaler, tiling=Tiling(side, overlap))


def direct(upscaler: Esrgan, pixels: Pixels) -> Pixels:
    """What the network alone makes of a picture."""
    planes = torch.from_numpy(pixels).permute(2, 0, 1)[None].float() / 255
    with torch.inference_mode():
        enlarged = upscaler.network(planes)[0]
    return (enlarged.clamp(0, 1) * 255).round().byte().permute(1, 2, 0).numpy()


def apart(left: Pixels, right: Pixels) -> int:
    return int(np.abs(left.astype(int) - right).max())


class TestSizes:
    """Whatever is asked for comes out, in that size to the pixel."""

    def test_twice_the_size_is_the_network_itself(self, x2: Esrgan) -> None:
        """The picture at the network's own factor is what the network makes, without anything done to it."""
        init = picture(64, 48)
        assert apart(x2.draw(to_upscale(init, 128, 96)), direct(x2, init)) <= 1

    @pytest.mark.parametrize("size", [(64, 48), (50, 40), (128, 96), (97, 73), (150, 112), (256, 192), (700, 525)])
    def test_any_size_comes_out_exactly(self, x2: Esrgan, size: tuple[int, int]) -> None:
        """Below the factor, above it, and far above it."""
        assert x2.draw(to_upscale(picture(64, 48), *size)).shape == (size[1], size[0], 3)

    @pytest.mark.parametrize("size", [(63, 47), (1, 1), (1, 9), (2, 3), (33, 32)])
    def test_odd_pictures_are_enlarged_whole(self, x2: Esrgan, size: tuple[int, int]) -> None:
        """Sides that are no multiple of two lose and gain nothing."""
        width, height = size
        assert x2.draw(to_upscale(picture(width, height), 2 * width, 2 * height)).shape == (2 * height, 2 * width, 3)

    def test_an_odd_picture_keeps_its_left_and_top(self, x2: Esrgan) -> None:
        """What is added to make sides even is cut away again, on the right and below."""
        init = picture(63, 47)
        mirrored = np.pad(init, ((0, 1), (0, 1), (0, 0)), mode="reflect")
        assert apart(x2.draw(to_upscale(init, 126, 94)), direct(x2, mirrored)[:94, :126]) <= 1

    def test_four_times_is_two_passes(self, x2: Esrgan) -> None:
        """The network runs over its own answer where one pass is not enough."""
        init = picture(24, 16)
        twice = x2.draw(to_upscale(x2.draw(to_upscale(init, 48, 32)), 96, 64))
        assert np.array_equal(x2.draw(to_upscale(init, 96, 64)), twice)

    def test_between_two_factors_the_nearest_is_resampled(self, x2: Esrgan) -> None:
        """Two and a half times is one pass, three and a half times two passes, each brought to size by Lanczos."""
        init = picture(24, 16)
        for size, nearest in (((60, 40), (48, 32)), ((84, 56), (96, 64))):
            passed = Image.fromarray(x2.draw(to_upscale(init, *nearest)))
            resampled = np.asarray(passed.resize(size, Image.Resampling.LANCZOS))
            assert np.array_equal(x2.draw(to_upscale(init, *size)), resampled)

    @pytest.mark.parametrize(("fold", "scale"), [(1, 4), (4, 1)])
    def test_other_factors_load_too(self, tmp_path: Path, fold: int, scale: int) -> None:
        """An x4 and an x1 checkpoint give the size that is asked for, from odd pictures too."""
        upscaler = of_scale(tmp_path, fold)
        init = picture(21, 18)
        assert upscaler.scale == scale
        assert upscaler.draw(to_upscale(init, 84, 72)).shape == (72, 84, 3)
        assert upscaler.draw(to_upscale(init, 42, 36)).shape == (36, 42, 3)

    def test_the_seed_means_nothing(self, x2: Esrgan) -> None:
        """The same picture comes back, byte for byte, for any seed."""
        init = picture(40, 30)
        first, second = (x2.draw(to_upscale(init, 80, 60, seed=seed)) for seed in (1, 2))
        assert np.array_equal(first, second)

    def test_half_precision_is_close(self, checkpoint: Path, x2: Esrgan) -> None:
        """In bfloat16 the picture is the same to the eye."""
        order = to_upscale(picture(40, 30), 80, 60)
        halved = opened(Located(file=checkpoint), torch.bfloat16).draw(order)
        assert apart(halved, x2.draw(order)) <= 8


class TestTiles:
    """Large pictures are made in pieces, and nobody can tell."""

    def test_tiles_that_see_enough_change_nothing(self, x2: Esrgan) -> None:
        """Where the network sees no further than a quarter of the overlap, tiles give the picture of one piece."""
        # One block of fifteen layers and four more, each one step of two pixels: 38, of which 40 are thrown away.
        order = to_upscale(picture(400, 360), 800, 720)
        reports: list[tuple[int, int]] = []
        watched = replace(order, watch=replace(order.watch, report=partial(_note, reports)))
        tiled = replace(x2, tiling=Unbounded(320, 160)).draw(watched)
        assert apart(tiled, x2.draw(order)) <= 1
        assert reports[-1] == (4, 4)

    @pytest.mark.parametrize("paint", [smooth, picture])
    def test_no_seam_shows_where_tiles_see_too_little(self, x2: Esrgan, paint: Callable[[int, int], Pixels]) -> None:
        """A network that sees ten times further than what is thrown away leaves no step where tiles meet."""
        order = to_upscale(paint(300, 60), 600, 120)
        tiled = with_tiles(x2, side=64, overlap=16).draw(order)
        whole = x2.draw(order)
        assert not np.array_equal(tiled, whole)
        assert seam(tiled, whole) < 0.5

    @pytest.mark.parametrize("paint", [smooth, picture])
    def test_butted_tiles_would_be_noticed(self, x2: Esrgan, paint: Callable[[int, int], Pixels]) -> None:
        """The measure of seams sees tiles that were laid side by side without an overlap."""
        init = paint(300, 60)
        pieces = [np.ascontiguousarray(init[:, left : left + 60]) for left in range(0, 300, 60)]
        butted = np.concatenate([x2.draw(to_upscale(piece, 120, 120)) for piece in pieces], axis=1)
        assert seam(butted, x2.draw(to_upscale(init, 600, 120))) > 10

    def test_thrift_takes_smaller_tiles(self, x2: Esrgan) -> None:
        """After running out of memory the same picture is made of more and smaller pieces."""
        steps = {}
        for thrift in Thrift:
            reports: list[tuple[int, int]] = []
            order = to_upscale(picture(300, 300), 600, 600, thrift=thrift, report=partial(_note, reports))
            assert x2.draw(order).shape == (600, 600, 3)
            steps[thrift] = len(reports)
        assert steps[Thrift.NONE] < steps[Thrift.TILED] < steps[Thrift.FRUGAL]

    def test_the_owner_sets_the_tile(self, checkpoint: Path) -> None:
        """The side of a tile is what the owner has written."""
        reports: list[tuple[int, int]] = []
        tiled = opened(Located(file=checkpoint), tile=64)
        tiled.draw(to_upscale(picture(112, 64), 224, 128, report=partial(_note, reports)))
        assert reports == [(0, 2), (1, 2), (2, 2)]

    def test_steps_of_all_passes_are_counted(self, x2: Esrgan) -> None:
        """Progress runs from nothing to all of it, once, over two passes as well."""
        reports: list[tuple[int, int]] = []
        order = to_upscale(picture(61, 40), 244, 160, report=partial(_note, reports))
        with_tiles(x2, 64, 16).draw(order)
        assert [done for done, _ in reports] == [*range(len(reports))]
        assert {total for _, total in reports} == {reports[-1][0]}

    def test_a_cancelled_picture_stops_at_the_next_tile(self, x2: Esrgan) -> None:
        """Nobody waits for the rest of a picture that nobody wants."""
        reports: list[int] = []
        order = to_upscale(
            picture(300, 40), 600, 80, report=lambda done, _: reports.append(done), stopped=lambda: len(reports) == 2
        )
        with pytest.raises(Stopped):
            with_tiles(x2, 64, 16).draw(order)
        assert reports == [0, 1]


def _note(reports: list[tuple[int, int]], done: int, total: int) -> None:
    reports.append((done, total))


class Unbounded(Tiling):
    """Tiles whose overlap may be half of them, to make it as wide as a network's sight."""

    __slots__ = ()

    def for_thrift(self, thrift: Thrift, multiple: int) -> Tiling:
        return self


class TestFiles:
    """Which files are taken, and what is said of the others."""

    @pytest.mark.parametrize("wrapper", ["params_ema", "params", None])
    def test_published_pickles_load_where_allowed(self, tmp_path: Path, x2: Esrgan, wrapper: str | None) -> None:
        """A ``.pth`` file gives the same network as the safetensors file, in any of its wrappers."""
        path = tmp_path / "x2.pth"
        torch.save({wrapper: weights()} if wrapper else weights(), path)
        order = to_upscale(picture(20, 20), 40, 40)
        assert np.array_equal(opened(Located(file=path, pickle=True)).draw(order), x2.draw(order))

    def test_the_running_average_is_preferred(self, tmp_path: Path, x2: Esrgan) -> None:
        """Of the two sets of weights in a training file, the averaged one is used."""
        path = tmp_path / "both.pth"
        raw = {name: torch.zeros_like(weight) for name, weight in weights().items()}
        torch.save({"params": raw, "params_ema": weights()}, path)
        order = to_upscale(picture(20, 20), 40, 40)
        assert np.array_equal(opened(Located(file=path, pickle=True)).draw(order), x2.draw(order))

    def test_a_prefix_is_a_wrapper_too(self, tmp_path: Path) -> None:
        """Converted files write the wrapper in front of every name."""
        path = tmp_path / "x2.safetensors"
        save_file({f"params_ema.{name}": weight for name, weight in weights().items()}, path)
        assert opened(Located(file=path)).scale == 2

    def test_a_folder_with_one_file_will_do(self, checkpoint: Path, tmp_path: Path) -> None:
        """The owner may name the folder; with two files in it, it is not clear which is meant."""
        assert opened(Located(folder=checkpoint.parent)).scale == 2
        with pytest.raises(WeightsUnusable, match="holds 0 files"):
            opened(Located(folder=tmp_path))

    def test_pickles_need_permission(self, tmp_path: Path) -> None:
        """A ``.pth`` file is not even opened unless the owner allows it."""
        path = tmp_path / "x2.pth"
        torch.save(weights(), path)
        with pytest.raises(WeightsUnusable, match="nobody has allowed pickle"):
            opened(Located(file=path))

    def test_pickles_that_run_code_are_refused(self, tmp_path: Path) -> None:
        """Allowed pickles still hold nothing but tensors."""
        path = tmp_path / "evil.pth"
        torch.save({"params": Path("code")}, path)
        with pytest.raises(WeightsUnusable, match="cannot be read"):
            opened(Located(file=path, pickle=True))

    @pytest.mark.parametrize("name", ["x2.safetensors", "x2.pth"])
    @pytest.mark.parametrize("content", [b"", b"no weights at all", b"PK\x03\x04 half a zip"])
    def test_broken_files_are_refused(self, tmp_path: Path, name: str, content: bytes) -> None:
        """Empty, foreign and torn files are unusable, and nothing worse happens."""
        (tmp_path / name).write_bytes(content)
        with pytest.raises(WeightsUnusable, match="cannot be read"):
            opened(Located(file=tmp_path / name, pickle=True))

    @pytest.mark.parametrize("keep", [0.5, 0.999])
    def test_files_cut_short_are_refused(self, tmp_path: Path, checkpoint: Path, keep: float) -> None:
        """A download that ended early is unusable."""
        content = checkpoint.read_bytes()
        torn = tmp_path / "torn.safetensors"
        torn.write_bytes(content[: int(len(content) * keep)])
        with pytest.raises(WeightsUnusable, match="cannot be read"):
            opened(Located(file=torn))

    def test_a_missing_file_is_unusable(self, tmp_path: Path) -> None:
        """A file that was removed after it was found is said to be unreadable."""
        with pytest.raises(WeightsUnusable, match="cannot be read"):
            opened(Located(file=tmp_path / "gone.safetensors"))

    @pytest.mark.parametrize("content", [{"params": 3}, [1, 2], {}])
    def test_files_without_weights_are_refused(self, tmp_path: Path, content: Any) -> None:
        """A readable file may still hold no weights."""
        path = tmp_path / "x2.pth"
        torch.save(content, path)
        with pytest.raises(WeightsUnusable, match="holds no weights"):
            opened(Located(file=path, pickle=True))

    def test_compiling_is_up_to_the_owner(self, checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """The network is compiled if, and only if, the owner has asked for it."""
        compiled: list[RRDBNet] = []

        def compile_(network: RRDBNet) -> None:
            compiled.append(network)

        monkeypatch.setattr(RRDBNet, "compile", compile_)
        opened(Located(file=checkpoint))
        assert not compiled
        upscaler = opened(Located(file=checkpoint), compile=True)
        assert compiled == [upscaler.network]


class UnsupportedModelError(Exception):
    """Stands in for spandrel's own."""


class Tripler:
    """Stands in for a network that spandrel has recognized: enlarges three times, not in half precision."""

    scale, purpose, input_channels, output_channels = 3, "SR", 3, 3
    supports_half, supports_bfloat16 = False, True

    def to(self, device: torch.device, dtype: torch.dtype) -> Tripler:
        self.dtype = dtype
        return self

    def __call__(self, planes: torch.Tensor) -> torch.Tensor:
        return planes.repeat_interleave(3, 2).repeat_interleave(3, 3)


Install = Callable[[type[Tripler] | None], None]


@pytest.fixture
def spandrel(monkeypatch: pytest.MonkeyPatch) -> Install:
    """Installs a stand-in for spandrel that finds this network in every file, or none."""

    def recognize(network: type[Tripler] | None) -> Any:
        if network is None:
            raise UnsupportedModelError
        return network()

    def install(network: type[Tripler] | None) -> None:
        library: Any = ModuleType("spandrel")
        library.UnsupportedModelError = UnsupportedModelError
        library.ModelLoader = lambda device: SimpleNamespace(load_from_state_dict=lambda state: recognize(network))
        monkeypatch.setitem(sys.modules, "spandrel", library)

    return install


class TestOtherArchitectures:
    """Spandrel is asked for networks that are not ours, if it is there."""

    @pytest.fixture
    def stranger(self, tmp_path: Path) -> Located:
        save_file({"layers.0.weight": torch.zeros(3)}, tmp_path / "x3.safetensors")
        return Located(file=tmp_path / "x3.safetensors")

    def test_without_spandrel_the_message_says_so(self, stranger: Located, monkeypatch: pytest.MonkeyPatch) -> None:
        """The owner reads which library would know more."""
        monkeypatch.setitem(sys.modules, "spandrel", None)
        with pytest.raises(WeightsUnusable, match=f"^{stranger.file}: .* need spandrel"):
            opened(stranger)

    def test_with_spandrel_it_runs(self, stranger: Located, spandrel: Install) -> None:
        """A network of another architecture enlarges by its own factor."""
        spandrel(Tripler)
        init = picture(15, 11)
        assert np.array_equal(opened(stranger).draw(to_upscale(init, 45, 33)), init.repeat(3, 0).repeat(3, 1))

    def test_networks_that_need_it_stay_in_fp32(self, stranger: Located, spandrel: Install) -> None:
        """Half precision is only used where the architecture bears it."""
        spandrel(Tripler)
        assert opened(stranger, torch.float16).network.dtype is torch.float32
        assert opened(stranger, torch.bfloat16).network.dtype is torch.bfloat16

    def test_what_spandrel_does_not_know_is_refused(self, stranger: Located, spandrel: Install) -> None:
        """A file that nobody recognizes is unusable."""
        spandrel(None)
        with pytest.raises(WeightsUnusable, match="neither an RRDBNet"):
            opened(stranger)

    @pytest.mark.parametrize("trait", [{"purpose": "Inpainting"}, {"input_channels": 1}, {"output_channels": 4}])
    def test_networks_for_something_else_are_refused(
        self, stranger: Located, spandrel: Install, trait: dict[str, Any]
    ) -> None:
        """A network that is known, but not for enlarging pictures in colour, is unusable."""
        spandrel(type("Other", (Tripler,), trait))
        with pytest.raises(WeightsUnusable, match="does not turn RGB into RGB"):
            opened(stranger)

"""The latent upscaler beside the stock pipeline of diffusers, in one piece and in tiles."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import diffusers
import numpy as np
import pytest
import torch
from PIL import Image

from engines.diffusion import samplers
from engines.diffusion.parts import Parts
from engines.diffusion.styles import STYLES
from engines.loading.model import Order, Stopped, Thrift, WeightsUnusable
from engines.types import Pixels, Prompt, Sampler
from engines.upscale.latent import LatentUpscaler
from engines.upscale.tiles import Tiling, spans
from engines.weights.setup import EngineSetup, Kind, LongPrompts, Source
from tests.pipelines.enlarging import picture, seam, to_upscale

ENGINE = "stable-diffusion-x4-latent-upscaler"
SETUP = EngineSetup(ENGINE, Kind.LATENT_UPSCALER, Source(path=Path("x4")))
PROMPTS = (Prompt("a castle on a hill"), Prompt("blurry", -1.0))


def wanted(init: Pixels, width: int, height: int, **changes: Any) -> Order:
    """An order for this engine; Euler where no sampler is named, because it is quick and draws no noise of its own."""
    defaults: dict[str, Any] = {"prompts": PROMPTS, "sampler": Sampler.K_EULER}
    return to_upscale(init, width, height, ENGINE, **{**defaults, **changes})


@dataclass(frozen=True)
class Pair:
    """The stock pipeline and our engine, which share all weights."""

    pipe: Any
    parts: Parts

    def engine(self, **changes: Any) -> LatentUpscaler:
        return LatentUpscaler(self.parts, replace(SETUP, **changes))

    def ours(self, order: Order, **changes: Any) -> Pixels:
        return self.engine(**changes).draw(order)

    def theirs(self, order: Order) -> Pixels:
        """What the stock pipeline draws for the same order with a CPU generator of the same seed."""
        request = order.request
        assert request.init is not None
        assert request.sampler is not None
        self.pipe.scheduler = samplers.make(request.sampler, self.parts.scheduler)
        drawn = self.pipe(
            prompt=request.prompts[0].text,
            negative_prompt=request.prompts[1].text,
            image=Image.fromarray(request.init),
            num_inference_steps=request.steps,
            guidance_scale=request.cfg_scale,
            generator=torch.Generator("cpu").manual_seed(order.seed),
        )
        return np.asarray(drawn.images[0])


@pytest.fixture(scope="module")
def pair(tiny: Callable[[str], Path]) -> Pair:
    pipe = diffusers.StableDiffusionUpscalePipeline.from_pretrained(tiny("x4"), local_files_only=True)
    pipe.set_progress_bar_config(disable=True)
    parts = Parts(
        unet=pipe.unet,
        vae=pipe.vae,
        text_encoders=(pipe.text_encoder,),
        tokenizers=(pipe.tokenizer,),
        scheduler=samplers.configured(pipe.scheduler.config, ()),
        device=torch.device("cpu"),
        dtype=torch.float32,
        noise_schedule=dict(pipe.low_res_scheduler.config),
    )
    return Pair(pipe, parts)


def apart(left: Pixels, right: Pixels) -> int:
    assert left.shape == right.shape
    return int(np.abs(left.astype(int) - right).max())


class TestParity:
    """A seed gives the picture that the stock pipeline gives."""

    @pytest.mark.parametrize("sampler", list(Sampler))
    def test_every_sampler_draws_what_stock_draws(self, pair: Pair, sampler: Sampler) -> None:
        """Within one level, samplers that draw noise of their own included."""
        order = wanted(picture(48, 32), 192, 128, sampler=sampler)
        ours = pair.ours(order)
        assert ours.std() > 5
        assert apart(ours, pair.theirs(order)) <= 1

    @pytest.mark.parametrize("cfg_scale", [1.0, 1.5, 9.0, 35.0])
    def test_every_scale_steers_as_in_stock(self, pair: Pair, cfg_scale: float) -> None:
        """From no guidance to as much as is allowed."""
        order = wanted(picture(32, 32), 128, 128, cfg_scale=cfg_scale)
        assert apart(pair.ours(order), pair.theirs(order)) <= 1

    @pytest.mark.parametrize("seed", [0, 1, 2**32 - 1])
    def test_every_seed_is_stock_s(self, pair: Pair, seed: int) -> None:
        """The whole range of seeds, and another picture for each."""
        order = wanted(picture(32, 32), 128, 128, seed=seed)
        assert apart(pair.ours(order), pair.theirs(order)) <= 1
        assert apart(pair.ours(order), pair.ours(replace(order, seed=5))) > 5


class TestParameters:
    """What a request says shows in the picture."""

    def test_the_same_order_gives_the_same_bytes(self, pair: Pair) -> None:
        """Whatever was drawn in between."""
        order = wanted(picture(32, 24), 128, 96, sampler=Sampler.K_EULER_ANCESTRAL)
        engine = pair.engine()
        first = engine.draw(order)
        engine.draw(wanted(picture(20, 20), 80, 80, seed=3))
        assert np.array_equal(engine.draw(order), first)

    def test_no_guidance_at_all_is_the_negative_side(self, pair: Pair) -> None:
        """At a scale of 0 the prompt has no say."""
        castle, fox = (
            pair.ours(wanted(picture(32, 32), 128, 128, cfg_scale=0, prompts=(Prompt(text), PROMPTS[1])))
            for text in ("a castle", "a fox")
        )
        assert np.array_equal(castle, fox)

    def test_the_prompt_steers(self, pair: Pair) -> None:
        """Another prompt is another picture."""
        castle, fox = (
            pair.ours(wanted(picture(32, 32), 128, 128, prompts=(Prompt(text),))) for text in ("a castle", "a fox")
        )
        assert apart(castle, fox) > 2

    def test_a_style_steers_too(self, pair: Pair) -> None:
        """Its words count as if they stood in the prompt."""
        words, init = STYLES["anime"], picture(32, 32)
        written = (Prompt(f"a castle, {words.positive}"), Prompt(f"rain, {words.negative}", -1.0))
        styled = pair.ours(wanted(init, 128, 128, prompts=(Prompt("a castle"), Prompt("rain", -1.0)), style="anime"))
        assert apart(styled, pair.ours(wanted(init, 128, 128, prompts=written))) == 0

    def test_the_owner_decides_how_long_prompts_are_read(self, pair: Pair) -> None:
        """What comes after 75 tokens counts in chunks, and only there."""
        orders = [
            wanted(picture(32, 32), 128, 128, prompts=(Prompt("a" * 75 + end),)) for end in (" fox" * 20, " ship" * 20)
        ]
        assert apart(*(pair.ours(order) for order in orders)) == 0
        assert apart(*(pair.ours(order, long_prompts=LongPrompts.CHUNKS) for order in orders)) > 0

    def test_the_owner_may_choose_the_sampler(self, pair: Pair) -> None:
        """A request without a sampler is drawn with the owner's, and a request with one with its own."""
        init = picture(32, 32)
        unnamed = pair.ours(wanted(init, 128, 128, sampler=None), sampler=Sampler.DDIM)
        assert np.array_equal(unnamed, pair.ours(wanted(init, 128, 128, sampler=Sampler.DDIM)))
        assert np.array_equal(
            pair.ours(wanted(init, 128, 128), sampler=Sampler.DDIM), pair.ours(wanted(init, 128, 128))
        )
        assert pair.ours(wanted(init, 128, 128, sampler=None)).shape == (128, 128, 3)


class TestSizes:
    """Whatever is asked for comes out, in that size to the pixel."""

    @pytest.mark.parametrize("given", [(32, 24), (33, 27), (1, 1), (3, 50)])
    @pytest.mark.parametrize("factor", [1, 2.5, 4, 5])
    def test_any_size_comes_out_exactly(self, pair: Pair, given: tuple[int, int], factor: float) -> None:
        """From any size, below and above four times."""
        width, height = (round(side * factor) for side in given)
        assert pair.ours(wanted(picture(*given), width, height, steps=2)).shape == (height, width, 3)

    def test_an_odd_picture_keeps_its_left_and_top(self, pair: Pair) -> None:
        """What is added on the right and below is cut away again."""
        init = picture(30, 22)
        grown = np.pad(init, ((0, 2), (0, 2), (0, 0)), mode="reflect")
        expected = pair.theirs(wanted(grown, 128, 96))[:88, :120]
        assert apart(pair.ours(wanted(init, 120, 88)), expected) <= 1

    def test_other_sizes_are_resampled_from_four_times(self, pair: Pair) -> None:
        """Twice the size is the large picture, made smaller by Lanczos."""
        init = picture(32, 24)
        large = Image.fromarray(pair.ours(wanted(init, 128, 96)))
        expected = np.asarray(large.resize((64, 48), Image.Resampling.LANCZOS))
        assert np.array_equal(pair.ours(wanted(init, 64, 48)), expected)


class TestTiles:
    """Large pictures are painted in pieces that agree."""

    def test_tiles_leave_no_seam(self, pair: Pair) -> None:
        """Cut into tiles with three steps, a picture has no step where tiles meet that it has not in one piece."""
        order = wanted(picture(160, 48), 640, 192)
        tiled, whole = pair.ours(order, tile=64), pair.ours(order, tile=256)
        assert not np.array_equal(tiled, whole)
        assert seam(tiled, whole) < 2

    def test_butted_tiles_would_be_noticed(self, pair: Pair) -> None:
        """Painting the pieces one by one and laying them side by side shows."""
        init = picture(160, 48)
        pieces = [np.ascontiguousarray(init[:, left : left + 40]) for left in range(0, 160, 40)]
        butted = np.concatenate([pair.ours(wanted(piece, 160, 192)) for piece in pieces], axis=1)
        assert seam(butted, pair.ours(wanted(init, 640, 192), tile=256)) > 8

    def test_thrift_takes_smaller_tiles_and_calls(self, pair: Pair) -> None:
        """After running out of memory: more and smaller pieces, and one prediction per call."""
        batches: dict[Thrift, set[tuple[int, int]]] = {}
        for thrift in Thrift:
            seen: set[tuple[int, int]] = set()
            hook = pair.parts.unet.conv_in.register_forward_pre_hook(_noting(seen))
            assert pair.ours(wanted(picture(160, 40), 640, 160, thrift=thrift), tile=128).shape == (160, 640, 3)
            hook.remove()
            batches[thrift] = seen
        assert {count for count, _ in batches[Thrift.NONE]} == {2}
        assert {count for count, _ in batches[Thrift.TILED] | batches[Thrift.FRUGAL]} == {1}
        widths = [max(width for _, width in batches[thrift]) for thrift in Thrift]
        assert widths[0] > widths[1] > widths[2]

    def test_attention_is_left_as_it_was(self, pair: Pair) -> None:
        """A frugal picture changes nothing for those that follow."""
        order = wanted(picture(32, 32), 128, 128)
        before = pair.ours(order)
        pair.ours(replace(order, thrift=Thrift.FRUGAL))
        assert np.array_equal(pair.ours(order), before)

    def test_progress_counts_all_tiles(self, pair: Pair) -> None:
        """One count from nothing to all: every tile of every step, and every tile of the decoder."""
        reports: list[tuple[int, int]] = []
        order = wanted(picture(112, 60), 448, 240, report=lambda done, total: reports.append((done, total)))
        pair.ours(order, tile=64)
        across = len(spans(112, Tiling(64, 16), 4))
        total = across * order.request.steps + across
        assert across == 2
        assert reports == [(done, total) for done in range(total + 1)]

    def test_a_cancelled_picture_stops_at_the_next_tile(self, pair: Pair) -> None:
        """Nobody waits for the rest of a picture that nobody wants."""
        reports: list[int] = []
        order = wanted(
            picture(112, 60), 448, 240, report=lambda done, _: reports.append(done), stopped=lambda: len(reports) == 2
        )
        with pytest.raises(Stopped):
            pair.ours(order, tile=64)
        assert reports == [0, 1]


def _noting(seen: set[tuple[int, int]]) -> Callable[[Any, Any], None]:
    """Notes how many pictures of which width a call of the UNet reads."""

    def note(module: Any, inputs: tuple[torch.Tensor]) -> None:
        seen.add((inputs[0].shape[0], inputs[0].shape[3]))

    return note


class TestParts:
    """Checkpoints that are no latent upscaler."""

    def test_half_precision_is_close(self, pair: Pair) -> None:
        """In bfloat16 the picture is the same to the eye."""
        order = wanted(picture(32, 32), 128, 128)
        exact = pair.ours(order)
        pair.parts.unet.to(torch.bfloat16)
        halved = LatentUpscaler(replace(pair.parts, dtype=torch.bfloat16), SETUP).draw(order)
        pair.parts.unet.to(torch.float32)
        assert np.abs(halved.astype(int) - exact).mean() < 4

    def test_ordinary_models_do_not_upscale(self, pair: Pair, tiny: Callable[[str], Path]) -> None:
        """A UNet that reads no picture is refused when the engine is built."""
        unet = diffusers.UNet2DConditionModel.from_pretrained(tiny("sd2"), subfolder="unet", local_files_only=True)
        with pytest.raises(WeightsUnusable, match="4 input channels"):
            LatentUpscaler(replace(pair.parts, unet=unet), SETUP)

    def test_the_schedule_of_the_noise_must_be_there(self, pair: Pair) -> None:
        """Without it nobody knows how noisy the small picture must be."""
        with pytest.raises(WeightsUnusable, match="low_res_scheduler"):
            LatentUpscaler(replace(pair.parts, noise_schedule=None), SETUP)

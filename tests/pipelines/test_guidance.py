"""CLIP guidance moves pictures towards the prompts, by true gradients, the same way for the same seed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from diffusers import DDIMScheduler, StableDiffusionPipeline
from torch.nn import functional
from transformers import CLIPConfig, CLIPModel, CLIPTokenizer

from engines.diffusion import cutouts, guidance
from engines.diffusion.guidance import ClipGuide, Targets
from engines.diffusion.presets import PRESETS
from engines.loading.device import Device
from engines.loading.model import WeightsUnusable
from engines.types import Prompt
from engines.weights.setup import Located

Tiny = Callable[[str], Path]
CAT = (Prompt("a cat"),)
CALLS = 10
SPEC = Path(__file__).parents[2] / "spec" / "v1.yaml"
CPU = Device.choose("cpu")


@pytest.fixture(scope="module")
def guide(tiny: Tiny) -> ClipGuide:
    """CLIP with weights as they are before any training, which makes small changes of a picture count little."""
    with torch.random.fork_rng(devices=()):
        torch.manual_seed(1)
        model = CLIPModel(CLIPConfig.from_pretrained(tiny("clip"), local_files_only=True))
    return ClipGuide(
        model.eval().requires_grad_(False), CLIPTokenizer.from_pretrained(tiny("clip"), local_files_only=True)
    )


@dataclass(frozen=True)
class Painter:
    """A tiny UNet and VAE with one prompt, run by the stock DDIM scheduler."""

    unet: Any
    vae: Any
    scheduler: Any
    text: torch.Tensor

    @classmethod
    def load(cls, folder: Path, dtype: torch.dtype = torch.float32) -> Painter:
        pipe = StableDiffusionPipeline.from_pretrained(folder, local_files_only=True, dtype=dtype)
        text = torch.randn(1, 77, pipe.unet.config.cross_attention_dim, generator=torch.Generator().manual_seed(5))
        scheduler = DDIMScheduler.from_config(pipe.scheduler.config)
        scheduler.set_timesteps(CALLS)
        frozen = (pipe.unet.requires_grad_(False), pipe.vae.requires_grad_(False))
        return cls(*frozen, scheduler, text.to(dtype))

    def predict(self, timestep: torch.Tensor) -> Callable[[torch.Tensor], torch.Tensor]:
        return lambda latents: self.unet(latents, timestep, self.text).sample

    def original(self, timestep: torch.Tensor) -> Callable[[torch.Tensor, torch.Tensor], torch.Tensor]:
        alpha = self.scheduler.alphas_cumprod[timestep].double()
        signal, noise = float(alpha.sqrt()), float((1 - alpha).sqrt())
        if self.scheduler.config.prediction_type == "v_prediction":
            return lambda output, latents: signal * latents - noise * output
        return lambda output, latents: (latents - noise * output) / signal

    def decode(self, latents: torch.Tensor) -> torch.Tensor:
        decoded: torch.Tensor = self.vae.decode(latents / self.vae.config.scaling_factor).sample
        return decoded

    @torch.no_grad()
    def paint(self, guide: ClipGuide, preset: str, seed: int, prompts: tuple[Prompt, ...] = CAT) -> torch.Tensor:
        """The finished picture [1, 3, 128, 128] in -1..1."""
        latents = torch.randn(1, 4, 16, 16, generator=torch.Generator().manual_seed(seed))
        run = guide.prepare(prompts, preset, seed, CALLS)
        for timestep in self.scheduler.timesteps:
            predict, original = self.predict(timestep), self.original(timestep)
            output = run.shift(latents, predict, original, self.decode) if run else predict(latents)
            latents = self.scheduler.step(output, timestep, latents).prev_sample
        return self.decode(latents)


@pytest.fixture(scope="module")
def painter(tiny: Tiny) -> Painter:
    """The tiny v-prediction model, whose early predictions of a picture are near its late ones."""
    return Painter.load(tiny("sd2-v"))


@torch.no_grad()
def _distance(guide: ClipGuide, picture: torch.Tensor, targets: Targets) -> float:
    """Seen through views that no guided run has drawn."""
    return float(guide.distance(picture, cutouts.draw(32, torch.Generator().manual_seed(99)), targets))


@pytest.mark.parametrize("seed", [3, 4])
@pytest.mark.parametrize("preset", sorted(PRESETS))
def test_a_guided_picture_is_closer_to_its_prompt(guide: ClipGuide, painter: Painter, preset: str, seed: int) -> None:
    """CLIP finds the picture of every preset nearer to the prompt than the unguided one of the same seed."""
    targets = guide.read(CAT)
    plain = _distance(guide, painter.paint(guide, "NONE", seed), targets)
    assert _distance(guide, painter.paint(guide, preset, seed), targets) < plain


def test_a_negative_prompt_repels(guide: ClipGuide, painter: Painter) -> None:
    """With a negative weight the picture gets farther from the prompt."""
    targets = guide.read(CAT)
    plain = _distance(guide, painter.paint(guide, "NONE", 3), targets)
    away = painter.paint(guide, "SLOWEST", 3, (Prompt("a cat", -1),))
    assert _distance(guide, away, targets) > plain


def test_more_patience_comes_closer(guide: ClipGuide, painter: Painter) -> None:
    """SLOWEST guides more steps with more views than SIMPLE, and it shows."""
    targets = guide.read(CAT)
    simple, slowest = (_distance(guide, painter.paint(guide, name, 3), targets) for name in ("SIMPLE", "SLOWEST"))
    assert slowest < simple


@pytest.mark.parametrize("preset", ["FAST_GREEN", "SLOW"])
def test_the_same_seed_gives_the_same_picture(guide: ClipGuide, painter: Painter, preset: str) -> None:
    """Bit for bit, whatever was painted in between; no randomness but the seed's is touched."""
    first = painter.paint(guide, preset, 3)
    state = torch.get_rng_state()
    painter.paint(guide, preset, 4)
    assert torch.equal(first, painter.paint(guide, preset, 3))
    assert torch.equal(state, torch.get_rng_state())


def test_every_preset_of_the_contract_is_known() -> None:
    """A caller may name exactly these presets, and NONE."""
    contract = yaml.safe_load(SPEC.read_text(encoding="utf-8"))
    assert sorted([*PRESETS, "NONE"]) == sorted(contract["components"]["schemas"]["ClipGuidancePreset"]["enum"])


@pytest.mark.parametrize("preset", ["NONE", None])
def test_without_a_preset_nothing_is_guided(guide: ClipGuide, preset: str | None) -> None:
    """NONE and no preset at all are the same."""
    assert guide.prepare(CAT, preset, 3, CALLS) is None


def test_prompts_of_no_weight_guide_nothing(guide: ClipGuide) -> None:
    """There is nothing to be near to."""
    assert guide.prepare((Prompt("a cat", 0),), "SLOW", 3, CALLS) is None


def test_only_the_share_of_the_calls_is_guided(guide: ClipGuide, painter: Painter) -> None:
    """SIMPLE guides 4 calls of 10; the rest is the model's own output."""
    run = guide.prepare(CAT, "SIMPLE", 3, CALLS)
    assert run is not None
    timestep = painter.scheduler.timesteps[3]
    latents = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(3))
    plain = painter.predict(timestep)(latents)
    for number in range(CALLS):
        output = run.shift(latents, painter.predict(timestep), painter.original(timestep), painter.decode)
        assert torch.equal(output, plain) == (number >= 4)


@pytest.mark.parametrize("kind", ["sd1", "sd2-v"])
@pytest.mark.parametrize("preset", ["FAST_BLUE", "SIMPLE"])
def test_the_shift_follows_the_true_gradient(tiny: Tiny, guide: ClipGuide, kind: str, preset: str) -> None:
    """In float64 the predicted picture moves against finite differences of the distance, as far as documented.

    Both prediction types, with the gradient ending at the predicted picture and going on through the UNet.
    """
    painter = Painter.load(tiny(kind), torch.float64)
    double = ClipGuide(_doubled(guide), guide._tokenizer)
    timestep, latents = painter.scheduler.timesteps[2], _latents(4)
    predict, original = painter.predict(timestep), painter.original(timestep)
    views = cutouts.draw(PRESETS[preset].cutouts, torch.Generator("cpu").manual_seed(7))
    targets = double.read(CAT)
    run = double.prepare(CAT, preset, 7, CALLS)
    assert run is not None
    with torch.no_grad():
        plain = predict(latents)
        start = original(plain, latents)
        moved = original(run.shift(latents, predict, original, painter.decode), latents) - start

        def distance(values: torch.Tensor) -> float:
            from_latents = PRESETS[preset].through_unet
            picture = painter.decode(original(predict(values), values) if from_latents else values)
            return float(double.distance(picture, views, targets))

        expected = -_differences(distance, latents if PRESETS[preset].through_unet else start)
    assert functional.cosine_similarity(moved.flatten(), expected.flatten(), dim=0) > 1 - 1e-5
    assert _rms(moved) == pytest.approx(PRESETS[preset].strength * _rms(start), rel=1e-6)


def _doubled(guide: ClipGuide) -> Any:
    model = CLIPModel(guide._model.config)
    model.load_state_dict(guide._model.state_dict())
    return model.double().eval().requires_grad_(False)


def _latents(side: int) -> torch.Tensor:
    return torch.randn(1, 4, side, side, generator=torch.Generator().manual_seed(3), dtype=torch.float64)


def _rms(values: torch.Tensor) -> float:
    return float(values.square().mean().sqrt())


def _differences(function: Callable[[torch.Tensor], float], at: torch.Tensor, width: float = 1e-5) -> torch.Tensor:
    """The gradient by central differences."""
    slopes = torch.zeros_like(at)
    for number in range(at.numel()):
        nudge = torch.zeros_like(at)
        nudge.view(-1)[number] = width
        slopes.view(-1)[number] = (function(at + nudge) - function(at - nudge)) / (2 * width)
    return slopes


def test_a_gradient_that_overflows_is_left_out_and_made_smaller(guide: ClipGuide) -> None:
    """In half precision a call may go unguided; later ones are guided, and nothing ever becomes infinite."""
    latents = torch.randn(1, 4, 16, 16, generator=torch.Generator().manual_seed(3))
    run = guide.prepare(CAT, "FAST_GREEN", 3, CALLS)
    assert run is not None

    def decode(start: torch.Tensor) -> torch.Tensor:
        picture = start[:, :3] * 1
        picture.register_hook(lambda gradient: (gradient.half() * 1e6).float())
        return picture

    outputs = [run.shift(latents, torch.zeros_like, lambda output, seen: seen - output, decode) for _ in range(CALLS)]
    assert not outputs[0].any()
    assert any(output.any() for output in outputs)
    assert all(torch.isfinite(output).all() for output in outputs)


def test_large_latents_are_decoded_small(guide: ClipGuide) -> None:
    """CLIP is shown at most 64 x 64 latents, so that guiding fits into memory; the shift has the full size."""
    seen: list[torch.Size] = []
    latents = torch.randn(1, 4, 96, 72, generator=torch.Generator().manual_seed(3))
    run = guide.prepare(CAT, "FAST_GREEN", 3, CALLS)
    assert run is not None

    def decode(start: torch.Tensor) -> torch.Tensor:
        seen.append(start.shape)
        return start[:, :3]

    output = run.shift(latents, torch.zeros_like, lambda output, seen: seen - output, decode)
    assert seen == [torch.Size((1, 4, 48, 36))]
    assert output.shape == latents.shape
    assert output.any()


def test_clip_looks_at_a_few_views_at_a_time(guide: ClipGuide, painter: Painter) -> None:
    """However many views a preset has, what CLIP must remember of them for the gradient stays bounded."""
    seen: list[int] = []
    note = guide._model.vision_model.register_forward_pre_hook(
        lambda module, args, kwargs: seen.append(len(kwargs.get("pixel_values", args[0] if args else ()))),
        with_kwargs=True,
    )
    run = guide.prepare(CAT, "SLOWER", 3, CALLS)
    assert run is not None
    timestep = painter.scheduler.timesteps[3]
    latents = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(3))
    run.shift(latents, painter.predict(timestep), painter.original(timestep), painter.decode)
    note.remove()
    assert seen == [8, 8, 8]


def test_views_are_means_of_the_picture() -> None:
    """A picture of one color looks the same in every view, and the first view is the whole of a square picture."""
    views = cutouts.draw(8, torch.Generator().manual_seed(3))
    color = torch.tensor([0.2, 0.5, 0.8])[None, :, None, None]
    assert torch.allclose(cutouts.cut(color.expand(1, 3, 40, 56), views, 32), color.expand(8, 3, 32, 32))
    picture = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(3))
    whole = cutouts.cut(picture, views, 32)[0]
    assert torch.allclose(whole, functional.avg_pool2d(picture, 2)[0], atol=1e-6)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_clip_folder_guides(tiny: Tiny, painter: Painter, dtype: torch.dtype) -> None:
    """A folder as CLIP's own repositories are laid out is enough, also in half the precision."""
    loaded = guidance.load(Located(folder=tiny("clip")), CPU, dtype)
    guided, plain = (painter.paint(loaded, name, 3) for name in ("FAST_BLUE", "NONE"))
    assert torch.isfinite(guided).all()
    assert not torch.equal(guided, plain)


@pytest.mark.parametrize("missing", ["model.safetensors", "config.json", "tokenizer.json"])
def test_a_clip_folder_that_lacks_a_file_is_unusable(tiny: Tiny, tmp_path: Path, missing: str) -> None:
    """The error is the one that says so, whichever file it is."""
    for file in tiny("clip").iterdir():
        if file.name != missing:
            (tmp_path / file.name).write_bytes(file.read_bytes())
    with pytest.raises(WeightsUnusable, match=str(tmp_path)):
        guidance.load(Located(folder=tmp_path), CPU, torch.float32)


def test_another_model_is_no_clip(tiny: Tiny) -> None:
    """A safety checker in the place of CLIP is refused; its text encoder would be made up."""
    with pytest.raises(WeightsUnusable):
        guidance.load(Located(folder=tiny("safety") / "safety_checker"), CPU, torch.float32)


def test_one_file_is_no_clip(tmp_path: Path) -> None:
    """CLIP needs its configuration and its tokenizer beside the weights."""
    with pytest.raises(WeightsUnusable, match="folder"):
        guidance.load(Located(file=tmp_path / "clip.safetensors"), CPU, torch.float32)

"""What the parameters of a request do to its picture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from engines.diffusion import samplers
from engines.diffusion.denoise import Predictor, denoise
from engines.diffusion.latents import Noise, in_tiles, padded, to_image, to_pixels
from engines.diffusion.model import Diffusion
from engines.diffusion.prompts import Conditioning
from engines.diffusion.schedule import plan
from engines.diffusion.styles import STYLES
from engines.loading.model import NumbersLost, Order, Stopped, Thrift, Watch, WeightsUnusable
from engines.types import GenerationRequest, Prompt, Sampler, Task
from engines.weights.setup import LongPrompts
from tests.pipelines.stock import CARD, PATIENT, REQUEST, SETUP, block, difference, order, pair, photo

Tiny = Callable[[str], Path]

KINDS = ("sd1", "sd2", "sd2-v", "sdxl", "inpainting", "depth", "sd3")
IMAGE = replace(REQUEST, task=Task.IMAGE_TO_IMAGE, width=96, height=64, init=photo(96, 64), schedule_start=0.5)
FREE = replace(IMAGE, task=Task.TEXT_TO_IMAGE, init=None)


@pytest.mark.parametrize("task", [Task.TEXT_TO_IMAGE, Task.IMAGE_TO_IMAGE, Task.MASKING])
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_does_every_task(tiny: Tiny, kind: str, task: Task) -> None:
    """All models draw freely, from a picture and into a mask, in just the size that was asked for."""
    init = None if task is Task.TEXT_TO_IMAGE else photo(100, 60)
    mask = block(100, 60) if task is Task.MASKING else None
    request = replace(REQUEST, task=task, width=100, height=60, init=init, mask=mask, sampler=None)

    drawn = pair(tiny(kind)).ours(request)

    assert drawn.shape == (60, 100, 3)
    assert drawn.dtype == np.uint8
    assert drawn.std() > 5


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_of_the_schedule_is_the_init_picture(tiny: Tiny, kind: str) -> None:
    """A start of 0 gives back what was sent, bit for bit."""
    drawn = pair(tiny(kind)).ours(replace(IMAGE, schedule_start=0.0))

    assert IMAGE.init is not None
    assert np.array_equal(drawn, IMAGE.init)


@pytest.mark.parametrize("kind", ["sd1", "sdxl", "inpainting"])
def test_all_of_the_schedule_ignores_the_init_picture(tiny: Tiny, kind: str) -> None:
    """A start of 1 is text-to-image, bit for bit."""
    models = pair(tiny(kind))

    assert np.array_equal(models.ours(replace(IMAGE, schedule_start=1.0)), models.ours(FREE))


def test_a_later_start_stays_closer_to_the_init_picture(tiny: Tiny) -> None:
    """The less of the schedule is run, the less changes."""
    models = pair(tiny("sd1"))
    requests = [replace(IMAGE, schedule_start=start, steps=10) for start in (0.2, 0.5, 0.9)]

    changes = [np.abs(models.ours(request).astype(int) - IMAGE.init).mean() for request in requests]

    assert changes == sorted(changes)


@pytest.mark.parametrize("sampler", Sampler)
@pytest.mark.parametrize("request_", [FREE, IMAGE], ids=["free", "image"])
def test_a_cut_tail_costs_less_and_leaves_no_noise(tiny: Tiny, request_: GenerationRequest, sampler: Sampler) -> None:
    """Skipping the end takes fewer steps and gives a picture about as smooth as the finished one."""
    models = pair(tiny("sd1"))
    whole, cut = (replace(request_, sampler=sampler, steps=12, schedule_end=end) for end in (0.0, 0.4))

    (finished, steps), (unfinished, fewer) = (_watched(models.engine, request) for request in (whole, cut))

    assert fewer < steps
    assert not np.array_equal(finished, unfinished)
    assert _roughness(unfinished) < 1.5 * _roughness(finished)


@pytest.mark.parametrize("sampler", Sampler)
def test_a_cut_tail_ends_on_the_predicted_picture(sampler: Sampler) -> None:
    """A model that knows the clean latents is left with just them, not with the noise of the step it stopped at."""
    clean = torch.randn((1, 4, 8, 8), generator=torch.Generator().manual_seed(1))
    scheduler = samplers.make(sampler, {"prediction_type": "sample"})
    run = plan(scheduler, 12, 1.0, 0.5, "cpu")
    noise = Noise(7)
    start = noise.draw((1, 4, 8, 8), torch.device("cpu")) * scheduler.init_noise_sigma

    def knows(latents: torch.Tensor, _: Any) -> torch.Tensor:
        scheduler.scale_model_input(latents, run.timesteps[0])  # Some schedulers want to be asked before a step.
        return clean

    ended = denoise(scheduler, run, start, knows, noise, PATIENT)

    torch.testing.assert_close(ended, clean, rtol=0, atol=1e-4)


def test_predictions_are_mixed_in_fp32(tiny: Tiny) -> None:
    """What a UNet in half precision answers is scaled in full, or a strong scale would multiply its rounding."""
    answers = torch.tensor([1.0, 1.0078125], dtype=torch.bfloat16)[:, None, None, None]
    parts = replace(pair(tiny("sd1")).parts, unet=lambda *_, **__: (answers,), dtype=torch.bfloat16)
    text = torch.zeros((1, 77, 16))
    ask = Predictor(parts, Conditioning(text, text), 7.3, None, None, in_turn=False)

    mixed = ask(torch.zeros((1, 4, 8, 8)), torch.tensor(1.0))

    assert mixed.dtype == torch.float32
    assert mixed.item() == pytest.approx(1 + 7.3 * 0.0078125, abs=1e-6)


def test_scale_1_reads_the_positive_prompts_alone(tiny: Tiny) -> None:
    """Negative prompts are without effect at a scale of 1."""
    models = pair(tiny("sd1"))
    request = replace(FREE, cfg_scale=1.0)

    assert np.array_equal(models.ours(request), models.ours(replace(request, prompts=request.prompts[:1])))


def test_scale_0_reads_the_negative_prompts_alone(tiny: Tiny) -> None:
    """A scale of 0 draws the negative prompt as a scale of 1 would draw it as a positive one."""
    models = pair(tiny("sd1"))
    negated = replace(FREE, cfg_scale=0.0)
    affirmed = replace(FREE, cfg_scale=1.0, prompts=(Prompt("blurry"),))

    assert np.array_equal(models.ours(negated), models.ours(affirmed))


@pytest.mark.parametrize(("near", "end"), [(0.001, 0.0), (0.999, 1.0), (1.001, 1.0)])
def test_scales_have_no_jumps(tiny: Tiny, near: float, end: float) -> None:
    """Around 0 and 1, where one prediction is left out, the picture hardly changes."""
    models = pair(tiny("sd1"))

    drawn = [models.ours(replace(FREE, cfg_scale=scale)) for scale in (near, end)]

    assert difference(*drawn) <= 2


@pytest.mark.parametrize("thrift", [Thrift.TILED, Thrift.FRUGAL])
@pytest.mark.parametrize("kind", ["sd1", "sdxl"])
def test_thrift_draws_nearly_the_same(tiny: Tiny, kind: str, thrift: Thrift) -> None:
    """Predictions one after the other and sliced attention change nothing that can be seen."""
    models = pair(tiny(kind))

    assert difference(models.engine.draw(order(FREE, thrift=thrift)), models.ours(FREE)) <= 1


@pytest.mark.parametrize("start", [1.0, 0.1])
def test_large_pictures_fit_in_tiles(tiny: Tiny, start: float) -> None:
    """A picture of several tiles has its size, and looks like the one drawn whole."""
    models = pair(tiny("sd1"))
    large = replace(IMAGE, width=320, height=384, init=photo(320, 384), steps=10, schedule_start=start)

    whole, tiled = (models.engine.draw(order(large, thrift=thrift)) for thrift in (Thrift.NONE, Thrift.FRUGAL))

    assert tiled.shape == (384, 320, 3)
    assert 0 < np.abs(whole.astype(int) - tiled).mean() < 20


@pytest.mark.parametrize("sampler", [Sampler.K_EULER, Sampler.K_HEUN])
def test_steps_are_told_as_they_are_done(tiny: Tiny, sampler: Sampler) -> None:
    """The watch hears of every call of the UNet before it is made, and of the end before decoding."""
    told: list[tuple[int, int]] = []
    watch = Watch(stopped=lambda: False, report=lambda done, total: told.append((done, total)))

    pair(tiny("sd1")).engine.draw(order(replace(FREE, sampler=sampler), watch))

    total = told[0][1]
    assert told == [(done, total) for done in range(total + 1)]


def test_a_stopped_picture_ends_at_the_next_step(tiny: Tiny) -> None:
    """Nothing more is computed once nobody waits for the picture."""
    told: list[int] = []
    watch = Watch(stopped=lambda: len(told) == 3, report=lambda done, _: told.append(done))

    with pytest.raises(Stopped):
        pair(tiny("sd1")).engine.draw(order(FREE, watch))

    assert told == [0, 1, 2]


def test_the_owners_sampler_is_the_default(tiny: Tiny) -> None:
    """Where a request names no sampler, the one of the setup is used; a request's own comes first."""
    models = pair(tiny("sd1"))
    engine = Diffusion(models.parts, replace(SETUP, sampler=Sampler.DDIM))

    silent, ddim, euler = (
        engine.draw(order(replace(FREE, sampler=sampler))) for sampler in (None, Sampler.DDIM, Sampler.K_EULER)
    )

    assert np.array_equal(silent, ddim)
    assert np.array_equal(euler, models.ours(FREE))
    assert not np.array_equal(silent, euler)


def test_a_style_adds_its_words_to_the_prompts(tiny: Tiny) -> None:
    """The picture in a style is the one of the prompts with the style's words written out."""
    models, words = pair(tiny("sd1")), STYLES["anime"]
    fox, blurry = FREE.prompts
    written = (Prompt(f"{fox.text}, {words.positive}"), Prompt(f"{blurry.text}, {words.negative}", -1.0))

    styled = models.ours(replace(FREE, style="anime"))

    assert np.array_equal(styled, models.ours(replace(FREE, prompts=written)))
    assert not np.array_equal(styled, models.ours(FREE))


def test_the_owner_decides_how_long_prompts_are_read(tiny: Tiny) -> None:
    """What comes after 75 tokens changes the picture where prompts are read in chunks, and only there."""
    parts = pair(tiny("sd1")).parts
    ends = [replace(FREE, prompts=(Prompt("a" * 75 + end),)) for end in (" fox", " ship")]

    cut, chunks = (
        [Diffusion(parts, replace(SETUP, long_prompts=way)).draw(order(request)) for request in ends]
        for way in (LongPrompts.CUT, LongPrompts.CHUNKS)
    )

    assert np.array_equal(*cut)
    assert not np.array_equal(*chunks)


@pytest.mark.parametrize(
    ("thrift", "pixels", "tiled", "side"),
    [
        (Thrift.NONE, 1024 * 1024, False, 512),
        (Thrift.NONE, 640 * 1536, False, 512),
        (Thrift.NONE, 2048 * 1024, True, 512),
        (Thrift.TILED, 512 * 512, True, 512),
        (Thrift.FRUGAL, 512 * 512, True, 256),
    ],
)
def test_the_autoencoder_works_in_tiles_only_where_it_must(
    tiny: Tiny, thrift: Thrift, pixels: int, tiled: bool, side: int
) -> None:
    """Sizes that engines draw in are decoded whole, larger ones and those that memory did not suffice for in tiles."""
    vae = pair(tiny("sd1")).parts.vae

    with in_tiles(vae, thrift, pixels):
        inside = vae.use_tiling, vae.tile_sample_min_size, vae.tile_latent_min_size

    assert inside == (tiled, side, side // 8)
    assert (vae.use_tiling, vae.tile_sample_min_size, vae.tile_latent_min_size) == (False, 512, 64)


def test_thrifty_predictions_are_made_one_after_the_other(tiny: Tiny) -> None:
    """With and without the prompt at once takes twice the memory, so out of memory they are asked in turn."""
    models, sizes = pair(tiny("sd1")), []
    hook = models.parts.unet.register_forward_pre_hook(lambda _, given: sizes.append(len(given[0])))

    try:
        models.ours(FREE)
        models.engine.draw(order(FREE, thrift=Thrift.TILED))
    finally:
        hook.remove()

    assert sizes == [2] * FREE.steps + [1] * (2 * FREE.steps)


def test_a_picture_of_infinite_numbers_fails() -> None:
    """What overflowed in float16 is no black picture: it is an error that names the way out."""
    image = torch.zeros(1, 3, 8, 8, dtype=torch.float16)
    image[0, 1, 2, 3] = float("nan")

    with pytest.raises(NumbersLost, match="float32"):
        to_pixels(image, 8, 8)


def test_pixels_are_rounded_to_the_nearest_level() -> None:
    """Every level survives the way to the model's range and back, and what lies between two goes to the nearer one."""
    levels = np.arange(256, dtype=np.uint8).repeat(3).reshape(16, 16, 3)
    image = to_image(levels, torch.device("cpu"))
    nudge = 0.49 * 2 / 255

    for moved in (image, image + nudge, image - nudge):
        assert np.array_equal(to_pixels(moved, 16, 16), levels)


def test_what_is_missing_to_a_multiple_of_8_repeats_the_edge() -> None:
    """A black rim would shine through along the right and lower edges of what is drawn."""
    sent = photo(13, 10)

    grown = padded(sent, 8)

    assert np.array_equal(grown, sent[np.minimum(np.arange(16), 9)][:, np.minimum(np.arange(16), 12)])


def test_half_precision_draws(tiny: Tiny) -> None:
    """A UNet in bfloat16 draws almost the picture of the one in fp32; the scheduler's arithmetic stays in fp32."""
    models = pair(tiny("sd1"))
    wanted = models.ours(FREE)
    half = pair.__wrapped__(tiny("sd1"))
    half.pipe.to(torch.bfloat16)

    drawn = Diffusion(replace(half.parts, dtype=torch.bfloat16), SETUP).draw(order(FREE))

    assert 0 < np.abs(drawn.astype(int) - wanted).mean() < 5


def test_other_unets_are_refused(tiny: Tiny) -> None:
    """A checkpoint whose UNet reads something else is refused when it is loaded."""
    with pytest.raises(WeightsUnusable, match="7 input channels"):
        Diffusion(pair(tiny("x4")).parts, SETUP)


def test_guidance_steers_where_the_engine_takes_it(tiny: Tiny) -> None:
    """A guidance preset changes the picture of a guided engine, and of no other."""
    models, guide = pair(tiny("sd1")), _Guide()
    engine = Diffusion(models.parts, SETUP, guide)  # type: ignore[arg-type]
    request = replace(FREE, guidance="SIMPLE")

    guided = engine.draw(order(request))
    unguided = engine.draw(Order(replace(CARD, guided=False), request, request.seed, PATIENT))
    unasked = engine.draw(order(replace(request, guidance="NONE")))

    assert guide.calls == request.steps
    assert not np.array_equal(guided, unguided)
    assert np.array_equal(unguided, models.ours(FREE))
    assert np.array_equal(unasked, unguided)


def test_the_automatic_choice_knows_of_guidance(tiny: Tiny) -> None:
    """Without a sampler it is one that bears being moved where CLIP guides, and else the quickest."""
    models = pair(tiny("sd1"))
    engine = Diffusion(models.parts, SETUP, _Idle())  # type: ignore[arg-type]
    silent = replace(FREE, sampler=None)

    guided, unguided = (engine.draw(order(replace(silent, guidance=preset))) for preset in ("SIMPLE", "NONE"))

    assert np.array_equal(guided, models.ours(replace(FREE, sampler=Sampler.K_DPMPP_2S_ANCESTRAL)))
    assert np.array_equal(unguided, models.ours(replace(FREE, sampler=Sampler.K_DPMPP_2M)))


class _Idle:
    """Guidance that finds nothing to do."""

    def prepare(self, *_: object) -> None:
        return


class _Guide:
    """Guidance that halves every prediction, and checks what it is given."""

    def __init__(self) -> None:
        self.calls = 0

    def prepare(self, prompts: tuple[Prompt, ...], preset: str, seed: int, calls: int) -> _Guide:
        assert (prompts, preset, seed, calls) == (FREE.prompts, "SIMPLE", FREE.seed, FREE.steps)
        return self

    def shift(self, latents: torch.Tensor, predict: Any, original: Any, decode: Any) -> torch.Tensor:
        self.calls += 1
        with torch.enable_grad():
            source = latents.detach().requires_grad_()
            output = predict(source)
            picture = decode(original(output, source))
            (gradient,) = torch.autograd.grad(picture.sum(), source)
        assert picture.shape == (1, 3, FREE.height, FREE.width)
        assert bool(gradient.abs().sum() > 0)
        halved: torch.Tensor = output.detach() / 2
        return halved


def _watched(engine: Diffusion, request: GenerationRequest) -> tuple[Any, int]:
    told: list[int] = []
    watch = Watch(stopped=lambda: False, report=lambda done, _: told.append(done))
    return engine.draw(order(request, watch)), len(told)


def _roughness(pixels: Any) -> float:
    return float(np.abs(np.diff(pixels.astype(int), axis=1)).mean())

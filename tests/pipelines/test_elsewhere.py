"""On a GPU everything is where it must be, and the loop never waits for the device; shown on one that is pretended."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engines.loading.keeper import Keeper
from engines.loading.model import Order, Watch
from engines.types import GenerationRequest, Pixels, Sampler, Task
from engines.weights.setup import Kind, Located
from tests.pipelines import lending
from tests.pipelines.pretence import Pretence, device, pretended
from tests.pipelines.stock import PATIENT, REQUEST, block, difference, photo

Tiny = Callable[[str], Path]

DEVICES = ("cuda", "mps")
KINDS = ("sd1", "sd2", "sd2-v", "sdxl", "inpainting", "depth", "sd3")
NOISY = {Sampler.DDPM, Sampler.K_EULER_ANCESTRAL, Sampler.K_DPM_2_ANCESTRAL, Sampler.K_DPMPP_2S_ANCESTRAL}
IMAGE = replace(REQUEST, task=Task.IMAGE_TO_IMAGE, init=photo(128, 64), schedule_start=0.7)
MASKED = replace(IMAGE, task=Task.MASKING, mask=block(128, 64))
ENLARGED = replace(REQUEST, task=Task.UPSCALE, init=photo(48, 32), width=192, height=128, steps=3)


def draw(pretence: Pretence, where: Located, request: GenerationRequest, watch: Watch = PATIENT, **more: Any) -> Pixels:
    """A picture by an engine that is loaded to the pretended device."""
    guidance = more.pop("guidance", None)
    model = Keeper(device(pretence), lending.PLENTY).lend(lending.setup("an-engine", **more), where, guidance)
    return model.draw(Order(lending.CARD, request, request.seed, watch))


def drawn_here(where: Located, request: GenerationRequest, **more: Any) -> Pixels:
    """The same by the CPU."""
    model = lending.keeper().lend(lending.setup("an-engine", **more), where, None)
    return model.draw(Order(lending.CARD, request, request.seed, PATIENT))


def crossings_in_the_loop(tiny: Tiny, request: GenerationRequest) -> list[str]:
    """What crosses between the first step and the last."""
    marks: list[int] = []
    with pretended("cuda") as pretence:
        watch = Watch(lambda: False, lambda done, total: marks.append(len(pretence.crossings)))
        draw(pretence, Located(folder=tiny("sd1")), request, watch)
        return pretence.crossings[marks[0] : marks[-2]]


@pytest.mark.parametrize("request_", [REQUEST, MASKED], ids=["free", "masked"])
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_draws_on_a_gpu_what_it_draws_here(tiny: Tiny, kind: str, request_: GenerationRequest) -> None:
    """Bit for bit where the arithmetic is the same, because noise and schedules are the CPU's."""
    where = Located(folder=tiny(kind))

    with pretended("mps") as pretence:
        there = draw(pretence, where, request_)

    assert np.array_equal(there, drawn_here(where, request_))


@pytest.mark.parametrize(("kind", "name"), [*zip(KINDS, itertools.cycle(DEVICES), strict=False)])
def test_half_precision_never_meets_another_precision(tiny: Tiny, kind: str, name: str) -> None:
    """Masking in float16 takes every path from pixels to pixels; on Metal no number is a float64."""
    with pretended(name) as pretence:
        there = draw(pretence, Located(folder=tiny(kind)), MASKED, dtype="float16")

    assert there.std() > 5


@pytest.mark.parametrize("sampler", Sampler)
def test_every_sampler_steps_on_a_gpu(tiny: Tiny, sampler: Sampler) -> None:
    """Image-to-image by every sampler is what the CPU draws, without a float64, which Metal does not have."""
    request, where = replace(IMAGE, sampler=sampler), Located(folder=tiny("sd1"))

    with pretended("mps") as pretence:
        there = draw(pretence, where, request)

    assert np.array_equal(there, drawn_here(where, request))


@pytest.mark.parametrize("sampler", Sampler)
def test_no_step_waits_for_the_device(tiny: Tiny, sampler: Sampler) -> None:
    """The GPU always has the next step to do; only fresh noise is sent over on the way."""
    crossings = crossings_in_the_loop(tiny, replace(REQUEST, sampler=sampler))

    assert not [crossing for crossing in crossings if crossing.startswith("wait")]
    assert bool(crossings) == (sampler in NOISY)


@pytest.mark.parametrize("name", DEVICES)
@pytest.mark.parametrize("preset", ["FAST_BLUE", "SIMPLE"])
def test_clip_guides_on_a_gpu(tiny: Tiny, preset: str, name: str) -> None:
    """Gradients flow where the picture is, in half precision."""
    request, clip = replace(REQUEST, guidance=preset, steps=4), Located(folder=tiny("clip"))
    where = Located(folder=tiny("sd1"))

    with pretended(name) as pretence:
        guided = draw(pretence, where, request, dtype="float16", guidance=clip)
        plain = draw(pretence, where, replace(request, guidance=None), dtype="float16")

    assert not np.array_equal(guided, plain)


def test_tiles_fade_by_shares_that_are_there_already(tiny: Tiny) -> None:
    """The latent upscaler lays its tiles together at every step, and sends nothing for that."""
    marks: list[int] = []
    with pretended("cuda") as pretence:
        watch = Watch(lambda: False, lambda done, total: marks.append(len(pretence.crossings)))
        draw(pretence, Located(folder=tiny("x4")), ENLARGED, watch, kind=Kind.LATENT_UPSCALER, tile=32)
        in_a_later_step = pretence.crossings[marks[len(marks) // 3] : marks[len(marks) // 2]]

    assert not in_a_later_step


@pytest.mark.parametrize("name", DEVICES)
def test_the_latent_upscaler_works_on_a_gpu(tiny: Tiny, name: str) -> None:
    """In tiles, whose shares are where the tiles are."""
    where = Located(folder=tiny("x4"))

    with pretended(name) as pretence:
        there = draw(pretence, where, ENLARGED, kind=Kind.LATENT_UPSCALER, dtype="float16", tile=32)

    assert there.shape == (128, 192, 3)
    assert there.std() > 5


@pytest.mark.parametrize("name", DEVICES)
def test_esrgan_works_on_a_gpu(tiny: Tiny, name: str) -> None:
    """What comes out is what comes out here."""
    where, request = Located(file=tiny("esrgan")), replace(ENLARGED, width=96, height=64)

    with pretended(name) as pretence:
        there = draw(pretence, where, request, kind=Kind.ESRGAN)

    assert difference(there, drawn_here(where, request, kind=Kind.ESRGAN)) <= 1


@pytest.mark.parametrize("name", DEVICES)
def test_the_checker_judges_on_a_gpu(tiny: Tiny, name: str) -> None:
    """Its verdict is that of the CPU."""
    where, picture = Located(folder=tiny("safety")), photo(96, 64)

    with pretended(name) as pretence:
        there = Keeper(device(pretence), lending.PLENTY).safety(where).unsafe(picture)

    assert there == lending.keeper().safety(where).unsafe(picture)

"""The picture of a request and a seed is always the same, bit for bit, whatever was drawn before or between."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from engines.loading.model import Stopped, Thrift, Watch
from engines.types import GenerationRequest, Prompt, Sampler, Task
from tests.pipelines.stock import REQUEST, block, order, pair, photo

Tiny = Callable[[str], Path]

ANCESTRAL = replace(REQUEST, width=96, height=64, sampler=Sampler.K_EULER_ANCESTRAL)
IMAGE = replace(ANCESTRAL, task=Task.IMAGE_TO_IMAGE, init=photo(96, 64), schedule_start=0.6, sampler=Sampler.DDPM)
MASKED = replace(IMAGE, task=Task.MASKING, mask=block(96, 64), schedule_start=1.0, sampler=Sampler.K_DPMPP_2S_ANCESTRAL)
OTHERS = (
    replace(ANCESTRAL, seed=8, width=64, sampler=Sampler.K_LMS, steps=4),
    replace(ANCESTRAL, seed=9, prompts=(Prompt("a ship"), Prompt("a storm", 0.5)), cfg_scale=1.0),
    replace(IMAGE, init=photo(64, 64, 3), width=64, schedule_end=0.3),
)


@pytest.mark.parametrize("request_", [ANCESTRAL, IMAGE, MASKED], ids=["free", "image", "masked"])
@pytest.mark.parametrize("kind", ["sd1", "sdxl", "inpainting", "depth"])
def test_the_same_order_gives_the_same_pixels(tiny: Tiny, kind: str, request_: GenerationRequest) -> None:
    """Again after other requests, other seeds and other users of torch's random numbers."""
    models = pair(tiny(kind))
    first = models.ours(request_)

    for other in OTHERS:
        models.ours(other)
        torch.rand(3)
        assert np.array_equal(models.ours(request_), first)


def test_a_fresh_engine_draws_the_same(tiny: Tiny) -> None:
    """An engine that was just loaded equals one that has drawn before."""
    models = pair(tiny("sd1"))
    models.ours(OTHERS[0])

    again = pair.__wrapped__(tiny("sd1"))

    assert np.array_equal(again.ours(ANCESTRAL), models.ours(ANCESTRAL))


def test_seeds_matter(tiny: Tiny) -> None:
    """Two seeds give two pictures."""
    models = pair(tiny("sd1"))

    assert not np.array_equal(models.ours(ANCESTRAL), models.ours(replace(ANCESTRAL, seed=8)))


@pytest.mark.parametrize("thrift", [Thrift.TILED, Thrift.FRUGAL])
def test_thrift_does_not_outlast_its_picture(tiny: Tiny, thrift: Thrift) -> None:
    """A picture drawn with less memory leaves the next one as it was."""
    models = pair(tiny("sd1"))
    before = models.ours(ANCESTRAL)

    models.engine.draw(order(ANCESTRAL, thrift=thrift))

    assert np.array_equal(models.ours(ANCESTRAL), before)


def test_thrift_ends_with_a_stopped_picture_too(tiny: Tiny) -> None:
    """So does one that was stopped on the way."""
    models = pair(tiny("sd1"))
    before = models.ours(ANCESTRAL)
    calls: list[int] = []
    watch = Watch(stopped=lambda: len(calls) == 2, report=lambda done, _: calls.append(done))

    with pytest.raises(Stopped):
        models.engine.draw(order(ANCESTRAL, watch, Thrift.FRUGAL))

    assert np.array_equal(models.ours(ANCESTRAL), before)


def test_the_worlds_random_numbers_are_left_alone(tiny: Tiny) -> None:
    """Drawing neither reads nor moves torch's own generator."""
    before = torch.random.get_rng_state()

    pair(tiny("sd1")).ours(ANCESTRAL)

    assert torch.equal(torch.random.get_rng_state(), before)

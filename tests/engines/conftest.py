"""What every test of the workshop needs: a registry as it is used, a small request, a picture to start from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from engines.catalog import CARDS
from engines.registry import Registry
from engines.sketch import SketchFamily
from engines.types import EngineCard, GenerationRequest, Pixels, Prompt, Task

Order = Callable[..., GenerationRequest]
Draw = Callable[[GenerationRequest], Pixels]

_SIZES = {"stable-diffusion-xl-1024-v0-9": (1024, 1024), "stable-diffusion-xl-1024-v1-0": (1024, 1024)}


@pytest.fixture(scope="session")
def registry() -> Iterator[Registry]:
    """All fifteen cards, run by the sketch family on two threads."""
    family = SketchFamily(ThreadPoolExecutor(2))
    built = Registry({card.id: family for card in CARDS}, CARDS)
    yield built
    built.close()


@pytest.fixture(scope="session")
def bare() -> Iterator[Registry]:
    """The same without captions, so that only the painting itself is compared."""
    family = SketchFamily(ThreadPoolExecutor(2), caption=False)
    built = Registry({card.id: family for card in CARDS}, CARDS)
    yield built
    built.close()


@pytest.fixture(scope="session")
def order() -> Order:
    """A text-to-image request that any change can be made to."""
    plain = GenerationRequest(
        task=Task.TEXT_TO_IMAGE,
        engine_id="stable-diffusion-v1-6",
        width=512,
        height=512,
        seed=7,
        prompts=(Prompt("a lighthouse on a cliff at sunset"),),
    )
    return lambda **changes: replace(plain, **changes)


@pytest.fixture(scope="session")
def draw(bare: Registry) -> Draw:
    """The pixels of a request's first picture, without a caption."""
    return lambda request: bare.submit(request).result()[0].pixels


@pytest.fixture(scope="session")
def photo() -> Callable[[int, int], Pixels]:
    """A picture of some width and height to start from: gradients and a few hard edges."""

    def make(width: int, height: int) -> Pixels:
        across, down = np.arange(width) * 255 // width, np.arange(height)[:, None] * 255 // height
        squares = ((across // 32 + down // 32) % 2) * 90
        planes = [across + 0 * down, 255 - down + 0 * across, squares + 60]
        return np.stack(planes, axis=2).astype(np.uint8)

    return make


@pytest.fixture(scope="session")
def fitting(order: Order, photo: Callable[[int, int], Pixels]) -> Callable[[EngineCard, Task], GenerationRequest]:
    """A request that a card must accept for a task."""

    def make(card: EngineCard, task: Task) -> GenerationRequest:
        if task is Task.UPSCALE:
            width, height = 128 * card.scale, 96 * card.scale
            return order(task=task, engine_id=card.id, width=width, height=height, init=photo(128, 96))
        width, height = _SIZES.get(card.id, (768, 768) if "-768-" in card.id else (512, 512))
        init = None if task is Task.TEXT_TO_IMAGE else photo(width, height)
        mask = np.full((height, width), 255, np.uint8) if task is Task.MASKING else None
        return order(task=task, engine_id=card.id, width=width, height=height, init=init, mask=mask)

    return make

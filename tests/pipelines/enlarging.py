"""Orders for upscalers, pictures to enlarge, and a look at whether tiles show in what came out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from engines.catalog import CARDS
from engines.loading.model import Order, Thrift, Watch
from engines.types import GenerationRequest, Pixels, Prompt, Task


def picture(width: int, height: int) -> Pixels:
    """Gradients, edges and some grain: something to see for every layer of a network."""
    across, down = np.arange(width) / width, np.arange(height)[:, None] / height
    squares = (np.arange(width) // 9 + np.arange(height)[:, None] // 9) % 2 * 0.4
    planes = np.stack([across + 0 * down, 0.9 - 0.6 * down * across, squares + 0.3], axis=2)
    grain = np.random.default_rng(5).normal(0, 0.04, planes.shape)
    return (np.clip(planes + grain, 0, 1) * 255).astype(np.uint8)


def to_upscale(
    init: Pixels,
    width: int,
    height: int,
    engine_id: str = "esrgan-v1-x2plus",
    seed: int = 7,
    thrift: Thrift = Thrift.NONE,
    report: Callable[[int, int], None] = lambda done, total: None,
    stopped: Callable[[], bool] = lambda: False,
    **changes: Any,
) -> Order:
    """An order to enlarge ``init`` to exactly this size."""
    card = next(card for card in CARDS if card.id == engine_id)
    wanted: dict[str, Any] = {"prompts": (Prompt("a castle"),), "steps": 4, **changes}
    request = GenerationRequest(Task.UPSCALE, engine_id, width, height, seed, init=init, **wanted)
    return Order(card, request, seed, Watch(stopped, report), thrift)


def seam(pixels: Pixels, whole: Pixels) -> float:
    """By how many levels the worst step from one column to the next has grown against a picture made in one piece.

    The mean over all rows and channels, so that grain does not count and a line from top to bottom does.
    """
    steps, expected = (np.abs(np.diff(one.astype(np.float64), axis=1)).mean(axis=(0, 2)) for one in (pixels, whole))
    return float((steps - expected).max())


def smooth(width: int, height: int) -> Pixels:
    """Nothing but slow gradients, on which the eye finds every seam."""
    across, down = np.arange(width) / width, np.arange(height)[:, None] / height
    return (np.stack([across + 0 * down, 0.9 - 0.6 * down * across, down + 0 * across], axis=2) * 255).astype(np.uint8)

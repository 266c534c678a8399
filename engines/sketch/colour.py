"""Colours as three whole numbers, and the few things done to them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engines.sketch.noise import Ints

Colour = tuple[int, int, int]

WHITE: Colour = (255, 255, 255)
BLACK: Colour = (0, 0, 0)
FULL = 64
"""The whole of a share: colours and coverage are mixed in sixty-fourths, which fit 16-bit products."""


def mix(first: Sequence[int], second: Sequence[int], share: int) -> Colour:
    """From ``first`` (share 0) to ``second`` (share 64)."""
    red, green, blue = (a + ((b - a) * share + 32 >> 6) for a, b in zip(first, second, strict=True))
    return red, green, blue


def grey(colour: Colour) -> int:
    """How light a colour is, 0 to 255."""
    red, green, blue = colour
    return 19 * red + 38 * green + 7 * blue >> 6


def saturate(colour: Colour, share: int) -> Colour:
    """Further from its own grey (share above 64) or closer to it (below)."""
    base = grey(colour)
    red, green, blue = (min(255, max(0, base + ((part - base) * share >> 6))) for part in colour)
    return red, green, blue


def ramp(stops: Sequence[Colour], length: int) -> Ints:
    """A column of ``length`` colours that runs through all stops evenly: 3 x length."""
    at = np.arange(length, dtype=np.int32) * ((len(stops) - 1) * 1024) // max(1, length - 1)
    left = np.minimum(at >> 10, max(0, len(stops) - 2))
    table = np.array(stops, np.int32)
    right = table[np.minimum(left + 1, len(stops) - 1)]
    columns: Ints = table[left] + ((right - table[left]) * (at - (left << 10))[:, None] + 512 >> 10)
    return np.ascontiguousarray(columns.T)

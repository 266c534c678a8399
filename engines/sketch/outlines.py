"""The lines that layers are cut along: hills, peaks, dunes, waves, and what grows or stands on them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from engines.sketch.canvas import Line
from engines.sketch.noise import Dice, Ints
from engines.types import Sampler


def _even(wave: Ints) -> Ints:
    return wave


def _terraced(wave: Ints) -> Ints:
    step: Ints = wave // 683 * 683
    step += np.minimum((wave - step) * 3, 683)
    return step


def _peaked(wave: Ints) -> Ints:
    return 4096 - np.abs(2 * wave - 4096)


def _scalloped(wave: Ints) -> Ints:
    return np.abs(2 * wave - 4096)


_HANDS: dict[Sampler, tuple[Callable[[Ints], Ints], int]] = {
    Sampler.DDIM: (_even, 0),
    Sampler.DDPM: (_even, 3),
    Sampler.K_DPMPP_2M: (_even, 1),
    Sampler.K_DPMPP_2S_ANCESTRAL: (_peaked, 3),
    Sampler.K_DPM_2: (_scalloped, 0),
    Sampler.K_DPM_2_ANCESTRAL: (_scalloped, 3),
    Sampler.K_EULER: (_peaked, 0),
    Sampler.K_EULER_ANCESTRAL: (_peaked, 2),
    Sampler.K_HEUN: (_terraced, 0),
    Sampler.K_LMS: (_terraced, 2),
}
"""Each sampler's hand: the shape of its hills and how unsteady it is."""


def hills(dice: Dice, width: int, base: int, rise: int, sampler: Sampler, detail: int) -> Line:
    """Rolling hills: ``base`` pixels from the top where they are lowest, up to ``rise`` pixels higher."""
    shape, unsteady = _HANDS[sampler]
    wave = shape(dice.wave(width, max(8, width * dice.roll(26, 46) // 100))).astype(np.int32)
    total = wave * 6 + dice.wave(width, max(6, width // 9))
    for octave in range(min(3, detail) + unsteady):
        total += dice.wave(width, max(3, width // (22 << min(octave, 2)))) >> (2 if unsteady else 3)
    return _raised(total, base, rise)


def peaks(dice: Dice, width: int, base: int, rise: int, detail: int) -> Line:
    """Mountains with sharp tops and rough flanks."""
    total = _peaked(dice.wave(width, max(8, width // 3))) * 5 + _peaked(dice.wave(width, max(6, width // 8))) * 2
    for octave in range(2 + detail):
        total += dice.wave(width, max(3, width // (18 << octave))) >> octave
    return _raised(total, base, rise)


def dunes(dice: Dice, width: int, base: int, rise: int) -> Line:
    """Long slopes that end in a crest and fall off quickly."""
    cell = max(16, width * dice.roll(36, 60) // 100)
    at = (np.arange(width, dtype=np.int32) + dice.roll(0, cell)) % cell * 4096 // cell
    slope = np.where(at < 3072, at * at // 3072, (4096 - at) * 3)
    return _raised(slope * 5 + dice.wave(width, max(8, width // 3)) * 3, base, rise)


def waves(dice: Dice, width: int, base: int, height: int) -> Line:
    """Scallops of water, all of one width."""
    cell = max(10, width // dice.roll(9, 15))
    at = (np.arange(width, dtype=np.int32) + dice.roll(0, cell)) % cell * 2 - cell
    bow = at * at * 4096 // (cell * cell)
    return _raised(bow * 3 + dice.wave(width, max(8, width // 2)), base, height)


def pines(line: Line, dice: Dice, count: int, tall: int) -> Line:
    """The line with firs on it, up to ``tall`` pixels high."""
    grown = line.copy()
    for x, size in _places(dice, line.size, count, tall):
        wide = max(2, size // 4)
        at = slice(max(0, x - wide), min(line.size, x + wide + 1))
        off = np.abs(np.arange(at.start, at.stop, dtype=np.int32) - x)
        tier = max(1, wide // 3)
        crown = size - off * size // wide + off % tier * size // (wide + tier)
        np.minimum(grown[at], line[x] - crown.astype(np.float32), out=grown[at])
    return grown


def bushes(line: Line, dice: Dice, count: int, tall: int) -> Line:
    """The line with round crowns on it."""
    grown = line.copy()
    for x, size in _places(dice, line.size, count, tall):
        wide = max(2, size // 2)
        at = slice(max(0, x - wide), min(line.size, x + wide + 1))
        off = (np.arange(at.start, at.stop, dtype=np.int32) - x).astype(np.float32)
        crown = np.sqrt(np.maximum(np.float32(wide * wide) - off * off, np.float32(0))) + np.float32(size // 3)
        np.minimum(grown[at], line[x] - crown, out=grown[at])
    return grown


def roofs(line: Line, dice: Dice, tall: int) -> Line:
    """The line with a row of houses and towers on it."""
    grown, x = line.copy(), 0
    while x < line.size:
        wide = max(4, tall * dice.roll(14, 34) // 100)
        high = tall * dice.roll(25, 100) // 100
        grown[x : x + wide] = line[min(x, line.size - 1)] - np.float32(high)
        if dice.roll(0, 3) == 0:
            grown[x + wide // 2 : x + wide // 2 + 1] -= np.float32(tall // 5)
        x += wide + dice.roll(0, 2) * wide // 5
    return grown


def _places(dice: Dice, width: int, count: int, tall: int) -> list[tuple[int, int]]:
    """Columns and sizes of things that grow on a line."""
    xs, sizes = dice.below(width, count).tolist(), dice.below(52, count).tolist()
    return [(x, max(4, tall * (48 + size) // 100)) for x, size in zip(xs, sizes, strict=True)]


def _raised(total: Ints, base: int, rise: int) -> Line:
    """A curve of any scale as a line whose lowest point is ``base`` and whose highest is ``rise`` above."""
    low, high = int(total.min()), int(total.max())
    share = (total - low).astype(np.float32) / np.float32(max(1, high - low))
    return np.float32(base) - share * np.float32(rise)

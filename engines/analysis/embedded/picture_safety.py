"""Picture safety by bare skin: how much of a picture is one smooth region in the colours of skin.

A heuristic of the time before trained classifiers: it takes a close portrait or a sandy beach for nudity now and
then, knows neither drawings in other colours nor pictures in black and white, and sees nothing but nudity.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from engines.analysis.types import Findings
from engines.types import Pixels

LABELS = ("normal", "nsfw")

_SIDE = 128
_TIPPING_SHARE = 0.36
_STEEPNESS = 14.0
_MOST = 3.0
_ROUGH, _FLAT = 24, 2.0
_BY_BORDER = 0.8

_Mask = NDArray[np.bool_]


def judge(pixels: Pixels) -> Findings:
    """One row of scores by ``LABELS``, the two of which sum to 1."""
    small = _small(pixels)
    share = _bare(small)
    odds = min(_MOST, max(-2 * _MOST, _STEEPNESS * (share - _TIPPING_SHARE)))
    nsfw = 1 / (1 + math.exp(-odds))
    return Findings(LABELS, ((1 - nsfw, nsfw),), ((0.0, odds),))


def _bare(pixels: Pixels) -> float:
    """The share of the picture that its largest region of skin covers.

    Skin is shaded, so an evenly coloured region is none; and sand, walls and evening skies reach along the border,
    so a region counts the less the more of the border it takes.
    """
    numbers = _regions(_skin(pixels))
    sizes = np.bincount(numbers.ravel(), minlength=2)
    region = numbers == int(np.argmax(sizes[1:])) + 1
    luma = pixels[region].astype(np.int64) @ np.array([299, 587, 114]) / 1000
    if not luma.size or float(luma.std()) < _FLAT:
        return 0.0
    edge = np.concatenate((region[0], region[-1], region[:, 0], region[:, -1]))
    return float(region.mean()) * (1 - _BY_BORDER * float(edge.mean()))


def _skin(pixels: Pixels) -> _Mask:
    """Where a pixel has a colour of skin and its neighbours are like it.

    The box in Cb and Cr is that of Chai and Ngan, "Face segmentation using skin-color map in videophone
    applications" (1999), the order of red, green and blue that of Kovac et al., "Human skin colour clustering for
    face detection" (2003).
    """
    red, green, blue = (pixels[..., channel].astype(np.int32) for channel in range(3))
    cb = 128_000 - 169 * red - 331 * green + 500 * blue
    cr = 128_000 + 500 * red - 419 * green - 81 * blue
    boxed = (cb >= 77_000) & (cb <= 127_000) & (cr >= 133_000) & (cr <= 173_000)
    ordered = (red > 60) & (red - green > 12) & (green >= blue - 10)
    smooth = np.ones(red.shape, np.bool_)
    smooth[:, 1:] &= np.abs(np.diff(green, axis=1)) < _ROUGH
    smooth[1:, :] &= np.abs(np.diff(green, axis=0)) < _ROUGH
    return np.asarray(boxed & ordered & smooth)


def _regions(mask: _Mask) -> NDArray[np.int64]:
    """A number from 1 for the pixels of each region that hangs together by its sides, 0 outside the mask.

    Every pixel takes the number of the pixel its number points to, again and again, until neighbours agree.
    """
    numbers = np.where(mask, np.arange(1, mask.size + 1).reshape(mask.shape), 0)
    while True:
        before = numbers
        numbers = before.copy()
        for here, there in _NEIGHBOURS:
            joined = mask[here] & mask[there]
            numbers[here] = np.where(joined, np.maximum(numbers[here], before[there]), numbers[here])
        root = np.concatenate(([0], numbers.ravel()))
        numbers = np.where(mask, root[root[numbers]], 0)
        if np.array_equal(numbers, before):
            names = np.unique(np.append(0, numbers))
            return np.searchsorted(names, numbers)


_NEIGHBOURS = (
    (np.s_[1:, :], np.s_[:-1, :]),
    (np.s_[:-1, :], np.s_[1:, :]),
    (np.s_[:, 1:], np.s_[:, :-1]),
    (np.s_[:, :-1], np.s_[:, 1:]),
)


def _small(pixels: Pixels) -> Pixels:
    height, width = pixels.shape[:2]
    scale = min(1.0, _SIDE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(Image.fromarray(pixels[..., :3]).resize(size, Image.Resampling.BOX))

"""What the styles are made of: light and edges of a picture, blur, grain, contrast, in whole numbers.

Everything takes and gives planes (3 x height x width) or one plane (height x width) of 16-bit numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from engines.sketch.canvas import Planes
from engines.sketch.colour import Colour
from engines.sketch.noise import Dice

Plane: TypeAlias = NDArray[np.int16]

_CONTOUR = 10


def light(planes: Planes) -> Plane:
    """How light every pixel is, 0 to 255."""
    red, green, blue = planes
    total: Plane = red * np.int16(19) + green * np.int16(38) + blue * np.int16(7)
    total >>= 6
    return total


def edges(planes: Planes, strength: int = 5) -> Plane:
    """Where shapes meet, 0 to 255; gentle gradients are no edges."""
    found = np.zeros(planes.shape[1:], np.int16)
    for plane in planes:
        across = np.abs(plane[1:-1, 2:] - plane[1:-1, :-2])
        across += np.abs(plane[2:, 1:-1] - plane[:-2, 1:-1])
        np.maximum(found[1:-1, 1:-1], across, out=found[1:-1, 1:-1])
    found -= _CONTOUR
    found *= strength
    return np.clip(found, 0, 255, out=found)


def relief(plane: Plane) -> Plane:
    """How a surface as high as ``plane`` catches light from the upper left, about -255 to 255."""
    shade = np.zeros_like(plane)
    shade[1:-1, 1:-1] = plane[2:, 2:] - plane[:-2, :-2]
    return shade


def soft(planes: Planes, factor: int) -> Planes:
    """The planes blurred over about ``2 * factor`` pixels."""
    _, height, width = planes.shape
    blurred = [
        Image.fromarray(plane).reduce(factor).resize((width, height), Image.Resampling.BICUBIC)
        for plane in settled(planes).astype(np.uint8)
    ]
    return np.stack([np.asarray(plane) for plane in blurred]).astype(np.int16)


def blocks(planes: Planes, factor: int) -> Planes:
    """The mean of every square of ``factor`` pixels, as a smaller picture."""
    return np.stack(
        [np.asarray(Image.fromarray(plane).reduce(factor)) for plane in settled(planes).astype(np.uint8)]
    ).astype(np.int16)


def spread(planes: Planes, factor: int, height: int, width: int) -> Planes:
    """Every pixel as a square of ``factor`` pixels, cut to the given size."""
    return planes.repeat(factor, axis=1).repeat(factor, axis=2)[:, :height, :width]


def settled(planes: Planes) -> Planes:
    """The planes with everything below 0 or above 255 cut off, in place."""
    return np.clip(planes, 0, 255, out=planes)


def contrast(planes: Planes, share: int, middle: int = 128) -> Planes:
    """Further from the middle grey (share above 64) or closer to it."""
    return settled(((planes - np.int16(middle)) * np.int16(share) >> 6) + np.int16(middle))


def vivid(planes: Planes, share: int) -> Planes:
    """Further from its own grey (share above 64) or closer to it."""
    grey = light(planes)
    return settled(((planes - grey) * np.int16(share) >> 6) + grey)


def levels(planes: Planes, count: int) -> Planes:
    """Only ``count`` values per plane."""
    step = 256 // count
    return settled(planes // step * (255 // (count - 1)))


def mapped(plane: Plane, stops: Sequence[Colour]) -> Planes:
    """A plane of 0 to 255 as colours along a gradient."""
    at = np.arange(256) * (len(stops) - 1)
    left = np.minimum(at // 255, len(stops) - 2)
    table = np.array(stops, np.int32)
    colours = table[left] + (table[left + 1] - table[left]) * (at - left * 255)[:, None] // 255
    lookup = colours.astype(np.int16).T
    return laid(lookup, plane.astype(np.intp))


def laid(colours: Planes, places: NDArray[np.intp]) -> Planes:
    """A table of colours, 3 x entries, put wherever ``places`` (height x width) names the entry."""
    planes = np.empty((3, *places.shape), np.int16)
    for plane, channel in zip(planes, colours, strict=True):
        np.take(channel, places, out=plane, mode="clip")
    return planes


def blended(first: Planes, second: Planes, share: Plane | int) -> Planes:
    """From ``first`` (share 0) to ``second`` (share 64)."""
    way = second - first
    way *= np.int16(share) if isinstance(share, int) else share
    way >>= 6
    way += first
    return way


def vignette(planes: Planes, share: int) -> Planes:
    """Darker towards the corners, by up to ``share`` sixty-fourths."""
    _, height, width = planes.shape
    across = np.abs(np.arange(width, dtype=np.int32) * 2 - width) * 256 // width
    down = np.abs(np.arange(height, dtype=np.int32) * 2 - height)[:, None] * 256 // height
    far = (across * across + down * down) * share >> 17
    darkened: Planes = planes - (planes * far.astype(np.int16) >> 6)
    return darkened


def grain(planes: Planes, dice: Dice, amount: int) -> Planes:
    """Film grain of up to ``amount`` either way, from one tile laid over the whole picture."""
    _, height, width = planes.shape
    tile = (dice.bytes(128, 128).astype(np.int16) * np.int16(2 * amount + 1) >> 8) - np.int16(amount)
    field = np.tile(tile, (height // 128 + 1, width // 128 + 1))[:height, :width]
    return settled(planes + field)

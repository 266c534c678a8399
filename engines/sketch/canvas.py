"""A sheet to paint on: three 16-bit planes and shapes with smooth edges.

Floats appear only in element-wise sums, products, quotients and square roots, which IEEE 754 rounds the
same way everywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from engines.sketch.colour import FULL, Colour, ramp

Planes: TypeAlias = NDArray[np.int16]
"""3 x height x width; 0 to 255."""
Line: TypeAlias = NDArray[np.float32]
"""A height for every column, in pixels from the top."""
Point = tuple[int, int]


class Canvas:
    """Paint goes on from back to front; positions are pixels, x to the right and y down."""

    def __init__(self, width: int, height: int) -> None:
        self.width = width
        self.height = height
        self.planes: Planes = np.empty((3, height, width), np.int16)
        self._across = np.arange(width, dtype=np.float32)
        self._down = np.arange(height, dtype=np.float32)[:, None]

    @classmethod
    def over(cls, planes: Planes) -> Canvas:
        """A canvas that already shows ``planes`` and paints into them."""
        canvas = cls(planes.shape[2], planes.shape[1])
        canvas.planes = planes
        return canvas

    def backdrop(self, stops: Sequence[Colour]) -> None:
        """Cover everything with a gradient from top to bottom."""
        self.planes[:] = ramp(stops, self.height)[:, :, None]

    def layer(self, line: Line, stops: Sequence[Colour], depth: int, shade: int) -> None:
        """Fill everything below ``line`` with a gradient; a shadow ``depth`` pixels high falls on what is behind."""
        line = np.clip(line, 0, self.height)
        steep = np.empty_like(line)
        steep[1:-1] = np.abs(line[2:] - line[:-2]) * np.float32(0.5)
        steep[0], steep[-1] = steep[1], steep[-2]
        top = max(0, int(line.min()) - depth - 1)
        full = min(self.height, int((line + steep).max()) + 2)
        colours = ramp(stops, self.height - top).astype(np.int16)[:, :, None]
        band = self.planes[:, top:full]
        below = self._down[top:full] - line
        if depth:
            dark = _coverage((below + np.float32(depth)) * np.float32(shade / depth), shade)
            band -= band * dark >> 6
        sharp = np.float32(FULL) / np.maximum(steep, np.float32(1))
        _blend(band, colours[:, : full - top], _coverage(below * sharp + np.float32(32), FULL))
        self.planes[:, full:] = colours[:, full - top :]

    def ellipse(self, x: int, y: int, wide: int, high: int, colour: Colour, strength: int = FULL) -> None:
        """An ellipse around ``x, y`` with the given radii."""
        found = self._window(x - wide - 1, y - high - 1, x + wide + 2, y + high + 2)
        if found is None:
            return
        across, down, region = found
        across = (across - np.float32(x)) / np.float32(max(1, wide))
        down = (down - np.float32(y)) / np.float32(max(1, high))
        inside = np.float32(1) - (across * across + down * down)
        edge = np.float32(max(1, min(wide, high)) * 32)
        _blend(region, _column(colour), _coverage(inside * edge + np.float32(32), FULL) * np.int16(strength) >> 6)

    def disc(self, x: int, y: int, radius: int, colour: Colour, strength: int = FULL) -> None:
        """A circle around ``x, y``."""
        self.ellipse(x, y, radius, radius, colour, strength)

    def glow(self, x: int, y: int, radius: int, colour: Colour, strength: int) -> None:
        """Light that fades out from ``x, y``."""
        found = self._window(x - radius, y - radius, x + radius + 1, y + radius + 1)
        if found is None:
            return
        across, down, region = found
        across, down = (across - np.float32(x)) / np.float32(radius), (down - np.float32(y)) / np.float32(radius)
        near = np.maximum(np.float32(1) - (across * across + down * down), np.float32(0))
        _blend(region, _column(colour), _coverage(near * near * np.float32(strength), strength))

    def polygon(self, points: Sequence[Point], colour: Colour, strength: int = FULL) -> None:
        """A convex polygon; its corners run clockwise on the screen."""
        xs, ys = [x for x, _ in points], [y for _, y in points]
        found = self._window(min(xs) - 1, min(ys) - 1, max(xs) + 2, max(ys) + 2)
        if found is None:
            return
        across, down, region = found
        inside = np.full(region.shape[1:], FULL, np.float32)
        for (x0, y0), (x1, y1) in zip(points, [*points[1:], points[0]], strict=True):
            along = np.sqrt(np.float32((x1 - x0) ** 2 + (y1 - y0) ** 2))
            if along:
                right, low = np.float32(FULL * (x1 - x0)) / along, np.float32(FULL * (y1 - y0)) / along
                np.minimum(inside, (down - np.float32(y0)) * right - (across - np.float32(x0)) * low + 32, out=inside)
        _blend(region, _column(colour), _coverage(inside, FULL) * np.int16(strength) >> 6)

    def rectangle(self, left: int, top: int, right: int, bottom: int, colour: Colour, strength: int = FULL) -> None:
        """An upright rectangle; the right and bottom edges are left out."""
        region = self.planes[:, max(0, top) : max(0, bottom), max(0, left) : max(0, right)]
        _blend(region, _column(colour), np.int16(strength))

    def _window(self, left: int, top: int, right: int, bottom: int) -> tuple[Line, Line, Planes] | None:
        """Columns, rows and planes inside these bounds, or nothing where they miss the canvas."""
        left, top = max(0, left), max(0, top)
        right, bottom = min(self.width, right), min(self.height, bottom)
        if left >= right or top >= bottom:
            return None
        return self._across[left:right], self._down[top:bottom], self.planes[:, top:bottom, left:right]


def _coverage(amount: NDArray[Any], most: int) -> Planes:
    kept: Planes = np.clip(amount, 0, most).astype(np.int16)
    return kept


def _column(colour: Colour) -> Planes:
    return np.array(colour, np.int16)[:, None, None]


def _blend(region: Planes, colour: Planes, coverage: Planes | np.int16) -> None:
    way = colour - region
    way *= coverage
    way += 32
    way >>= 6
    region += way

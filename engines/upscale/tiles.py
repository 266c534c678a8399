"""Cutting a picture into overlapping tiles, and laying what was made of them together without a seam.

Of every overlap, the outer quarters are thrown away, because there a tile has seen least of what lies around,
and the middle half fades over. So where a network sees no further than a quarter of the overlap, the tiles
give the very picture that the network would give in one piece.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from engines.diffusion.latents import to_bytes
from engines.loading.model import Thrift
from engines.types import Pixels

Work = Callable[[slice, slice], Tensor]
"""Rows and columns of the input to what becomes of them: [channels, rows * scale, columns * scale]."""


@dataclass(frozen=True, slots=True)
class Tiling:
    """How an input is cut: ``side`` is the largest tile, ``overlap`` what neighbours share at least, in pixels."""

    side: int
    overlap: int

    def for_thrift(self, thrift: Thrift, multiple: int) -> Tiling:
        """Half the side for each level, and sides that lie on a grid of ``multiple`` pixels.

        The overlap is a quarter of the side at most, so that three tiles never meet in one row.
        """
        side = max((self.side >> thrift) // multiple, 8) * multiple
        return Tiling(side, min(self.overlap, side // 4) // multiple * multiple)


@dataclass(frozen=True, slots=True)
class Span:
    """The stretch of one tile along one side; it fades in over ``rise`` and out over ``fall`` (first, last + 1)."""

    start: int
    stop: int
    rise: tuple[int, int] | None = None
    fall: tuple[int, int] | None = None

    def weights(self, scale: int) -> Tensor:
        """The share of this tile at each pixel of its enlarged stretch; neighbours' shares add up to 1."""
        shares = torch.ones((self.stop - self.start) * scale)
        if self.rise:
            first, last = ((edge - self.start) * scale for edge in self.rise)
            shares[:first] = 0
            shares[first:last] = _rising(last - first)
        if self.fall:
            first, last = ((edge - self.start) * scale for edge in self.fall)
            shares[first:last] = 1 - _rising(last - first)
            shares[last:] = 0
        return shares


def spans(length: int, tiling: Tiling, multiple: int = 1) -> tuple[Span, ...]:
    """As few equally long stretches as cover ``length``, which like ``tiling`` is a multiple of ``multiple``."""
    if length <= tiling.side:
        return (Span(0, length),)
    shared = tiling.overlap
    count = -(-(length - shared) // (tiling.side - shared))
    side = shared + -(-(length - shared) // (count * multiple)) * multiple
    starts = [i * (length - side) // (count - 1) // multiple * multiple for i in range(count)]
    fades = [_middle(following, start + side, shared) for start, following in itertools.pairwise(starts)]
    return tuple(
        Span(start, start + side, rise, fall)
        for start, rise, fall in zip(starts, [None, *fades], [*fades, None], strict=True)
    )


def count(width: int, height: int, tiling: Tiling, multiple: int = 1) -> int:
    """How many tiles a picture is cut into."""
    return len(spans(width, tiling, multiple)) * len(spans(height, tiling, multiple))


def bands(width: int, height: int, tiling: Tiling, work: Work, scale: int = 1, multiple: int = 1) -> Iterator[Tensor]:
    """The enlarged picture from top to bottom: float32 [channels, rows, width * scale], on the device of ``work``.

    Only one row of tiles is held at a time.
    """
    columns = spans(width, tiling, multiple)
    rows = spans(height, tiling, multiple)
    unfinished: Tensor | None = None
    for row, below in zip(rows, (*rows[1:], None), strict=True):
        band = _row(row, columns, work, scale)
        if unfinished is not None:
            band[:, : unfinished.shape[1]] += unfinished
        finished = ((below.start if below else row.stop) - row.start) * scale
        yield band[:, :finished]
        unfinished = band[:, finished:].clone()
        del band


def paint(width: int, height: int, tiling: Tiling, work: Work, scale: int = 1, multiple: int = 1) -> Pixels:
    """The enlarged picture as pixels; what ``work`` answers is RGB from 0 to 1, and is clipped to that.

    Raises ``NumbersLost``.
    """
    canvas = np.empty((height * scale, width * scale, 3), np.uint8)
    top = 0
    for band in bands(width, height, tiling, work, scale, multiple):
        bottom = top + band.shape[1]
        canvas[top:bottom] = to_bytes(band)
        top = bottom
    return canvas


def _row(row: Span, columns: tuple[Span, ...], work: Work, scale: int) -> Tensor:
    """All tiles of one row, each with its share, added up over the whole width."""
    band: Tensor | None = None
    for column in columns:
        tile = work(slice(row.start, row.stop), slice(column.start, column.stop)).float()
        if band is None:
            band = tile.new_zeros((tile.shape[0], tile.shape[1], columns[-1].stop * scale))
        down, across = (_weights(span, scale, tile.device) for span in (row, column))
        band[:, :, column.start * scale : column.stop * scale] += tile * (down[:, None] * across)
    if band is None:
        raise ValueError("a picture without width has no tiles")
    return band


@lru_cache(maxsize=256)
def _weights(span: Span, scale: int, device: torch.device) -> Tensor:
    """Kept on the device, because the latent upscaler lays the same tiles together at every step."""
    return span.weights(scale).to(device)


def _middle(first: int, last: int, overlap: int) -> tuple[int, int]:
    """Half of ``overlap`` in the middle of what two neighbours share, which may be a little more than that."""
    length = overlap // 2
    start = first + (last - first - length) // 2
    return start, start + length


def _rising(length: int) -> Tensor:
    """Half a cosine from 0 to 1, without either end."""
    places = (torch.arange(length, dtype=torch.float64) + 0.5) / length
    return ((1 - torch.cos(torch.pi * places)) / 2).float()

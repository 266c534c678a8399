"""A sheet cut into irregular triangles, and pictures flattened onto them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engines.sketch.canvas import Planes
from engines.sketch.noise import Dice, Ints

Labels = NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Mesh:
    """For every pixel the number of its triangle."""

    labels: Labels
    count: int


def triangles(height: int, width: int, cell: int, dice: Dice) -> Mesh:
    """Triangles about ``cell`` pixels large.

    Rows of triangles are cut along slanted edges between jittered corners; then the columns are shifted
    up and down in a zigzag, so that no row shows.
    """
    slack = cell
    tall = height + 2 * slack
    rows, columns = -(-tall // cell), width // cell + 3
    corners = np.arange(columns, dtype=np.int32) * cell - cell
    jittered = corners + dice.below(cell * 3 // 4, (rows + 1) * columns).reshape(rows + 1, columns) - cell * 3 // 8
    starts, ends = _edges(jittered, rows)
    y = np.arange(tall, dtype=np.int32)
    row, down = y // cell, (y % cell)[:, None]
    crossed = np.clip(starts[row] + (ends[row] - starts[row]) * down // cell, 0, width)
    flat = (y[:, None] * (width + 1) + crossed).ravel()
    passed = np.bincount(flat, minlength=tall * (width + 1)).reshape(tall, width + 1)[:, :width]
    per_row = starts.shape[1] + 1
    labels = np.cumsum(passed, axis=1) + (row * per_row)[:, None]
    x = np.arange(width, dtype=np.int32)
    zigzag = np.abs((x + cell // 3) % (2 * cell) - cell) * 2 // 3
    shifted = (np.arange(height)[:, None] + zigzag) * width + x
    return Mesh(labels.ravel().take(shifted), rows * per_row)


def flattened(planes: Planes, mesh: Mesh) -> NDArray[np.int16]:
    """The mean colour of every triangle: 3 x triangles."""
    labels = mesh.labels.ravel()
    sizes = np.maximum(np.bincount(labels, minlength=mesh.count), 1)
    # Sums of bytes are whole numbers far below 2^53, which doubles add exactly.
    sums = [np.bincount(labels, weights=plane.ravel(), minlength=mesh.count) for plane in planes]
    return np.stack([total.astype(np.int64) // sizes for total in sums]).astype(np.int16)


def seams(mesh: Mesh) -> NDArray[np.bool_]:
    """Where one triangle ends and the next begins."""
    found = np.zeros(mesh.labels.shape, np.bool_)
    found[:, 1:] = mesh.labels[:, 1:] != mesh.labels[:, :-1]
    found[1:] |= mesh.labels[1:] != mesh.labels[:-1]
    return found


def _edges(corners: Ints, rows: int) -> tuple[Ints, Ints]:
    """Upper and lower ends of all edges, row by row from left to right."""
    upper, lower = np.sort(corners[:rows], axis=1), np.sort(corners[1 : rows + 1], axis=1)
    count = upper.shape[1]
    starts = np.repeat(upper, 2, axis=1)[:, : 2 * count - 1]
    ends = np.repeat(lower, 2, axis=1)[:, 1:]
    return starts, ends

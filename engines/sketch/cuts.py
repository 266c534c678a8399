"""The style presets that cut a picture into pieces: triangles, cubes, squares, tiles."""

from __future__ import annotations

import numpy as np

from engines.sketch import optics
from engines.sketch.canvas import Planes
from engines.sketch.mesh import flattened, seams, triangles
from engines.sketch.noise import Dice, Ints

_BAYER = np.array([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]], np.int16)


def low_poly(planes: Planes, dice: Dice) -> Planes:
    """Flat triangles, each a little lighter or darker than what it covers."""
    _, height, width = planes.shape
    mesh = triangles(height, width, max(12, min(height, width) // 22), dice)
    colours = flattened(optics.vivid(planes, 76), mesh)
    colours += dice.below(29, mesh.count).astype(np.int16) - np.int16(14)
    return optics.laid(optics.settled(colours), mesh.labels)


def origami(planes: Planes, dice: Dice) -> Planes:
    """Large folded facets with a crease along each and paper grain."""
    _, height, width = planes.shape
    mesh = triangles(height, width, max(20, min(height, width) // 9), dice)
    colours = flattened(optics.vivid(planes, 84), mesh) + np.int16(12)
    folded = optics.laid(colours, mesh.labels)
    tilt = dice.below(97, mesh.count).astype(np.int16) - np.int16(48)
    lean = (np.arange(width) * 2 + np.arange(height)[:, None] * 3) % 128 - 64
    tilted = tilt.take(mesh.labels)
    folded += tilted + (tilted * lean.astype(np.int16) >> 7)
    crease = seams(mesh)
    folded[:, 1:] -= crease[:-1].astype(np.int16) * np.int16(34)
    folded += crease.astype(np.int16) * np.int16(46)
    return optics.grain(optics.settled(folded), dice, 4)


def wireframe(planes: Planes, dice: Dice) -> Planes:
    """A shaded clay model under its mesh, as in a modelling program."""
    _, height, width = planes.shape
    mesh = triangles(height, width, max(12, min(height, width) // 26), dice)
    colours = flattened(optics.vivid(planes, 34), mesh)
    colours += dice.below(41, mesh.count).astype(np.int16) - np.int16(20)
    model = optics.blended(optics.laid(colours, mesh.labels), optics.vivid(planes, 30), 24)
    model += np.clip(optics.relief(optics.light(planes)), -50, 50)
    wire = seams(mesh).astype(np.int16)
    model += wire * (np.array([-10, 40, 64], np.int16)[:, None, None])
    return optics.settled(model)


def isometric(planes: Planes, dice: Dice) -> Planes:
    """Stacked cubes: each has the colour of what it covers, lit from above left."""
    _, height, width = planes.shape
    side = max(8, min(height, width) // 24) // 2 * 2
    repeats = (height // (3 * side) + 1, width // (2 * side) + 1)
    off_x, off_y, shade = (np.tile(part, repeats)[:height, :width] for part in _cube(side))
    rows = np.clip(np.arange(height, dtype=np.int32)[:, None] - off_y, 0, height - 1)
    columns = np.clip(np.arange(width, dtype=np.int32) - off_x, 0, width - 1)
    middles = (rows * width + columns).ravel()
    covered = optics.vivid(optics.soft(planes, max(2, side // 3)), 86)
    covered += dice.clouds(height, width, side * 2).astype(np.int16) - np.int16(128) >> 3
    cubes = np.stack([plane.ravel().take(middles) for plane in covered]).reshape(planes.shape)
    cubes += shade.astype(np.int16)
    return optics.settled(cubes)


def _cube(side: int) -> tuple[Ints, Ints, Ints]:
    """One period of the pattern, 3 sides high and 2 wide: how far the middle of the cube is, and its shade."""
    x, y = np.arange(2 * side, dtype=np.int32), np.arange(3 * side, dtype=np.int32)[:, None]
    step = side * 3 // 2
    row = y // step
    inside_x, inside_y = (x + (row % 2) * side) % (2 * side), y - row * step
    # The upper corners of a cell belong to the cubes of the row above.
    row = row - (inside_y * 2 < np.abs(side - inside_x))
    inside_x = (x + (row % 2) * side) % (2 * side)
    off_x, off_y = inside_x - side, y - row * step - side
    top = off_y * 2 + np.abs(off_x) < 0
    shade = np.where(top, 26, np.where(off_x < 0, -8, -44)).astype(np.int32)
    return off_x, off_y, shade


def pixel_art(planes: Planes, _: Dice) -> Planes:
    """Few large pixels in few colours, dithered as on old machines."""
    _, height, width = planes.shape
    factor = max(2, min(height, width) // 88)
    small = optics.vivid(optics.blocks(planes, factor), 88)
    _, rows, columns = small.shape
    pattern = np.tile(_BAYER, (rows // 4 + 1, columns // 4 + 1))[:rows, :columns]
    dithered = optics.levels(optics.settled(small + (pattern - np.int16(8)) * np.int16(2)), 6)
    return np.ascontiguousarray(optics.spread(dithered, factor, height, width))


def tile_texture(planes: Planes, dice: Dice) -> Planes:
    """A pattern whose left meets its right and whose top meets its bottom, of glazed tiles."""
    _, height, width = planes.shape
    part = planes[:, ::2, ::2]
    half = np.concatenate([part, part[:, :, ::-1]], axis=2)[:, :, :width]
    whole = np.concatenate([half, half[:, ::-1]], axis=1)[:, :height]
    size = max(8, min(height, width) // 8)
    x, y = np.arange(width) % size, np.arange(height)[:, None] % size
    glaze = (24 - (x + y) * 36 // size).astype(np.int16)
    tiled = whole + glaze
    grout = (x < 2) | (y < 2)
    tiled[:, grout] = np.array([206, 200, 190], np.int16)[:, None]
    return optics.grain(optics.settled(tiled), dice, 3)

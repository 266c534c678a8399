"""The style presets that grade, light or draw over a picture as it is."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from engines.sketch import cuts, optics
from engines.sketch.canvas import Canvas, Planes
from engines.sketch.colour import WHITE
from engines.sketch.noise import Dice

Style = Callable[[Planes, Dice], Planes]


def _enhance(planes: Planes, _: Dice) -> Planes:
    sharp = planes + (planes - optics.soft(planes, 6)) * np.int16(3) // 2
    return optics.contrast(optics.vivid(optics.settled(sharp), 92), 78, 136)


def _anime(planes: Planes, dice: Dice) -> Planes:
    bright = optics.contrast(optics.vivid(planes, 96), 70, 96) + np.int16(14)
    flat = optics.levels(optics.settled(bright), 7)
    _, height, width = planes.shape
    rays = (np.arange(width) + np.arange(height)[:, None] * 2 + dice.roll(0, 255)) % 192 < 56
    flat += rays.astype(np.int16) * np.int16(14)
    return optics.settled(flat - (optics.edges(planes) >> 1))


def _photographic(planes: Planes, dice: Dice) -> Planes:
    height = planes.shape[1]
    off = np.abs(np.arange(height, dtype=np.int16)[:, None] - np.int16(height * 72 // 100))
    blur = np.minimum(off * np.int16(2), 64) if height < 16_000 else np.full_like(off, 64)
    shot = optics.blended(planes, optics.soft(planes, 5), blur)
    return optics.grain(optics.vignette(optics.contrast(shot, 76, 120), 40), dice, 5)


def _digital_art(planes: Planes, dice: Dice) -> Planes:
    _, height, width = planes.shape
    sweep = (np.arange(width) * 128 // width + np.arange(height)[:, None] * 127 // height).astype(np.int16)
    sheen = optics.mapped(sweep, ((20, 90, 190), (150, 50, 190), (255, 130, 90)))
    glow = np.maximum(optics.soft(planes, 12) - np.int16(120), 0)
    painted = optics.blended(optics.vivid(planes, 92), sheen, 18) + (glow >> 1)
    return optics.grain(optics.contrast(painted, 76), dice, 2)


def _comic_book(planes: Planes, _: Dice) -> Planes:
    _, height, width = planes.shape
    flat = optics.levels(optics.vivid(optics.contrast(planes, 80, 215), 104), 6)
    across, down = np.arange(width) % 8 - 4, (np.arange(height) % 8 - 4)[:, None]
    dot = (across * across + down * down) * 9
    shade = dot < 200 - optics.light(planes)
    flat -= shade.astype(np.int16) * np.int16(58)
    return optics.settled(flat - optics.edges(planes, 12))


def _fantasy_art(planes: Planes, dice: Dice) -> Planes:
    graded = optics.mapped(optics.light(planes), ((26, 10, 60), (112, 46, 140), (232, 140, 120), (255, 240, 190)))
    scene = optics.blended(planes, graded, 38) + (np.maximum(optics.soft(planes, 10) - np.int16(110), 0) >> 1)
    canvas = Canvas.over(optics.settled(scene))
    for _ in range(14):
        x, y, reach = dice.roll(0, canvas.width), dice.roll(0, canvas.height), dice.roll(4, 13)
        canvas.glow(x, y, reach * 2, (255, 236, 190), 30)
        for wide, high in ((reach, 1), (1, reach)):
            canvas.ellipse(x, y, wide, high, WHITE)
    return canvas.planes


def _line_art(planes: Planes, _: Dice) -> Planes:
    _, height, width = planes.shape
    grey = optics.light(planes)
    slope, rise = np.arange(width), np.arange(height)[:, None]
    hatched = ((slope + rise) % 9 == 0) & (grey < 132)
    hatched |= ((slope - rise) % 9 == 0) & (grey < 76)
    ink = np.maximum(optics.edges(planes, 12), hatched.astype(np.int16) * np.int16(150))
    return np.stack([np.int16(part) - ink * np.int16(3) // 4 for part in (252, 250, 244)])


def _analog_film(planes: Planes, dice: Dice) -> Planes:
    _, height, width = planes.shape
    faded = optics.contrast(optics.vivid(planes, 44), 46, 140)
    faded += np.array([18, 6, -16], np.int16)[:, None, None]
    canvas = Canvas.over(optics.grain(optics.vignette(faded, 24), dice, 12))
    leak = dice.roll(0, 1) * width
    canvas.glow(leak, height * dice.roll(20, 80) // 100, width * 2 // 5, (255, 120, 50), 44)
    edge, hole = max(8, height // 18), max(4, height // 44)
    for top in (0, height - edge - height // 18):
        canvas.rectangle(0, top, width, top + edge, (22, 18, 16))
        for left in range(hole, width, hole * 4):
            canvas.rectangle(
                left, top + edge // 2 - hole // 2, left + hole * 2, top + edge // 2 + hole // 2, (214, 204, 186)
            )
    return canvas.planes


def _neon_punk(planes: Planes, dice: Dice) -> Planes:
    width = planes.shape[2]
    dark = optics.mapped(
        optics.light(planes) // np.int16(3), ((8, 4, 26), (70, 20, 110), (30, 130, 190), (255, 90, 200))
    )
    sweep = ((np.arange(width) * 255 // width + dice.roll(0, 60)) % 256).astype(np.int16)
    tube = optics.mapped(sweep[None], ((20, 240, 255), (255, 40, 200), (255, 220, 60), (20, 240, 255)))
    line = optics.edges(planes, 10)
    halo = optics.soft(line[None], 5)[0]
    lit = dark + (tube * (halo >> 2) >> 5) + (tube * (line >> 2) >> 6)
    return optics.settled(lit)


def _modeling_compound(planes: Planes, dice: Dice) -> Planes:
    _, height, width = planes.shape
    kneaded = optics.vivid(optics.soft(planes, 5), 88)
    lump = optics.soft(optics.light(kneaded)[None], 3)[0]
    prints = np.tile(dice.clouds(128, 128, 4), (height // 128 + 1, width // 128 + 1))[:height, :width].astype(np.int16)
    shade = optics.relief(lump) * np.int16(5) + (optics.relief(prints) >> 3)
    return optics.settled(optics.contrast(kneaded, 72) + np.clip(shade, -70, 70))


def _cinematic(planes: Planes, dice: Dice) -> Planes:
    _, height, width = planes.shape
    graded = optics.mapped(optics.light(planes), ((4, 18, 28), (24, 84, 98), (196, 138, 92), (255, 226, 176)))
    canvas = Canvas.over(optics.vignette(optics.contrast(optics.blended(planes, graded, 34), 78, 116), 36))
    flare = height * dice.roll(24, 44) // 100
    canvas.ellipse(width // 2, flare, width, max(1, height // 160), (150, 210, 255), 26)
    bar = height * 11 // 100
    canvas.rectangle(0, 0, width, bar, (4, 4, 6))
    canvas.rectangle(0, height - bar, width, height, (4, 4, 6))
    return canvas.planes


STYLES: dict[str, Style] = {
    "enhance": _enhance,
    "anime": _anime,
    "photographic": _photographic,
    "digital-art": _digital_art,
    "comic-book": _comic_book,
    "fantasy-art": _fantasy_art,
    "line-art": _line_art,
    "analog-film": _analog_film,
    "neon-punk": _neon_punk,
    "isometric": cuts.isometric,
    "low-poly": cuts.low_poly,
    "origami": cuts.origami,
    "modeling-compound": _modeling_compound,
    "cinematic": _cinematic,
    "3d-model": cuts.wireframe,
    "pixel-art": cuts.pixel_art,
    "tile-texture": cuts.tile_texture,
}
"""Every style preset by its name; a name that is not here changes nothing."""

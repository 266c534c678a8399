"""Everything above the horizon: light, sun or moon, stars, clouds."""

from __future__ import annotations

import numpy as np

from engines.sketch.canvas import Canvas
from engines.sketch.colour import WHITE, mix
from engines.sketch.noise import Dice
from engines.sketch.plan import Plan

_STARRY = frozenset({"night", "space", "dusk"})
_MOONLIT = frozenset({"night"})
_RINGS = {"NONE": 1, "SIMPLE": 2, "FAST_BLUE": 3, "FAST_GREEN": 4, "SLOW": 5, "SLOWER": 6, "SLOWEST": 7}
"""Guidance is light: the more of it, the more rings around the sun."""


def paint_sky(canvas: Canvas, plan: Plan, horizon: int) -> None:
    """The whole background; hills and water go over it."""
    colours = plan.palette
    glow = mix(colours.low, colours.light, 30)
    canvas.backdrop((colours.high, mix(colours.high, colours.low, 36), colours.low, glow, glow))
    if plan.mood in _STARRY:
        _stars(canvas, plan.touch.fork("stars"), horizon)
    _sun(canvas, plan, horizon)
    if plan.mood != "space":
        _clouds(canvas, plan, horizon)


def _stars(canvas: Canvas, dice: Dice, horizon: int) -> None:
    count = max(24, canvas.width * horizon // 900)
    xs, ys = dice.below(canvas.width - 1, count), dice.below(max(1, horizon - 1), count)
    shine = (90 + dice.below(150, count)).astype(np.int16)
    canvas.planes[:, ys, xs] = np.maximum(canvas.planes[:, ys, xs], shine)
    large = slice(0, count // 6)
    canvas.planes[:, ys[large] + 1, xs[large]] = shine[large]
    canvas.planes[:, ys[large], xs[large] + 1] = shine[large]


def _sun(canvas: Canvas, plan: Plan, horizon: int) -> None:
    unit, dice, colours = min(canvas.width, canvas.height), plan.theme.fork("sun"), plan.palette
    x = canvas.width * dice.roll(18, 82) // 100
    y = horizon * dice.roll(28, 80) // 100
    radius = max(5, unit * dice.roll(7, 12) // 100)
    drift = plan.touch.fork("sun")
    x += unit * drift.roll(-5, 5) // 100
    y += unit * drift.roll(-5, 5) // 100
    rings = _RINGS.get(plan.guidance, 1)
    canvas.glow(x, y, radius * 5, colours.light, 36)
    for ring in range(rings, 0, -1):
        canvas.disc(x, y, radius + ring * radius * 2 // (2 + rings // 2), colours.light, 12)
    canvas.disc(x, y, radius, mix(colours.light, WHITE, 24))
    if plan.mood in _MOONLIT:
        for right, down, share in ((-36, -20, 24), (28, 30, 18), (22, -42, 12), (-20, 44, 10)):
            spot = mix(colours.light, colours.low, 18)
            canvas.disc(x + radius * right // 100, y + radius * down // 100, radius * share // 100, spot)


def _clouds(canvas: Canvas, plan: Plan, horizon: int) -> None:
    dice, colours = plan.touch.fork("clouds"), plan.palette
    unit = min(canvas.width, canvas.height)
    tone = mix(colours.low, WHITE, dice.roll(24, 44) if plan.mood not in _STARRY else 8)
    for _ in range(dice.roll(2, 4)):
        wide = unit * dice.roll(9, 17) // 100
        x, y = canvas.width * dice.roll(4, 96) // 100, horizon * dice.roll(12, 74) // 100
        strength = dice.roll(54, 63)
        for _ in range(3):
            off, high = wide * dice.roll(-100, 100) // 110, max(2, wide * dice.roll(14, 30) // 100)
            canvas.ellipse(x + off, y - high // 2, wide * dice.roll(50, 90) // 100, high, tone, strength)
        canvas.ellipse(x, y, wide * 3 // 2, max(2, wide // 8), tone, strength)

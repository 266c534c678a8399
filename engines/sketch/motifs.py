"""Things a prompt may name, each a few shapes of paper.

Every motif stands on ``x, y`` (the middle of its foot, or its own middle where it flies) and is about
``size`` pixels high.
"""

from __future__ import annotations

from collections.abc import Callable

from engines.sketch.canvas import Canvas
from engines.sketch.colour import BLACK, WHITE, mix
from engines.sketch.noise import Dice
from engines.sketch.palette import Palette

Motif = Callable[[Canvas, int, int, int, Palette, Dice], None]


def _lighthouse(canvas: Canvas, x: int, y: int, size: int, colours: Palette, _: Dice) -> None:
    foot, head, shaft = size // 7, size // 11, size * 3 // 4
    canvas.polygon(
        [(x, y - size * 5 // 6), (x + size * 2, y - size * 6 // 5), (x + size * 2, y - size // 2)], colours.light, 14
    )
    canvas.polygon(
        [(x - head, y - shaft), (x + head, y - shaft), (x + foot, y), (x - foot, y)], mix(WHITE, colours.low, 8)
    )
    for band in range(3):
        top, bottom = shaft * (6 - 2 * band) // 7, shaft * (5 - 2 * band) // 7
        wide_top = foot - (foot - head) * top // shaft
        wide_bottom = foot - (foot - head) * bottom // shaft
        corners = [
            (x - wide_top, y - top),
            (x + wide_top, y - top),
            (x + wide_bottom, y - bottom),
            (x - wide_bottom, y - bottom),
        ]
        canvas.polygon(corners, colours.accent)
    canvas.rectangle(x - head * 3 // 2, y - shaft - size // 40, x + head * 3 // 2, y - shaft, colours.near)
    canvas.rectangle(x - head * 3 // 4, y - shaft - size // 8, x + head * 3 // 4, y - shaft - size // 40, colours.light)
    canvas.polygon(
        [(x, y - size), (x + head, y - shaft - size // 8), (x - head, y - shaft - size // 8)], colours.accent
    )
    canvas.glow(x, y - size * 5 // 6, size // 3, colours.light, 40)


def _boat(canvas: Canvas, x: int, y: int, size: int, colours: Palette, _: Dice) -> None:
    wide, deck = size * 2 // 5, y - size // 6
    canvas.polygon([(x - wide, deck), (x + wide, deck), (x + wide * 2 // 3, y), (x - wide * 2 // 3, y)], colours.accent)
    canvas.rectangle(x - max(1, size // 60), y - size, x + max(1, size // 60), deck, mix(colours.near, BLACK, 20))
    canvas.polygon(
        [(x + size // 30, y - size), (x + wide, deck - size // 20), (x + size // 30, deck - size // 20)], WHITE
    )
    canvas.polygon(
        [
            (x - size // 30, y - size * 9 // 10),
            (x - size // 30, deck - size // 20),
            (x - wide * 3 // 4, deck - size // 20),
        ],
        mix(WHITE, colours.low, 30),
    )


def _house(canvas: Canvas, x: int, y: int, size: int, colours: Palette, _: Dice) -> None:
    half, wall = size * 2 // 5, size * 11 // 20
    canvas.rectangle(x + half // 3, y - size, x + half * 2 // 3, y - wall, mix(colours.near, colours.accent, 20))
    canvas.rectangle(x - half, y - wall, x + half, y, mix(WHITE, colours.light, 30))
    canvas.polygon([(x, y - size), (x + half * 5 // 4, y - wall), (x - half * 5 // 4, y - wall)], colours.accent)
    canvas.rectangle(x - half // 6, y - wall // 2, x + half // 4, y, mix(colours.near, colours.accent, 12))
    for side in (-half * 3 // 4, half // 2):
        canvas.rectangle(
            x + side, y - wall * 3 // 4, x + side + half // 3, y - wall * 2 // 5, mix(colours.light, colours.accent, 16)
        )


def _castle(canvas: Canvas, x: int, y: int, size: int, colours: Palette, _: Dice) -> None:
    stone = mix(colours.far, WHITE, 26)
    for off, high, wide in ((0, 60, 46), (-30, 70, 9), (30, 70, 9), (0, 86, 10)):
        left, right, top = x + size * (off - wide) // 100, x + size * (off + wide) // 100, y - size * high // 100
        canvas.rectangle(left, top, right, y, mix(stone, colours.near, abs(off) // 3))
        if wide < 20:
            canvas.polygon(
                [((left + right) // 2, top - size // 5), (right + size // 40, top), (left - size // 40, top)],
                colours.accent,
            )
            canvas.rectangle(
                (left + right) // 2 - 1, top + size // 12, (left + right) // 2 + 2, top + size // 6, colours.near
            )
    canvas.ellipse(x, y, size // 10, size // 4, colours.near)


def _windmill(canvas: Canvas, x: int, y: int, size: int, colours: Palette, _: Dice) -> None:
    foot, head, hub, reach = size // 6, size // 11, y - size * 7 // 10, size * 2 // 5
    canvas.polygon([(x - head, hub), (x + head, hub), (x + foot, y), (x - foot, y)], mix(WHITE, colours.low, 20))
    canvas.polygon([(x, hub - size // 7), (x + head * 5 // 4, hub), (x - head * 5 // 4, hub)], colours.accent)
    for dx, dy in ((8, -3), (3, 8), (-8, 3), (-3, -8)):
        tip, side = (x + dx * reach // 8, hub + dy * reach // 8), (-dy * size // 110, dx * size // 110)
        canvas.polygon(
            [(x, hub), tip, (tip[0] + side[0], tip[1] + side[1]), (x + side[0], hub + side[1])], colours.near, 54
        )


def _tree(canvas: Canvas, x: int, y: int, size: int, colours: Palette, dice: Dice) -> None:
    trunk, crown = max(1, size // 22), mix(colours.near, colours.accent, dice.roll(8, 60))
    canvas.polygon(
        [(x - trunk // 2, y - size // 2), (x + trunk // 2, y - size // 2), (x + trunk, y), (x - trunk, y)],
        mix(colours.near, BLACK, 24),
    )
    for off, high, radius in ((-18, 50, 20), (18, 52, 19), (0, 70, 24), (-6, 54, 20)):
        canvas.disc(
            x + size * off // 100,
            y - size * high // 100,
            size * radius // 100,
            mix(crown, colours.light, high // 6),
            60,
        )


def _cactus(canvas: Canvas, x: int, y: int, size: int, colours: Palette, _: Dice) -> None:
    thick, tone = max(2, size // 10), colours.accent
    canvas.rectangle(x - thick, y - size * 9 // 10, x + thick, y, tone)
    canvas.disc(x, y - size * 9 // 10, thick, tone)
    for side, low in ((-1, 40), (1, 52)):
        elbow, arm = x + side * thick * 3, y - size * low // 100
        canvas.rectangle(min(x, elbow), arm - thick // 2, max(x, elbow), arm + thick, tone)
        canvas.rectangle(elbow - thick * 2 // 3, arm - size // 4, elbow + thick * 2 // 3, arm + thick, tone)
        canvas.disc(elbow, arm - size // 4, thick * 2 // 3, tone)


def _animal(canvas: Canvas, x: int, y: int, size: int, colours: Palette, dice: Dice) -> None:
    """Somebody sitting with pointed ears and a tail, seen from behind: a cat, a fox or a dog."""
    fur = mix(mix(colours.near, BLACK, 30), colours.accent, dice.roll(0, 40))
    head = y - size * 72 // 100
    canvas.ellipse(x + size * 30 // 100, y - size * 9 // 100, size * 20 // 100, size * 6 // 100, fur)
    canvas.ellipse(x, y - size * 26 // 100, size * 24 // 100, size * 32 // 100, fur)
    canvas.disc(x, head, size * 19 // 100, fur)
    for side in (-1, 1):
        tip, inner, outer = x + side * size * 16 // 100, x + side * size * 3 // 100, x + side * size * 19 // 100
        corners = [(tip, head - size * 28 // 100), (outer, head), (inner, head - size * 12 // 100)]
        canvas.polygon(corners if side > 0 else [corners[0], corners[2], corners[1]], fur)


def _figure(canvas: Canvas, x: int, y: int, size: int, colours: Palette, _: Dice) -> None:
    coat, dark = colours.accent, mix(colours.near, BLACK, 30)
    canvas.rectangle(x - size * 9 // 100, y - size * 30 // 100, x - size * 2 // 100, y, dark)
    canvas.rectangle(x + size * 2 // 100, y - size * 30 // 100, x + size * 9 // 100, y, dark)
    canvas.polygon(
        [
            (x - size * 9 // 100, y - size * 74 // 100),
            (x + size * 9 // 100, y - size * 74 // 100),
            (x + size * 17 // 100, y - size * 26 // 100),
            (x - size * 17 // 100, y - size * 26 // 100),
        ],
        coat,
    )
    canvas.disc(x, y - size * 84 // 100, size * 11 // 100, mix(colours.light, (196, 140, 104), 44))
    canvas.ellipse(x, y - size * 91 // 100, size * 12 // 100, size * 6 // 100, dark)


def _flowers(canvas: Canvas, x: int, y: int, size: int, colours: Palette, dice: Dice) -> None:
    for _ in range(9):
        left, high = x + size * dice.roll(-160, 160) // 100, size * dice.roll(36, 76) // 100
        foot, petal = y + size // 4, max(2, size * dice.roll(8, 13) // 100)
        canvas.rectangle(
            left, foot - high, left + max(1, size // 40), foot + size, mix(colours.near, (60, 130, 70), 34)
        )
        canvas.disc(left, foot - high, petal, mix(colours.accent, colours.light, dice.roll(0, 34)))
        canvas.disc(left, foot - high, max(1, petal // 3), colours.light)


def _balloon(canvas: Canvas, x: int, y: int, size: int, colours: Palette, _: Dice) -> None:
    radius = size * 2 // 5
    canvas.polygon(
        [
            (x - radius * 4 // 5, y + radius // 2),
            (x + radius * 4 // 5, y + radius // 2),
            (x + size // 14, y + size * 5 // 8),
            (x - size // 14, y + size * 5 // 8),
        ],
        mix(colours.accent, BLACK, 12),
    )
    for wide, tone in ((100, colours.accent), (62, colours.light), (26, mix(colours.accent, BLACK, 8))):
        canvas.ellipse(x, y, radius * wide // 100, radius, tone)
    canvas.rectangle(
        x - size // 14, y + size * 17 // 24, x + size // 14, y + size * 20 // 24, mix(colours.near, BLACK, 10)
    )


def _birds(canvas: Canvas, x: int, y: int, size: int, colours: Palette, dice: Dice) -> None:
    for _ in range(5):
        left, top, wing = (
            x + size * dice.roll(-90, 90) // 100,
            y + size * dice.roll(-40, 40) // 100,
            size * dice.roll(12, 20) // 100,
        )
        thick = max(2, wing // 5)
        canvas.polygon([(left, top), (left, top + thick), (left - wing, top - wing // 2)], mix(colours.near, BLACK, 16))
        canvas.polygon([(left, top), (left + wing, top - wing // 2), (left, top + thick)], mix(colours.near, BLACK, 16))


def _rocket(canvas: Canvas, x: int, y: int, size: int, colours: Palette, _: Dice) -> None:
    half = size // 8
    canvas.glow(x, y + size // 2, size // 2, (255, 170, 60), 50)
    canvas.polygon(
        [(x - half * 2 // 3, y + size // 3), (x + half * 2 // 3, y + size // 3), (x, y + size * 3 // 4)], (255, 190, 80)
    )
    canvas.polygon([(x - half * 2, y + size // 3), (x, y), (x + half * 2, y + size // 3)], colours.accent)
    canvas.ellipse(x, y, half, size // 2, mix(WHITE, colours.low, 10))
    canvas.disc(x, y - size // 8, half // 2, mix(colours.high, (80, 180, 220), 40))


def _planet(canvas: Canvas, x: int, y: int, size: int, colours: Palette, _: Dice) -> None:
    radius = size * 2 // 5
    canvas.ellipse(x, y, radius * 7 // 4, radius // 3, mix(colours.light, colours.accent, 30), 50)
    canvas.disc(x, y, radius, mix(colours.accent, colours.far, 20))
    canvas.ellipse(x - radius // 5, y - radius // 3, radius * 3 // 5, radius // 6, colours.light, 18)
    canvas.polygon(
        [
            (x - radius * 7 // 4, y),
            (x + radius * 7 // 4, y),
            (x + radius, y + radius // 4),
            (x - radius, y + radius // 4),
        ],
        mix(colours.light, colours.accent, 20),
        44,
    )


STANDING: dict[str, Motif] = {
    "lighthouse": _lighthouse,
    "house": _house,
    "castle": _castle,
    "windmill": _windmill,
    "tree": _tree,
    "cactus": _cactus,
    "animal": _animal,
    "figure": _figure,
    "flowers": _flowers,
}
FLYING: dict[str, Motif] = {"balloon": _balloon, "birds": _birds, "rocket": _rocket, "planet": _planet}
FLOATING: dict[str, Motif] = {"boat": _boat}

"""A landscape from a plan: sky, layers of land or water from far to near, and what stands on them."""

from __future__ import annotations

from engines.sketch import outlines
from engines.sketch.canvas import Canvas, Line
from engines.sketch.cast import asked
from engines.sketch.colour import WHITE, Colour, mix
from engines.sketch.motifs import FLOATING, FLYING, STANDING
from engines.sketch.noise import Dice
from engines.sketch.plan import Plan
from engines.sketch.sky import paint_sky

_WOODED = frozenset({"forest", "autumn", "snow", "dusk", "storm"})
_BARREN = frozenset({"space", "ember"})
_MOUNTAIN_WORDS = frozenset({"mountain", "alps", "peak", "cliff", "volcano"})
_CITY_WORDS = frozenset({"city", "skyline", "cyberpunk", "skyscraper", "street", "town", "building"})
_WATER_WORDS = frozenset(
    {"sea", "ocean", "lake", "river", "beach", "boat", "ship", "lighthouse", "wave", "harbor", "island"}
)


def compose(canvas: Canvas, plan: Plan) -> None:
    """Paint the whole scene."""
    horizon = canvas.height * plan.theme.fork("horizon").roll(50, 64) // 100
    paint_sky(canvas, plan, horizon)
    motifs = asked(plan.words, plan.theme.fork("motifs"))
    for name in motifs:
        if name in FLYING:
            _fly(canvas, plan, name, horizon)
    count = 4 + min(3, plan.steps // 30)
    wet = plan.mood == "sea" or _says(plan, _WATER_WORDS) or "boat" in motifs
    for place in range(count):
        _layer(canvas, plan, motifs, place, count, horizon, wet)


def _layer(
    canvas: Canvas, plan: Plan, motifs: tuple[str, ...], place: int, count: int, horizon: int, wet: bool
) -> None:
    """One layer and what stands on it; ``place`` counts from the farthest, 0."""
    share = place * 64 // (count - 1)
    base = horizon + (canvas.height - horizon) * (place * 2 + 1) // (count * 2)
    tone = mix(plan.palette.far, plan.palette.near, share)
    water = wet and 0 < place < count - 1
    line = _line(canvas, plan, place, count, base, water)
    stops = _tones(plan, tone, place, water)
    canvas.layer(line, stops, max(3, canvas.height // 56), 6 + share // 8)
    if _says(plan, _CITY_WORDS) and place < 2:
        _windows(canvas, plan, line, base)
    for name in motifs:
        if (name in FLOATING and place == count // 2 and water) or (name in STANDING and place == count - 2):
            _stand(canvas, plan, name, line, water)


def _tones(plan: Plan, tone: Colour, place: int, water: bool) -> tuple[Colour, ...]:
    """A layer is light where it begins and sinks into mist, or into deep water."""
    if water:
        return mix(tone, plan.palette.light, 22), tone, mix(tone, plan.palette.near, 20)
    if place == 0 and _mountainous(plan):
        return mix(tone, WHITE, 56), mix(tone, plan.palette.near, 10), mix(tone, plan.palette.low, 20)
    return mix(tone, plan.palette.light, 8), tone, mix(tone, plan.palette.low, 14)


def _line(canvas: Canvas, plan: Plan, place: int, count: int, base: int, water: bool) -> Line:
    width, height = canvas.width, canvas.height
    dice = (plan.theme if place == 0 else plan.touch).fork(f"line {place}")
    detail = min(4, plan.steps // 25)
    if water:
        return outlines.waves(dice, width, base, max(3, height * (1 + place) // 100))
    if place <= 1 and _says(plan, _CITY_WORDS):
        street = outlines.hills(dice, width, base, height // 30, plan.sampler, 0)
        return outlines.roofs(street, dice, height * (30 - 10 * place) // 100)
    if place <= 1 and _mountainous(plan):
        return outlines.peaks(dice, width, base, height * (30 - 10 * place) // 100, detail)
    if plan.mood == "desert":
        return outlines.dunes(dice, width, base, height * dice.roll(9, 17) // 100)
    line = outlines.hills(dice, width, base, height * dice.roll(8, 19) // 100, plan.sampler, detail)
    return _overgrown(line, plan, dice, place, count, height)


def _overgrown(line: Line, plan: Plan, dice: Dice, place: int, count: int, height: int) -> Line:
    tall = height * (5 + place * 2) // 100
    if plan.mood in _WOODED and place < count - 1:
        return outlines.pines(line, dice, 6 + 5 * (count - place), tall)
    if place in {1, 2} and plan.mood not in _BARREN:
        return outlines.bushes(line, dice, dice.roll(4, 12), tall * 2 // 3)
    return line


def _windows(canvas: Canvas, plan: Plan, line: Line, base: int) -> None:
    """Lit windows below the roofs."""
    dice = plan.touch.fork(f"windows {base}")
    count = canvas.width // 3
    xs, downs = dice.below(canvas.width - 2, count), dice.below(max(4, canvas.height // 5), count)
    ys = downs + 4 + line[xs].astype("int32")
    kept = (ys < min(base + 2, canvas.height - 2)) & (xs % 3 != 0)
    xs, ys = xs[kept] // 4 * 4, ys[kept] // 5 * 5
    for dy in (0, 1):
        canvas.planes[:, ys + dy, xs] = [[part] for part in mix(plan.palette.light, plan.palette.accent, 20)]


def _stand(canvas: Canvas, plan: Plan, name: str, line: Line, wet: bool) -> None:
    dice = plan.theme.fork(name)
    size = min(canvas.width, canvas.height) * dice.roll(24, 34) // 100
    x = canvas.width * dice.roll(18, 82) // 100
    if name in FLOATING:
        size = size * 3 // 5
    foot = int(line[x]) + size // 24
    if wet and name not in FLOATING:
        rock = mix(plan.palette.near, plan.palette.far, 16)
        canvas.ellipse(x, foot + size // 10, size * dice.roll(30, 55) // 100, size // 6, rock)
    (STANDING | FLOATING)[name](canvas, x, foot, size, plan.palette, dice)


def _fly(canvas: Canvas, plan: Plan, name: str, horizon: int) -> None:
    dice: Dice = plan.theme.fork(name)
    size = min(canvas.width, canvas.height) * dice.roll(18, 28) // 100
    x, y = canvas.width * dice.roll(20, 80) // 100, horizon * dice.roll(30, 60) // 100
    FLYING[name](canvas, x, y, size, plan.palette, dice)


def _mountainous(plan: Plan) -> bool:
    return plan.mood == "snow" or _says(plan, _MOUNTAIN_WORDS)


def _says(plan: Plan, known: frozenset[str]) -> bool:
    return any(plan.words.get(word, 0.0) > 0 for word in sorted(known))

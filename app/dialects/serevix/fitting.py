"""Pictures of any size brought to an engine that draws in some sizes, and back."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from engines.errors import SizeRefused
from engines.late import Late
from engines.sizes import SizeRule
from engines.types import Pixels

if TYPE_CHECKING:
    import numpy as np
    from PIL import Image
else:
    np, Image = Late("numpy"), Late("PIL.Image")

GRID = 64
LONGEST = 2048
"""No engine that draws takes longer sides."""
_SKEW = 3


def nearest(rule: SizeRule, width: int, height: int) -> tuple[int, int]:
    """The size nearest to this one that the rule allows: itself, if it does."""
    try:
        rule.check(width, height)
    except SizeRefused:
        return min(_drawable(rule), key=lambda size: _change(size[0] / width, size[1] / height))
    return width, height


def resized(pixels: Pixels, width: int, height: int) -> Pixels:
    """The picture in another size; in its own, the same picture."""
    if pixels.shape[:2] == (height, width):
        return pixels
    return np.array(Image.fromarray(pixels).resize((width, height), Image.Resampling.LANCZOS))


def _drawable(rule: SizeRule) -> tuple[tuple[int, int], ...]:
    sides = range(GRID, LONGEST + 1, GRID)
    return tuple((width, height) for width in sides for height in sides if _allows(rule, width, height))


def _change(across: float, down: float) -> float:
    """How much is changed by these factors of width and height: the scale, and three times as much the proportions."""
    across, down = math.log(across), math.log(down)
    return abs(across + down) / 2 + _SKEW * abs(across - down)


def _allows(rule: SizeRule, width: int, height: int) -> bool:
    try:
        rule.check(width, height)
    except SizeRefused:
        return False
    return True

"""What the service sells: its one model of pictures in sizes and steps of its own, and every price in credits."""

from __future__ import annotations

import dataclasses
from fractions import Fraction

from app.accounts.model import Allowance
from app.till import Sale
from engines.prices import MICRO, Flat
from engines.sizes import PixelRange
from engines.types import EngineCard, Steps

CONTRACT = "stativerse"
MODEL = "image"
ENGINES = {MODEL: "sd3-large-turbo"}
"""The engine behind the model of pictures unless the owner names another: distilled to few steps, as asked for here."""

GRID = 16
"""Sides are drawn in multiples of this: the transformer of Stable Diffusion 3 works in squares of 16 pixels."""
SHORTEST, LONGEST = 64, 2048
"""How long a side of what is drawn or edited may be, in pixels."""

DRAWN = Fraction(4)
"""Credits for a picture that is drawn."""
RETURNED = 1 * MICRO
"""Micro-credits for a picture that comes back without anything drawn into it."""
TEXT = MICRO // 10
"""Micro-credits for each input that is classified or compared."""

_SIZES = PixelRange(SHORTEST * SHORTEST, LONGEST * LONGEST, multiple=GRID, shortest=SHORTEST, longest=LONGEST)
_STEPS = Steps(default=8, minimum=1, maximum=150)


def sold(card: EngineCard) -> EngineCard:
    """The engine as it is sold here."""
    return dataclasses.replace(card, price=Flat(DRAWN), sizes=_SIZES, steps=_STEPS)


def returned(allowance: Allowance) -> Sale:
    """A picture that is only cropped, resized, cut out or written in another format."""
    return Sale(RETURNED, f"{CONTRACT}/{MODEL}", "image-processing", allowance=allowance)


def read(task: str, texts: int, allowance: Allowance) -> Sale:
    """So many texts, each scored against all choices."""
    return Sale(TEXT * texts, f"{CONTRACT}/{task}", task, texts, allowance)

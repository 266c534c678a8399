"""How long an answer is held back, in seconds."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.errors import BadField

MOST = 600.0
"""No answer is held back for longer, whatever was asked for."""


@dataclass(frozen=True, slots=True)
class Work:
    """What a request asks for: denoising ``steps``, ``pixels`` of one picture, and how many pictures."""

    steps: int = 0
    pixels: int = 0
    samples: int = 1


@dataclass(frozen=True, slots=True)
class Fixed:
    """Always the same."""

    duration: float

    def seconds(self, work: Work, dice: random.Random) -> float:
        """The duration, at most ``MOST``."""
        return min(self.duration, MOST)

    def plain(self) -> dict[str, Any]:
        """As the control API writes it."""
        return {"kind": "fixed", "seconds": self.duration}


@dataclass(frozen=True, slots=True)
class Lognormal:
    """Mostly near the median, seldom much longer, as answers over a network are; ``seed`` makes it repeatable."""

    median: float
    sigma: float
    seed: int = 0

    def seconds(self, work: Work, dice: random.Random) -> float:
        """One draw, at most ``MOST``."""
        exponent = min(self.sigma * dice.gauss(), 700.0)  # Beyond that the power of e is no number any more.
        return min(self.median * math.exp(exponent), MOST)

    def plain(self) -> dict[str, Any]:
        """As the control API writes it."""
        return {"kind": "lognormal", "median": self.median, "sigma": self.sigma, "seed": self.seed}


@dataclass(frozen=True, slots=True)
class Real:
    """About as long as a hosted service takes for the same work.

    Our own estimate, not a measurement: 0.1 s for an answer without pictures; else 0.6 s, and
    0.1 s for every million pixels of every step: 1.4 s for 512x512 and 3.7 s for 1024x1024 at 30 steps.
    """

    def seconds(self, work: Work, dice: random.Random) -> float:
        """The estimate, at most ``MOST``."""
        if not work.pixels:
            return 0.1
        return min(0.6 + 1e-7 * work.pixels * max(1, work.steps) * work.samples, MOST)

    def plain(self) -> dict[str, Any]:
        """As the control API writes it."""
        return {"kind": "real"}


Latency = Fixed | Lognormal | Real


def parse(fields: Mapping[str, Any]) -> Latency:
    """The latency that ``{"kind": …}`` describes. Raises ``BadField``."""
    match fields.get("kind"):
        case "fixed":
            return Fixed(_number(fields, "seconds", MOST))
        case "lognormal":
            return Lognormal(_number(fields, "median", MOST), _number(fields, "sigma", 10.0), _whole(fields, "seed"))
        case "real":
            return Real()
        case other:
            raise BadField("latency.kind", "enum", ["fixed", "lognormal", "real"], other)


def _number(fields: Mapping[str, Any], name: str, most: float) -> float:
    value = fields.get(name)
    if value is None:
        raise BadField(f"latency.{name}", "required")
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise BadField(f"latency.{name}", "type", ["number"], value)
    if not value >= 0:
        raise BadField(f"latency.{name}", "minimum", 0, value)
    if value > most:
        raise BadField(f"latency.{name}", "maximum", most, value)
    return float(value)


def _whole(fields: Mapping[str, Any], name: str) -> int:
    value = fields.get(name, 0)
    if isinstance(value, bool) or not isinstance(value, int):
        raise BadField(f"latency.{name}", "type", ["integer"], value)
    return value

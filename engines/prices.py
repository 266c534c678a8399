"""Price rules: what one picture of an engine costs, in whole micro-credits.

One credit is 1,000,000 micro-credits and 0.01 USD. The formulas are those the Stability service
published for its engines; they are computed as exact fractions and rounded half up once.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

MICRO = 1_000_000


class PriceRule(Protocol):
    """Says what one picture costs."""

    def per_picture(self, width: int, height: int, steps: int) -> int:
        """Micro-credits for one picture; for upscalers the size is that of the input."""
        ...


def _whole(credits: Fraction) -> int:
    return _rounded(credits.numerator, credits.denominator)


def _rounded(numerator: int, denominator: int) -> int:
    return (2 * MICRO * numerator + denominator) // (2 * denominator)


@dataclass(frozen=True, slots=True)
class PixelSteps:
    """By pixels and steps: ``100 * factor * (w*h - 169527) * steps / 30`` credits."""

    factor: Fraction

    def per_picture(self, width: int, height: int, steps: int) -> int:
        """Never below zero, however small the picture."""
        pixels = max(0, width * height - 169_527)
        # Every request is priced, and arithmetic with fractions takes ten times as long.
        return _rounded(100 * self.factor.numerator * pixels * steps, 30 * self.factor.denominator)


@dataclass(frozen=True, slots=True)
class StepCurve:
    """By steps only: listed prices for some numbers of steps, a quadratic for the others."""

    listed: tuple[tuple[int, Fraction], ...]
    constant: Fraction
    linear: Fraction
    quadratic: Fraction

    def per_picture(self, width: int, height: int, steps: int) -> int:
        """The listed price where there is one, else ``100 * (a + b*steps + c*steps^2)`` credits."""
        for count, credits in self.listed:
            if steps == count:
                return _whole(credits)
        return _whole(100 * (self.constant + self.linear * steps + self.quadratic * steps * steps))


@dataclass(frozen=True, slots=True)
class FlatUpToSteps:
    """A flat price up to a number of steps, then in proportion to the steps."""

    credits: Fraction
    steps: int = 30

    def per_picture(self, width: int, height: int, steps: int) -> int:
        """``credits``, times ``steps / self.steps`` beyond that many steps."""
        return _whole(self.credits * max(Fraction(1), Fraction(steps, self.steps)))


@dataclass(frozen=True, slots=True)
class Flat:
    """The same for every picture."""

    credits: Fraction

    def per_picture(self, width: int, height: int, steps: int) -> int:
        """Always ``credits``."""
        return _whole(self.credits)


@dataclass(frozen=True, slots=True)
class BySize:
    """One price for inputs up to a number of pixels, another above."""

    pixels: int
    small: Fraction
    large: Fraction

    def per_picture(self, width: int, height: int, steps: int) -> int:
        """``small`` up to and including ``pixels``, else ``large``."""
        return _whole(self.small if width * height <= self.pixels else self.large)

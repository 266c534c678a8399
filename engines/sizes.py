"""Size rules: which widths and heights an engine works with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from engines.errors import (
    OutsideBox,
    PixelsOutOfRange,
    SideOutOfRange,
    SizeNotListed,
    SizeNotMultiple,
)


class SizeRule(Protocol):
    """Says whether a picture of this size can be made."""

    def check(self, width: int, height: int) -> None:
        """Raise a ``SizeRefused`` if the engine cannot work in this size (pixels)."""
        ...


@dataclass(frozen=True, slots=True)
class PixelRange:
    """Sides in steps of ``multiple``, not too short, not too long, and a bounded number of pixels."""

    minimum: int
    maximum: int
    multiple: int = 64
    shortest: int = 128
    longest: int | None = None

    def check(self, width: int, height: int) -> None:
        """Refuse sides off the grid, then sides out of range, then too few or too many pixels."""
        if width % self.multiple or height % self.multiple:
            raise SizeNotMultiple(self.multiple, width, height)
        if min(width, height) < self.shortest or max(width, height) > (self.longest or max(width, height)):
            raise SideOutOfRange(self.shortest, self.longest, width, height)
        if not self.minimum <= width * height <= self.maximum:
            raise PixelsOutOfRange(self.minimum, self.maximum, width, height)


@dataclass(frozen=True, slots=True)
class Listed:
    """A short list of sizes, nothing else."""

    allowed: tuple[tuple[int, int], ...]

    def check(self, width: int, height: int) -> None:
        """Refuse every size that is not on the list."""
        if (width, height) not in self.allowed:
            raise SizeNotListed(self.allowed, width, height)


@dataclass(frozen=True, slots=True)
class Box:
    """At most one side longer than ``short``, and none longer than ``long``."""

    minimum: int = 128
    short: int = 512
    long: int = 896
    multiple: int = 64

    def check(self, width: int, height: int) -> None:
        """Refuse sides off the grid, then sizes that do not fit the box in either direction."""
        if width % self.multiple or height % self.multiple:
            raise SizeNotMultiple(self.multiple, width, height)
        smaller, larger = sorted((width, height))
        if smaller < self.minimum or smaller > self.short or larger > self.long:
            raise OutsideBox(self.minimum, self.short, self.long, width, height)


@dataclass(frozen=True, slots=True)
class UpscaleRange:
    """What an upscaler takes in and gives out, in pixels."""

    input_maximum: int
    output_maximum: int

    def check(self, width: int, height: int) -> None:
        """Refuse an output with too many pixels; the input is checked by ``check_input``."""
        if width * height > self.output_maximum:
            raise PixelsOutOfRange(1, self.output_maximum, width, height)

    def check_input(self, width: int, height: int) -> None:
        """Refuse an input with too many pixels."""
        if width * height > self.input_maximum:
            raise PixelsOutOfRange(1, self.input_maximum, width, height)

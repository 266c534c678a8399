"""Time as a world sees it: the real time, moved forward by hand."""

from __future__ import annotations

import time
from collections.abc import Callable

from app.errors import BadField

MOST = 10 * 365 * 86_400
"""Seconds by which a clock can be ahead: ten years, so that its time is always a date that programs can show."""


class Clock:
    """Goes as fast as the real clock, and ``offset`` seconds ahead of it."""

    def __init__(self, real: Callable[[], float] = time.time) -> None:
        self._real = real
        self.offset = 0.0

    def now(self) -> float:
        """Unix seconds in this world."""
        return self._real() + self.offset

    def advance(self, seconds: float) -> float:
        """Move forward and return the new time. Raises ``BadField`` for less than nothing or more than ten years."""
        if not seconds >= 0:
            raise BadField("advance", "minimum", 0, seconds)
        if seconds > MOST - self.offset:
            raise BadField("advance", "maximum", MOST - self.offset, seconds)
        self.offset += seconds
        return self.now()

    def reset(self) -> None:
        """Real time again."""
        self.offset = 0.0

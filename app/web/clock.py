"""A timer that is started and stopped by name."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Clock:
    """Calls ``ring`` once, some seconds after it was started, unless it is stopped before."""

    def __init__(self, loop: asyncio.AbstractEventLoop, ring: Callable[[], None]) -> None:
        self._loop = loop
        self._ring = ring
        self._timer: asyncio.TimerHandle | None = None

    @property
    def running(self) -> bool:
        """Whether it will ring."""
        return self._timer is not None

    def start(self, seconds: float) -> None:
        """Start it; one that is running already goes on as it is."""
        if self._timer is None:
            self._timer = self._loop.call_later(seconds, self._rung)

    def stop(self) -> None:
        """Keep it from ringing; it may be started again."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _rung(self) -> None:
        self._timer = None
        self._ring()

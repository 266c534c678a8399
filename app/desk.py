"""The queue in front of the workshop: how many generations run, how many wait, when to send away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from app.errors import Busy

RETRY_AFTER = 5


class Desk:
    """Lends ``places`` to generations at once and lets ``queue`` more wait in line."""

    def __init__(self, places: int, queue: int) -> None:
        self._places = places
        self._queue = queue
        self._free = asyncio.Semaphore(places)
        self._inside = 0

    @property
    def inside(self) -> int:
        """How many generations have a place or wait for one."""
        return self._inside

    @asynccontextmanager
    async def line(self) -> AsyncIterator[asyncio.Semaphore]:
        """Join the line; the semaphore inside is the place itself. Raises ``Busy`` when it is full."""
        if self._inside >= self._places + self._queue:
            raise Busy(RETRY_AFTER)
        self._inside += 1
        try:
            yield self._free
        finally:
            self._inside -= 1

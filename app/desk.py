"""The queue in front of the workshop: how many generations run, how many wait, when to send away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

from app.errors import Busy, TookTooLong

T = TypeVar("T")

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


async def in_time(place: asyncio.Semaphore, seconds: float, work: Callable[[], Awaitable[T]]) -> T:
    """What ``work`` gives, begun when the place is free; waiting counts. Raises ``TookTooLong``."""
    try:
        async with asyncio.timeout(seconds), place:
            return await work()
    except TimeoutError:
        raise TookTooLong(f"not finished within {seconds:g} seconds") from None

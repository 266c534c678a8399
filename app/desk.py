"""The queue in front of the workshop: how many generations run, how many wait, when to send away."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Self, TypeVar

from app.errors import Busy, TookTooLong

T = TypeVar("T")

RETRY_AFTER = 5


class Desk:
    """Lends ``places`` to generations at once and lets ``queue`` more wait in line."""

    def __init__(self, places: int, queue: int) -> None:
        self._most = places + queue
        self._free = asyncio.Semaphore(places)
        self._inside = 0

    @property
    def inside(self) -> int:
        """How many generations have a place or wait for one."""
        return self._inside

    def line(self) -> Turn:
        """Join the line, inside a ``with``. Raises ``Busy`` when it is full."""
        if self._inside >= self._most:
            raise Busy(RETRY_AFTER)
        self._inside += 1
        return Turn(self._free, self._leave)

    def _leave(self) -> None:
        self._inside -= 1


class Turn:
    """Somebody in the line; ``place`` is what he waits for."""

    def __init__(self, place: asyncio.Semaphore, leave: Callable[[], None]) -> None:
        self.place = place
        self._leave: Callable[[], None] | None = leave

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.leave()

    def leave(self) -> None:
        """Out of the line, if not before."""
        leave, self._leave = self._leave, None
        if leave is not None:
            leave()


async def in_time(place: asyncio.Semaphore, seconds: float, work: Callable[[], Awaitable[T]]) -> T:
    """What ``work`` gives, begun when the place is free; waiting counts. Raises ``TookTooLong``."""
    try:
        async with asyncio.timeout(seconds), place:
            return await work()
    except TimeoutError:
        raise TookTooLong(f"not finished within {seconds:g} seconds") from None

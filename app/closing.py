"""Closing charges for certain: not cut short by a client that hangs up, tried again when the store is away."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

from app.errors import StoreUnavailable

log = logging.getLogger("understudy.closing")

T = TypeVar("T")

PAUSE = 1.0


async def unbroken(work: Coroutine[Any, Any, T]) -> T:
    """Await ``work`` to its end even if we are cancelled meanwhile; the cancellation follows after it."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        if not task.cancelled():
            task.exception()
        raise


class Closing:
    """Settles and releases charges. What the store does not take now it is offered again until it does.

    A process that ends before that leaves the charge open, and the next start gives it back.
    """

    def __init__(self) -> None:
        self._later: set[asyncio.Task[None]] = set()

    async def close(self, step: Callable[[], Awaitable[None]]) -> None:
        """Do ``step``, a call that may be repeated; never raises ``StoreUnavailable``."""
        try:
            await step()
        except StoreUnavailable:
            log.warning("charge left open, trying again")
            task = asyncio.create_task(self._again(step))
            self._later.add(task)
            task.add_done_callback(self._later.discard)

    async def _again(self, step: Callable[[], Awaitable[None]]) -> None:
        while True:
            await asyncio.sleep(PAUSE)
            try:
                await step()
            except StoreUnavailable:
                continue
            return

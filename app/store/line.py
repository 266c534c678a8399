"""The line to Redis: scripts in one round trip, lost connections renewed, and failures under our own name."""

from __future__ import annotations

import asyncio
from typing import Any

import hiredis

from app.errors import StoreUnavailable
from app.store.dialing import dial_for
from app.store.scripts import script
from app.store.wire import Lost, NoScript, Refused, Wire

PAUSES = (0.0, 0.02, 0.04, 0.08, 0.16, 0.3)
"""Seconds before each further try after a lost connection; the first finds most servers that were restarted."""


class Line:
    """Calls scripts. A lost connection is tried again, which is safe because every script may be repeated.

    ``patience`` bounds a whole call in seconds, all tries included.
    """

    def __init__(self, url: str, patience: float) -> None:
        self._patience = patience
        self._dial = dial_for(url, patience)
        self._wire: Wire | None = None
        self._opening: asyncio.Task[Wire] | None = None

    async def run(
        self, name: str, *arguments: str | bytes | int
    ) -> Any:  # redis-py does not know what a script answers
        """What the script ``name`` answers. Raises ``StoreUnavailable``."""
        wanted = script(name)
        try:
            return await self.ask("EVALSHA", wanted.digest, 0, *arguments)
        except NoScript:  # a fresh or restarted server
            return await self.ask("EVAL", wanted.source, 0, *arguments)

    async def ask(self, *command: str | bytes | int) -> Any:  # the answer's type depends on the command
        """What Redis answers to any command. Raises ``StoreUnavailable``."""
        packed = hiredis.pack_command(command)  # type: ignore[arg-type]  # its stub means a tuple of one
        end = asyncio.get_running_loop().time() + self._patience
        try:
            if self._wire is not None and not self._wire.lost:
                try:
                    return await self._answer(self._wire, packed, end)
                except Lost:
                    pass
            return await self._again(packed, end)
        except NoScript:
            raise
        except (Refused, Lost, OSError) as error:
            raise StoreUnavailable(str(error) or type(error).__name__) from error

    async def close(self) -> None:
        """Close the connection; questions on their way are given up."""
        if self._opening is not None:
            self._opening.cancel()
            await asyncio.wait([self._opening])
        if self._wire is not None:
            await self._wire.close()

    async def _answer(self, wire: Wire, packed: bytes, end: float) -> Any:
        """Ask once, and wait until ``end``."""
        answer = wire.ask(packed)
        clock = asyncio.get_running_loop().call_at(end, wire.give_up, answer, end - self._patience)
        try:
            return await answer
        finally:
            clock.cancel()

    async def _again(self, packed: bytes, end: float) -> Any:
        """Ask on a new connection, or on the one that somebody else opened, until there is an answer."""
        problem: Exception = Lost()
        try:
            async with asyncio.timeout_at(end):
                for pause in PAUSES:
                    await asyncio.sleep(pause)
                    try:
                        return await self._answer(await self._opened(), packed, end)
                    except (Lost, OSError) as lost:
                        problem = lost
        except TimeoutError:
            problem = TimeoutError(f"no answer within {self._patience:g} seconds")
        raise problem

    async def _opened(self) -> Wire:
        """The connection, which one caller opens for all."""
        if self._wire is None or self._wire.lost:
            if self._opening is None:
                self._opening = asyncio.create_task(self._open())
                self._opening.add_done_callback(_heard)
            return await asyncio.shield(self._opening)
        return self._wire

    async def _open(self) -> Wire:
        try:
            if self._wire is not None:
                await self._wire.close()
            self._wire = await self._dial()
            return self._wire
        finally:
            self._opening = None


def _heard(opening: asyncio.Task[Wire]) -> None:
    """Whoever waited for it may have gone away, and its failure with them."""
    if not opening.cancelled():
        opening.exception()

"""The line to Redis: scripts in one round trip, lost connections renewed, and failures under our own name."""

from __future__ import annotations

import asyncio
from typing import Any

import hiredis
from redis.asyncio import ConnectionPool
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as ConnectionLost
from redis.exceptions import NoScriptError, RedisError
from redis.exceptions import TimeoutError as TooSlow

from app.errors import StoreUnavailable
from app.settings import BadSetting
from app.store.scripts import script
from app.store.wire import Wire

PAUSES = (0.0, 0.02, 0.04, 0.08, 0.16, 0.3)
"""Seconds before each further try after a lost connection; the first finds most servers that were restarted."""


class Line:
    """Calls scripts. A lost connection is tried again, which is safe because every script may be repeated.

    ``patience`` bounds a whole call in seconds, all tries included.
    """

    def __init__(self, url: str, patience: float) -> None:
        self._patience = patience
        try:
            self._pool: ConnectionPool = ConnectionPool.from_url(
                url, socket_timeout=None, socket_connect_timeout=patience, retry=Retry(NoBackoff(), 0), protocol=2
            )
            self._connection()  # An address may be of the right form and yet be none.
        except ValueError:
            # The address is not repeated: it may hold a password.
            raise BadSetting("REDIS_URL: use redis://host:6379/0, rediss://host:6379/0 or unix:///path") from None
        self._wire: Wire | None = None
        self._opening: asyncio.Task[Wire] | None = None

    async def run(
        self, name: str, *arguments: str | bytes | int
    ) -> Any:  # redis-py does not know what a script answers
        """What the script ``name`` answers. Raises ``StoreUnavailable``."""
        wanted = script(name)
        try:
            return await self.ask("EVALSHA", wanted.digest, 0, *arguments)
        except NoScriptError:  # a fresh or restarted server
            return await self.ask("EVAL", wanted.source, 0, *arguments)

    async def ask(self, *command: str | bytes | int) -> Any:  # the answer's type depends on the command
        """What Redis answers to any command. Raises ``StoreUnavailable``."""
        packed = hiredis.pack_command(command)  # type: ignore[arg-type]  # its stub means a tuple of one
        end = asyncio.get_running_loop().time() + self._patience
        try:
            if self._wire is not None and not self._wire.lost:
                try:
                    return await self._answer(self._wire, packed, end)
                except ConnectionLost:
                    pass
            return await self._again(packed, end)
        except NoScriptError:
            raise
        except (RedisError, OSError) as error:
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
        problem: Exception = ConnectionLost()
        try:
            async with asyncio.timeout_at(end):
                for pause in PAUSES:
                    await asyncio.sleep(pause)
                    try:
                        return await self._answer(await self._opened(), packed, end)
                    except (ConnectionLost, TooSlow, OSError) as lost:
                        problem = lost
        except TimeoutError:
            problem = TooSlow(f"no answer within {self._patience:g} seconds")
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
            self._wire = await Wire.open(self._connection())
            return self._wire
        finally:
            self._opening = None

    def _connection(self) -> AbstractConnection:
        made: AbstractConnection = self._pool.make_connection()  # type: ignore[no-untyped-call]
        return made


def _heard(opening: asyncio.Task[Wire]) -> None:
    """Whoever waited for it may have gone away, and its failure with them."""
    if not opening.cancelled():
        opening.exception()

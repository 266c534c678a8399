"""The line to Redis: what is asked at the same moment travels together, and failures bear our own name."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any

from redis.asyncio import ConnectionPool
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as ConnectionLost
from redis.exceptions import NoScriptError, RedisError, ResponseError
from redis.exceptions import TimeoutError as TooSlow

from app.errors import StoreUnavailable
from app.settings import BadSetting
from app.store.scripts import script

CONNECTIONS = 4
"""So many trips at once; a server that does one thing at a time is not faster for more."""

LOAD = 256
"""The most questions of one trip."""

PAUSES = (0.0, 0.02, 0.04, 0.08, 0.16, 0.3)
"""Seconds before each further try after a lost connection; the first finds most servers that were restarted."""


class Line:
    """Calls scripts. A lost connection is tried again, which is safe because every script may be repeated.

    All questions that come up in one turn of the event loop go out in one piece, and so do those that come
    up while every connection is on its way. ``patience`` bounds each of them in seconds, all tries included.
    """

    def __init__(self, url: str, patience: float) -> None:
        self._patience = patience
        try:
            self._pool: ConnectionPool = ConnectionPool.from_url(
                url,
                socket_timeout=None,  # A whole trip has one clock instead.
                socket_connect_timeout=patience,
                retry=Retry(NoBackoff(), 0),
                protocol=2,
                decode_responses=True,
            )
            self._packer = self._connection()
        except ValueError:
            # The address is not repeated: it may hold a password.
            raise BadSetting("REDIS_URL: use redis://host:6379/0, rediss://host:6379/0 or unix:///path") from None
        self._idle: list[AbstractConnection] = []
        self._trips: set[asyncio.Task[None]] = set()
        self._under_way = 0
        self._waiting: list[_Question] = []

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
        loop = asyncio.get_running_loop()
        question = _Question(self._packer.pack_command(*command), loop.create_future())
        self._waiting.append(question)
        if self._under_way < CONNECTIONS:
            self._under_way += 1
            trip = loop.create_task(self._travel())
            self._trips.add(trip)
            trip.add_done_callback(self._trips.discard)
        clock = loop.call_later(self._patience, question.fail, TooSlow(f"no answer within {self._patience:g} seconds"))
        try:
            return await question.answer
        except NoScriptError:
            raise
        except (RedisError, OSError) as error:  # TimeoutError is an OSError
            raise StoreUnavailable(str(error) or type(error).__name__) from error
        finally:
            clock.cancel()

    async def close(self) -> None:
        """Close every connection; questions on their way are given up."""
        for trip in self._trips:
            trip.cancel()
        await asyncio.gather(*self._trips, return_exceptions=True)
        for connection in self._idle:
            await connection.disconnect()

    def _connection(self) -> AbstractConnection:
        """Another connection, which is made when it is first used, and again when it was lost."""
        made: AbstractConnection = self._pool.make_connection()  # type: ignore[no-untyped-call]
        return made

    async def _travel(self) -> None:
        """Carry what waits until nothing does."""
        connection = self._idle.pop() if self._idle else self._connection()
        try:
            while self._waiting:
                load, self._waiting = self._waiting[:LOAD], self._waiting[LOAD:]
                await self._carry(connection, load)
        finally:
            self._idle.append(connection)
            self._under_way -= 1

    async def _carry(self, connection: AbstractConnection, load: list[_Question]) -> None:
        """One trip, tried again with what is left of it after a lost connection."""
        problem: Exception = ConnectionLost()
        for pause in (None, *PAUSES):
            if pause is not None:
                await asyncio.sleep(pause)
            load = [one for one in load if not one.answer.done()]
            try:
                async with asyncio.timeout(self._patience):
                    await _exchange(connection, load)
            except (RedisError, OSError) as lost:
                problem = lost
                await connection.disconnect(nowait=True)
            else:
                return
        for one in load:
            one.fail(problem)


class _Question:
    """A command as bytes, and who waits for its answer."""

    def __init__(self, packed: Iterable[bytes], answer: asyncio.Future[Any]) -> None:
        self.packed = packed
        self.answer = answer

    def fail(self, problem: Exception) -> None:
        """Let it wait no longer, unless it does not anyway."""
        if not self.answer.done():
            self.answer.set_exception(problem)


async def _exchange(connection: AbstractConnection, load: Sequence[_Question]) -> None:
    """Send all questions and read as many answers; what Redis refuses is the answer to that question alone."""
    await connection.send_packed_command(list(chain.from_iterable(one.packed for one in load)), check_health=False)
    for one in load:
        try:
            found = await connection.read_response()
        except ResponseError as refusal:
            one.fail(refusal)
        else:
            if not one.answer.done():
                one.answer.set_result(found)

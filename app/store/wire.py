"""One connection to Redis on which everybody's questions follow one another, and so do the answers."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any, cast

import hiredis
from redis.asyncio.connection import AbstractConnection
from redis.exceptions import BusyLoadingError, NoScriptError, RedisError, ResponseError
from redis.exceptions import ConnectionError as ConnectionLost
from redis.exceptions import TimeoutError as TooSlow

KINDS: dict[str, type[RedisError]] = {"NOSCRIPT": NoScriptError, "LOADING": BusyLoadingError}
"""Refusals that are worth another try, by their first word."""


class Wire(asyncio.Protocol):
    """Sends what is asked in one turn of the event loop in one piece; Redis answers in the order of the questions."""

    def __init__(self, connection: AbstractConnection, transport: asyncio.Transport) -> None:
        self._connection = connection
        self._transport = transport
        self._loop = asyncio.get_running_loop()
        self._reader = hiredis.Reader(encoding="utf-8", errors="replace", replyError=_refusal)
        self._heard = self._loop.time()
        self._unsent: list[bytes] = []
        self._asked: deque[asyncio.Future[Any]] = deque()
        self._lost = self._loop.create_future()

    @classmethod
    async def open(cls, connection: AbstractConnection) -> Wire:
        """Let redis-py connect, with all that an address may ask for, and take its place. Raises as it does."""
        await connection.connect()  # type: ignore[no-untyped-call]
        writer = cast("asyncio.StreamWriter", connection._writer)
        transport = cast("asyncio.Transport", writer.transport)
        wire = cls(connection, transport)
        transport.set_protocol(wire)
        return wire

    @property
    def lost(self) -> bool:
        """Whether it can be used no more."""
        return self._lost.done() or self._transport.is_closing()

    def ask(self, packed: bytes) -> asyncio.Future[Any]:
        """The answer to come; fails with ``ResponseError``, or with ``ConnectionLost`` when nobody knows it."""
        answer = self._loop.create_future()
        if not self._unsent:
            self._loop.call_soon(self._send)
        self._unsent.append(packed)
        self._asked.append(answer)
        return answer

    def give_up(self, answer: asyncio.Future[Any], since: float) -> None:
        """Let nobody wait for this answer; a server that has said nothing at all ``since`` then hangs: cut it off."""
        if not answer.done():
            answer.set_exception(TooSlow("no answer in time"))
        if self._heard < since:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        """Hand out answers; whoever waits no longer gets none."""
        self._heard = self._loop.time()
        self._reader.feed(data)
        try:
            while (found := self._reader.gets()) is not False:
                answer = self._asked.popleft()
                if answer.done():
                    continue
                if isinstance(found, Exception):
                    answer.set_exception(found)
                else:
                    answer.set_result(found)
        except (hiredis.HiredisError, IndexError):  # what is at the other end does not speak Redis
            self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nobody will be answered any more."""
        self._lost.set_result(None)
        while self._asked:
            answer = self._asked.popleft()
            if not answer.done():
                answer.set_exception(ConnectionLost(str(exc or "the connection was closed")))

    async def close(self) -> None:
        """Close it and wait until it is."""
        await self._connection.disconnect(nowait=True)
        await self._lost

    def _send(self) -> None:
        unsent, self._unsent = self._unsent, []
        if not self.lost:
            self._transport.write(b"".join(unsent))


def _refusal(text: str) -> RedisError:
    """An error answer of Redis as redis-py names it."""
    kind = KINDS.get(text.partition(" ")[0], ResponseError)
    return kind(text)

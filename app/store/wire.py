"""One connection to Redis on which everybody's questions follow one another, and so do the answers."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any

import hiredis


class Refused(Exception):
    """Redis answered, but not what it was asked."""


class NoScript(Refused):
    """Redis does not know the script."""


class Lost(Exception):
    """The connection went away before the answer came, or the server is not ready to answer yet."""


KINDS: dict[str, type[Exception]] = {"NOSCRIPT": NoScript, "LOADING": Lost}
"""Refusals that are worth another try, by their first word."""


class Wire(asyncio.Protocol):
    """Sends what is asked in one turn of the event loop in one piece; Redis answers in the order of the questions.

    ``opener`` is kept for as long as the connection is needed: what opened it may close it when it goes.
    """

    def __init__(self, opener: object = None) -> None:
        self._opener = opener
        self._loop = asyncio.get_running_loop()
        self._reader = hiredis.Reader(encoding="utf-8", errors="replace", replyError=_refusal)
        self._heard = self._loop.time()
        self._unsent: list[bytes] = []
        self._asked: deque[asyncio.Future[Any]] = deque()
        self._end = self._loop.create_future()
        self._transport: asyncio.Transport | None = None

    @property
    def lost(self) -> bool:
        """Whether it can be used no more, or not yet."""
        return self._transport is None or self._transport.is_closing()

    def ask(self, packed: bytes) -> asyncio.Future[Any]:
        """The answer to come; fails with ``Refused``, or with ``Lost`` when nobody knows it."""
        answer = self._loop.create_future()
        if not self._unsent:
            self._loop.call_soon(self._send)
        self._unsent.append(packed)
        self._asked.append(answer)
        return answer

    def give_up(self, answer: asyncio.Future[Any], since: float) -> None:
        """Let nobody wait for this answer; a server that has said nothing at all ``since`` then hangs: cut it off."""
        if not answer.done():
            answer.set_exception(TimeoutError("no answer in time"))
        if self._heard < since:
            self.cut()

    def cut(self) -> None:
        """Close it at once; whoever waits hears of it."""
        if self._transport is not None:
            self._transport.abort()

    async def close(self) -> None:
        """Close it and wait until it is."""
        if self._transport is not None:
            self._transport.abort()
            await self._end

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ready."""
        self._transport = transport  # type: ignore[assignment]  # sockets have transports that read and write

    def data_received(self, data: bytes) -> None:
        """Hand out answers; whoever waits no longer gets none."""
        self._heard = self._loop.time()
        self._reader.feed(data)
        try:
            while (found := self._reader.gets()) is not False:
                _answer(self._asked.popleft(), found)
        except (hiredis.HiredisError, IndexError):  # what is at the other end does not speak Redis
            self.cut()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nobody will be answered any more."""
        self._end.set_result(None)
        while self._asked:
            _answer(self._asked.popleft(), Lost(str(exc or "the connection was closed")))

    def _send(self) -> None:
        unsent, self._unsent = self._unsent, []
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(b"".join(unsent))


def _answer(waiting: asyncio.Future[Any], found: Any) -> None:
    if waiting.done():
        return
    if isinstance(found, Exception):
        waiting.set_exception(found)
    else:
        waiting.set_result(found)


def _refusal(text: str) -> Exception:
    """An error answer of Redis."""
    return KINDS.get(text.partition(" ")[0], Refused)(text)

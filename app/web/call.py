"""One request on its way through the counter, and the one way to answer it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any

from app.accounts.model import Caller
from app.web.answer import Answer
from app.web.body import Body, ClientGone

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
"""ASGI's send."""

Prove = Callable[[], Awaitable[None]]
"""Makes sure that the caller still may call. Raises what turns callers away."""

CONNECTION = "connection"
"""The key in ASGI's connection state under which the protocol keeps the ``Connection``."""

TRANSPORT = "transport"
"""The key under which it keeps the connection itself, for who has to break it."""


@dataclass(frozen=True, slots=True)
class Connection:
    """What the protocol tells of the connection: whether it is on its way down, and whom it calls when it is lost."""

    gone: Callable[[], bool]
    hangups: set[Callable[[], None]]

    @classmethod
    def of(cls, scope: Mapping[str, Any]) -> Connection:
        """That of a request; one that never goes where there is no socket."""
        found: Connection | None = scope.get("state", {}).get(CONNECTION)
        return found or cls(lambda: False, set())


class Call:
    """What a handler gets: who calls, with what, and ``reply`` to answer.

    ``reply`` returns once the operating system has taken every byte of the answer, and raises
    ``ClientGone`` if the other side hung up before that: what a caller pays for has then not been
    delivered. While a handler runs, a client that hangs up cancels it.
    """

    def __init__(
        self,
        headers: Mapping[str, str],
        path: Mapping[str, str],
        query: Mapping[str, Any],
        caller: Caller | None,
        body: Body | None,
        send: Send,
        connection: Connection,
        prove: Prove | None = None,
    ) -> None:
        self.headers = headers
        self.path = path
        self.query = query
        self.connection = connection
        self.lost = False
        self.answered = False
        self._caller = caller
        self._body = body
        self._send = send
        self._prove = prove

    @property
    def caller(self) -> Caller:
        """Who calls; only operations with security have one."""
        if self._caller is None:
            raise LookupError("this operation is declared without security")
        return self._caller

    @property
    def body(self) -> Body:
        """The validated body; only operations with a request body have one."""
        if self._body is None:
            raise LookupError("this operation is declared without a request body")
        return self._body

    async def reply(self, answer: Answer) -> None:
        """Send the whole answer. Raises ``ClientGone`` if it could not be delivered."""
        if self._prove:
            await self._prove()
        await self._send({"type": "http.response.start", "status": answer.status, "headers": answer.raw_headers()})
        await self._send({"type": "http.response.body", "body": answer.body, "more_body": True})
        # An empty piece waits until the pieces before it have left our buffers.
        await self._send({"type": "http.response.body", "body": b"", "more_body": True})
        if self.lost or self.connection.gone():
            raise ClientGone
        self.answered = True
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    def hang_up(self, task: asyncio.Task[Any]) -> None:
        """The client hung up: cancel ``task``, which handles this call, unless it is answered."""
        if not self.answered:
            self.lost = True
            task.cancel()

"""Faults of the network, played on the real connection: what no dialect could word."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import MutableMapping
from contextlib import suppress
from typing import Any

from app.testing.request import Incoming
from app.web.answer import Answer
from app.web.body import ClientGone, Receive
from app.web.call import Send
from app.web.operation import ASGIApp, Scope
from app.worlds.outcomes import Outcome

PATIENCE = 600.0
"""Seconds for which a request that times out is left without an answer."""

MISSING = 64
"""Bytes that a wrong Content-Length promises and that never come."""

UNAVAILABLE = Answer(
    503,
    b"upstream connect error or disconnect/reset before headers. reset reason: connection termination",
    "text/plain",
    (("Server", "envoy"),),
)
"""What the proxy in front of the service says when it finds nobody behind it."""

SILENT = frozenset({Outcome.TIMEOUT, Outcome.CONNECTION_RESET, Outcome.EMPTY_REPLY})
"""Faults without a single byte."""

SPOILT = frozenset({Outcome.TRUNCATED_PICTURE, Outcome.WRONG_CONTENT_LENGTH})
"""Faults of an answer that was meant well."""

NO_LINGER = struct.pack("ii", 1, 0)


def reset(transport: asyncio.Transport) -> None:
    """End the connection so that the other side sees it reset instead of closed."""
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
    transport.abort()


async def left(receive: Receive) -> None:
    """Return when the client has hung up; what it still sends is thrown away."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def stays(receive: Receive, seconds: float, transport: asyncio.Transport) -> bool:
    """Wait, and whether the client is still there afterwards; returns as soon as it is not.

    A server that stops lets go of everybody who waits.
    """
    try:
        async with asyncio.timeout(seconds):
            await left(receive)
    except TimeoutError:
        return True
    except asyncio.CancelledError:
        transport.abort()
        await left(receive)
    return False


async def fall_silent(fault: Outcome, transport: asyncio.Transport, receive: Receive) -> None:
    """Play a fault that leaves the client without a single byte."""
    if fault is Outcome.TIMEOUT:
        await stays(receive, PATIENCE, transport)
    if fault is Outcome.CONNECTION_RESET:
        reset(transport)
    else:
        transport.close()
    await left(receive)


async def be_unavailable(send: Send) -> None:
    """Answer as the proxy does."""
    answer = UNAVAILABLE
    await send({"type": "http.response.start", "status": answer.status, "headers": answer.raw_headers()})
    await send({"type": "http.response.body", "body": answer.body, "more_body": False})


class Spoiling:
    """ASGI's send that breaks the one answer it is given.

    Whoever sends the answer is told that the client has gone, and so gives back what it costs before the
    connection is closed. A truncated picture needs one: other answers than 200 pass as they are.
    """

    def __init__(self, send: Send, transport: asyncio.Transport, fault: Outcome) -> None:
        self._send = send
        self._transport = transport
        self._fault = fault
        self._whole = False
        self._broken = False

    async def answer(self, app: ASGIApp, scope: Scope, receive: Incoming) -> None:
        """Let ``app`` answer, then hang up and stay until the connection is down."""
        with suppress(ClientGone):
            await app(scope, receive, self)
        if self._broken:
            self._transport.close()
            await left(receive.later)

    async def __call__(self, message: MutableMapping[str, Any]) -> None:
        """Pass on the header, with or without a lie, and what is to come of the body."""
        if message["type"] == "http.response.start":
            await self._start(message)
        elif self._whole:
            await self._send(message)
        else:
            body = message.get("body", b"")
            piece = body[: len(body) // 2] if self._fault is Outcome.TRUNCATED_PICTURE else body
            await self._send({"type": "http.response.body", "body": piece, "more_body": True})
            self._broken = True
            raise ClientGone

    async def _start(self, message: MutableMapping[str, Any]) -> None:
        self._whole = self._fault is Outcome.TRUNCATED_PICTURE and message["status"] != 200
        if self._fault is Outcome.WRONG_CONTENT_LENGTH:
            message = {**message, "headers": [_too_long(*header) for header in message["headers"]]}
        await self._send(message)


def _too_long(name: bytes, value: bytes) -> tuple[bytes, bytes]:
    return (name, b"%d" % (int(value) + MISSING)) if name.lower() == b"content-length" else (name, value)

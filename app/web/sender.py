"""ASGI's send for one request at the socket: the header leaves together with the first piece of the body.

uvicorn writes them one after the other, which for every answer are two system calls and often two packets.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from uvicorn.protocols.http.httptools_impl import HEADER_VALUE_RE, STATUS_LINE, RequestResponseCycle

JOINED_BYTES = 16_384
"""Pieces up to here are copied behind the header; a larger one costs more to copy than to write by itself."""

END: Any = {"type": "http.response.body", "body": b"", "more_body": False}
"""What ends an answer."""


class Sender:
    """Sends the usual kind of answer itself, and leaves every other to uvicorn's ``cycle``."""

    def __init__(self, cycle: RequestResponseCycle) -> None:
        self._cycle = cycle
        self._start: Any = None

    async def __call__(self, message: Any) -> None:
        """Send, but wait first until the socket has taken what was sent before."""
        cycle = self._cycle
        if cycle.flow.write_paused and not cycle.disconnected:
            await cycle.flow.drain()
        if message["type"] == "http.response.start" and not cycle.response_started:
            self._start = message
            return
        start, self._start = self._start, None
        if start is None:
            if message.get("body") or not message.get("more_body"):
                await cycle.send(message)
        elif not await self._begin(start, message):
            await cycle.send(start)
            await cycle.send(message)

    async def _begin(self, start: Any, message: Any) -> bool:
        """Send header and first piece, if the answer is of the usual kind: of a known length, on a connection kept."""
        cycle, body = self._cycle, message.get("body", b"")
        headers: Sequence[tuple[bytes, bytes]] = [*cycle.default_headers, *start["headers"]]
        length = next((int(value) for name, value in headers if name == b"content-length"), -1)
        block = b"".join([b"%b: %b\r\n" % pair for pair in headers])
        if length < len(body) or self._unusual() or b"connection: " in block:
            return False
        if HEADER_VALUE_RE.search(b"".join([value for _, value in headers])):
            return False
        cycle.response_started = True
        cycle.waiting_for_100_continue = False
        cycle.chunked_encoding = False
        cycle.expected_content_length = length - len(body)
        head = b"".join((STATUS_LINE[start["status"]], block, b"\r\n"))
        if len(body) <= JOINED_BYTES:
            cycle.transport.write(head + body)
        else:
            cycle.transport.writelines((head, body))
        if not message.get("more_body"):
            await cycle.send(END)
        return True

    def _unusual(self) -> bool:
        cycle = self._cycle
        return cycle.disconnected or not cycle.keep_alive or cycle.scope["method"] == "HEAD"

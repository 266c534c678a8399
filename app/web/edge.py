"""The HTTP/1.1 protocol at the socket: what uvicorn does, with limits before there is a request.

uvicorn reads headers of any length for any time and answers what it cannot parse in plain text. Here a
header block is bounded in bytes and seconds, and every refusal is worded by the dialect of its path.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, cast

import httptools
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from app.errors import BadRequestLine, CounterError, HeaderTooLarge, HeaderTooSlow
from app.web.call import CONNECTION, TRANSPORT, Connection
from app.web.clock import Clock
from app.web.front import Front
from app.web.sender import Sender

LEFTOVER_BYTES = 64_000_000
"""How much of a refused body is read and thrown away before the connection is cut; clients that send
first and read later would otherwise see a reset instead of their answer."""

PIECE_BYTES = 8192
"""How much the parser is given at once, and so the most that an unfinished header can exceed its limit by."""

BODY_PIECE_BYTES = 262_144
"""The same within a body, where only trailers and chunk extensions can be unfinished."""

TARGET = re.compile(rb"(?:[^ \r\n]* )?(?:https?://[^/ ]*)?(/[^ ?\r\n]*)")
"""The path in a request line, or in what stands where its path should."""


class Edge(HttpToolsProtocol):
    """One connection of the application, a ``Front``, whose limits it goes by."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._front = cast("Front", self.app)
        self._header_bytes = 0
        self._unreported = 0
        self._leftover = 0
        self._refusal: CounterError | None = None
        self._running: RequestResponseCycle | None = None
        self._in_body = False
        self._hangups: set[Callable[[], None]] = set()
        self._piece = self._last_url = self.url = b""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the clock for the first request; hand over bytes only when the socket has taken them."""
        super().connection_made(transport)
        transport.set_write_buffer_limits(high=0)
        self._connection = Connection(transport.is_closing, self._hangups)
        self._header_clock = Clock(self.loop, self._too_slow)
        self._answer_clock = Clock(self.loop, transport.abort)
        self._leftover_clock = Clock(self.loop, transport.close)
        self._header_clock.start(self._front.limits.header_seconds)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the clocks, and tell the request being answered: uvicorn forgets it when others wait behind it."""
        self._header_clock.stop()
        self._answer_clock.stop()
        self._leftover_clock.stop()
        if self._running is not None and not self._running.response_complete:
            self._running.disconnected = True
            self._running.message_event.set()
        for hangup in tuple(self._hangups):
            hangup()
        super().connection_lost(exc)  # It wakes who is writing, who must know by then that nobody reads.

    def on_message_begin(self) -> None:
        """A request begins: count anew."""
        super().on_message_begin()
        self.scope["state"] |= {CONNECTION: self._connection, TRANSPORT: self.transport}
        self._header_bytes = 0
        self._unreported = 0
        self._leftover = 0
        self._leftover_clock.stop()
        self._header_clock.start(self._front.limits.header_seconds)

    def on_url(self, url: bytes) -> None:
        """Count the request line."""
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Count a header."""
        self._count(len(name) + len(value) + 4)
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The request can be answered; the clock for its header stops."""
        self._header_clock.stop()
        self._unreported = 0
        self._in_body = True
        self._last_url = self.url
        if not self._offered():
            super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The request is complete, unless it is about to be read again."""
        self._in_body = False
        self._leftover_clock.stop()
        if not self._offered():
            super().on_message_complete()

    def on_body(self, body: bytes) -> None:
        """Pass the body on, or throw it away when its request is already answered, up to a point."""
        self._unreported = 0
        if self.cycle.response_complete:
            self._throw_away(body)
        if self.cycle.body or self.cycle.response_complete:
            super().on_body(body)
        else:  # The same without a copy.
            super().on_body(b"")
            self.cycle.body = body  # type: ignore[assignment]  # only ever added to and taken whole
            if len(body) > HIGH_WATER_LIMIT:
                self.flow.pause_reading()

    def pause_writing(self) -> None:
        """The socket did not take all of an answer: its time begins."""
        super().pause_writing()
        self._answer_clock.start(self._front.limits.answer_seconds)

    def resume_writing(self) -> None:
        """The socket took all there was."""
        self._answer_clock.stop()
        super().resume_writing()

    def data_received(self, data: bytes) -> None:
        """Also bound what the parser keeps to itself until it is complete: headers, trailers, chunk extensions."""
        rest = memoryview(data)
        while rest:
            piece = rest[: BODY_PIECE_BYTES if self._in_body else PIECE_BYTES]
            self._piece = b"" if self._in_body else bytes(piece)
            rest = rest[len(piece) :]
            self._unreported += len(piece)
            self._feed(piece)
            if self._unreported > self._front.limits.header_bytes:
                self._refuse(HeaderTooLarge(self._front.limits.header_bytes))
            if self.transport.is_closing():
                return

    def send_400_response(self, msg: str) -> None:
        """Answer what cannot be parsed, unless an answer is already on its way on this connection."""
        self._refuse(self._refusal or BadRequestLine(msg))

    def _feed(self, data: bytes | memoryview) -> None:
        self._unset_keepalive_if_required()
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as offer:
            if self._offered():
                self._read_again(data[offer.args[0] :])
        except httptools.HttpParserError as problem:
            self.send_400_response(str(problem))

    def _offered(self) -> bool:
        """Whether the request at hand offers another protocol besides HTTP/1.1.

        Java's client offers HTTP/2 with every request. A server may pass over that, but the parser takes
        the body for the other protocol's first bytes.
        """
        return bool(self.parser.should_upgrade()) and self.parser.get_method() != b"CONNECT"

    def _read_again(self, rest: bytes | memoryview) -> None:
        """Give the request to a new parser, without the offer; ``rest`` is what came after its header."""
        version = self.parser.get_http_version().encode()
        lines = [b"%b %b HTTP/%b" % (self.parser.get_method(), self.url, version)]
        lines += [b"%b: %b" % (name, value) for name, value in self.headers if name != b"upgrade"]
        self.parser = httptools.HttpRequestParser(self)
        self._feed(b"\r\n".join([*lines, b"", rest]))

    def _count(self, size: int) -> None:
        self._header_bytes += size
        if self._header_bytes > self._front.limits.header_bytes:
            self._refusal = HeaderTooLarge(self._front.limits.header_bytes)
            raise self._refusal

    def _throw_away(self, body: bytes) -> None:
        self._leftover += len(body)
        if self._leftover > LEFTOVER_BYTES:
            self.transport.close()
        self._leftover_clock.start(self._front.limits.body_seconds)

    def _too_slow(self) -> None:
        if self.url:
            self._refuse(HeaderTooSlow(f"not received within {self._front.limits.header_seconds:g} seconds"))
        else:
            self.transport.close()

    def _refuse(self, error: CounterError) -> None:
        if self.transport.is_closing():
            return
        if self.cycle is not None and self.cycle.response_started and not self.cycle.response_complete:
            self.cycle.keep_alive = False
            return
        answer = self._front.word(self._path(), error)
        phrase = HTTPStatus(answer.status).phrase
        lines = [f"HTTP/1.1 {answer.status} {phrase}".encode()]
        lines += [name + b": " + value for name, value in answer.raw_headers()]
        self.transport.write(b"\r\n".join([*lines, b"connection: close", b"", answer.body]))
        self.transport.close()

    def _path(self) -> str:
        """The path asked for: told by the parser, else read off the bytes it gave up at, else the last one here."""
        found = (TARGET.match(url) for url in (self.url, self._piece, self._last_url))
        return next((match[1] for match in found if match), b"/").decode("latin-1")

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._running = cycle
        sender = Sender(cycle)

        async def answered(scope: Any, receive: Any, _: Any) -> None:
            await app(scope, receive, sender)

        super()._start_asgi_task(cycle, answered)

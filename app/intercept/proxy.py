"""The proxy: attends to each connection, lets requests to the intercepted hosts through, and refuses all others.

It connects to nothing but the Understudy that it was given, whatever a client asks for.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import ssl
from dataclasses import dataclass

from app.intercept.answers import (
    ESTABLISHED,
    NobodyThere,
    NotOurs,
    Refusal,
    TooLarge,
    TooSlow,
    Unreadable,
    refuse,
)
from app.intercept.head import Gone, Head, HeadTooLarge, NotHttp, begins_with_tls, normal, read_head
from app.intercept.relay import CHUNK, Stream, relay
from app.intercept.upstream import Upstream

log = logging.getLogger("understudy.intercept")

PAUSE = 0.1
"""Seconds to wait when the system has no connection to give."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one client may cost; once a request is let through, Understudy's own limits hold as well."""

    connections: int = 256
    head_bytes: int = 16_384
    head_seconds: float = 10.0
    handshake_seconds: float = 10.0
    connect_seconds: float = 10.0
    write_seconds: float = 120.0


class Proxy:
    """Diverts ``hosts`` (in small letters) to ``upstream``; ``context`` holds the certificate to show."""

    def __init__(
        self, hosts: frozenset[str], upstream: Upstream, context: ssl.SSLContext, limits: Limits | None = None
    ) -> None:
        self._hosts = hosts
        self._upstream = upstream
        self._context = context
        self._limits = limits or Limits()
        context.sni_callback = self._named

    async def serve(self, listener: socket.socket) -> None:
        """Attend to every client until cancelled, which ends all connections."""
        listener.setblocking(False)
        slots = asyncio.Semaphore(self._limits.connections)
        running: set[asyncio.Task[None]] = set()

        def over(task: asyncio.Task[None]) -> None:
            running.discard(task)
            slots.release()

        try:
            while True:
                await slots.acquire()
                task = asyncio.create_task(self._attend(await _accept(listener)))
                running.add(task)
                task.add_done_callback(over)
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)

    async def _attend(self, sock: socket.socket) -> None:
        with sock, contextlib.suppress(Gone, OSError):
            try:
                await self._let_through(sock)
            except Refusal as refusal:
                log.warning("refused", extra={"facts": {"reason": str(refusal)}})
                await refuse(sock, refusal)

    async def _let_through(self, sock: socket.socket) -> None:
        """Everything up to the end of the connection. Raises ``Refusal`` before anything was let through."""
        async with asyncio.timeout(self._limits.head_seconds):
            tls = await begins_with_tls(sock)
        if tls:
            await self._connect(await self._welcome(sock, self._context))
            return
        head = await self._head(sock)
        if head.tunnels:
            await asyncio.get_running_loop().sock_sendall(sock, ESTABLISHED)
            await self._connect(await self._welcome(sock, self._context))
        else:
            await self._connect(await self._welcome(sock, None), head.for_the_server())

    async def _head(self, sock: socket.socket) -> Head:
        """The head of a request that may pass. Raises ``Refusal``."""
        limits = self._limits
        try:
            async with asyncio.timeout(limits.head_seconds):
                head = await read_head(sock, limits.head_bytes)
            target = head.target()
        except TimeoutError:
            raise TooSlow(f"The header was not received within {limits.head_seconds:g} seconds.") from None
        except HeadTooLarge:
            raise TooLarge(f"The header is longer than {limits.head_bytes} bytes.") from None
        except NotHttp as problem:
            raise Unreadable(str(problem)) from None
        if target.host not in self._hosts or not target.has_the_usual_port:
            raise NotOurs(target, self._hosts)
        return head

    async def _welcome(self, sock: socket.socket, context: ssl.SSLContext | None) -> Stream:
        """The client as a stream, after the handshake of TLS if there is a ``context``. Raises ``OSError``."""
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(limit=CHUNK)
        protocol = asyncio.StreamReaderProtocol(reader)
        patience = self._limits.handshake_seconds if context else None
        try:
            transport, _ = await loop.connect_accepted_socket(
                lambda: protocol, sock, ssl=context, ssl_handshake_timeout=patience
            )
        except OSError as problem:
            log.warning("handshake failed", extra={"facts": {"reason": _reason(problem)}})
            raise
        return Stream(reader, asyncio.StreamWriter(transport, protocol, reader, loop))

    async def _connect(self, client: Stream, first: bytes = b"") -> None:
        """Connect a client with Understudy, which gets ``first`` before what the client sends."""
        try:
            server = await self._server()
            if server is None:
                await self._apologize(client)
                return
            server.writer.write(first)
            await relay(client, server, self._limits.write_seconds)
        finally:
            client.leave()

    async def _server(self) -> Stream | None:
        try:
            async with asyncio.timeout(self._limits.connect_seconds):
                return Stream(*await self._upstream.open())
        except OSError:
            return None

    async def _apologize(self, client: Stream) -> None:
        """Answer in Understudy's place, once the client has asked for something."""
        refusal = NobodyThere(f"Understudy does not answer at {self._upstream}.")
        log.error("understudy does not answer", extra={"facts": {"address": str(self._upstream)}})
        async with asyncio.timeout(self._limits.head_seconds):
            await client.reader.read(CHUNK)
            client.writer.write(refusal.answer())
            await client.finish()

    def _named(self, _: object, name: str | None, __: object) -> int | None:
        """Refuse a client of TLS that wants another host; one that names none can only mean ours."""
        if name is None or normal(name) in self._hosts:
            return None
        log.warning("refused", extra={"facts": {"reason": f"TLS for {name}, which is not intercepted"}})
        return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME


async def _accept(listener: socket.socket) -> socket.socket:
    """The next client, as soon as the system has a descriptor for it."""
    while True:
        try:
            return (await asyncio.get_running_loop().sock_accept(listener))[0]
        except OSError as problem:
            log.error("cannot accept a connection", extra={"facts": {"reason": str(problem)}})  # noqa: TRY400
            await asyncio.sleep(PAUSE)


def _reason(problem: OSError) -> str:
    """Why there is no TLS, in words; clients that do not know our authority say so by an alert."""
    reason = str(getattr(problem, "reason", None) or problem)
    if "ALERT" in reason and ("CERTIFICATE" in reason or "CA" in reason.split("_")):
        return f"{reason}: the client does not trust our certificate, see `understudy intercept --env`"
    return reason

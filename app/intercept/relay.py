"""Carries bytes both ways, unread: bodies, streams, keep-alive and faults stay what the server makes of them."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from dataclasses import dataclass

CHUNK = 65_536
AT_ONCE = struct.pack("ii", 1, 0)
"""SO_LINGER on, for no time: closing sends a reset instead of a farewell."""


class Reset(Exception):
    """Whoever was read from broke the connection off, instead of ending it."""


@dataclass(frozen=True, slots=True)
class Stream:
    """One end of a connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    def leave(self) -> None:
        """End it at once; what the other side has not taken yet is lost."""
        self.writer.transport.abort()

    def reset(self) -> None:
        """End it as a peer that crashes does."""
        sock = self.writer.get_extra_info("socket")
        with contextlib.suppress(OSError):  # The socket may be gone by now.
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
        self.leave()

    async def finish(self) -> None:
        """End it after everything was sent, with the farewell of TLS."""
        self.writer.close()
        with contextlib.suppress(OSError):
            await self.writer.wait_closed()


async def relay(client: Stream, server: Stream, patience: float) -> None:
    """Carry until one side ends, then end the other in the same way.

    A client that leaves ends the server's connection at once, so that work which nobody waits for any
    more is dropped. Whoever takes no bytes for ``patience`` seconds counts as gone.
    """
    upward = asyncio.create_task(_carry(client.reader, server.writer, patience))
    downward = asyncio.create_task(_carry(server.reader, client.writer, patience))
    try:
        await asyncio.wait({upward, downward}, return_when=asyncio.FIRST_COMPLETED)
        if upward.done() and isinstance(upward.exception(), OSError):
            # The server takes no more. It may still have an answer on its way, such as a refusal.
            await asyncio.wait({downward})
        if downward.done():
            await _end(client, downward.exception())
    finally:
        upward.cancel()
        downward.cancel()
        server.leave()
        client.leave()
        await asyncio.gather(upward, downward, return_exceptions=True)


async def _carry(source: asyncio.StreamReader, sink: asyncio.StreamWriter, patience: float) -> None:
    """Until the source ends. Raises ``Reset`` if it breaks, and ``OSError`` if the sink does."""
    while data := await _read(source):
        sink.write(data)
        async with asyncio.timeout(patience):
            await sink.drain()


async def _read(source: asyncio.StreamReader) -> bytes:
    try:
        return await source.read(CHUNK)
    except OSError as problem:
        raise Reset from problem


async def _end(client: Stream, broken: BaseException | None) -> None:
    if broken is None:
        await client.finish()
    elif isinstance(broken, Reset):
        client.reset()

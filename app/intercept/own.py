"""An Understudy of our own in a process of its own, for when none is named."""

from __future__ import annotations

import asyncio
import contextlib
import re
import signal
import sys
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

LISTENS = re.compile(rb"listens on (https?://\S+)")
START_SECONDS = 30.0
STOP_SECONDS = 15.0
"""More than the server takes for requests that are still running."""


class UnderstudyEnded(Exception):
    """Our own Understudy did not start, or ended by itself; it has said why on standard error."""


class OwnUnderstudy:
    """``understudy serve`` with ``options``; every line that it prints goes to ``echo``."""

    def __init__(self, options: Sequence[str], echo: Callable[[str], None]) -> None:
        self._options = options
        self._echo = echo
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None

    async def start(self) -> str:
        """Start it on a free port of this machine; its address, once it answers. Raises ``UnderstudyEnded``."""
        url: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        # In a session of its own Ctrl-C at the terminal reaches us alone, and we end it.
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "understudy", "serve", "--end-with-parent"),
            *("--host", "127.0.0.1", "--port", "0", *self._options),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
        self._reading = asyncio.create_task(self._read(self._process, url))
        try:
            async with asyncio.timeout(START_SECONDS):
                await _answer(await url)
                return await url
        except (TimeoutError, ConnectionError):
            raise UnderstudyEnded(f"Understudy did not start within {START_SECONDS:g} seconds") from None

    async def fail_at_its_end(self) -> None:
        """Wait until it ends. Raises ``UnderstudyEnded``."""
        if self._process is None:
            raise RuntimeError("not started")
        raise UnderstudyEnded(f"Understudy has ended with status {await self._process.wait()}")

    async def stop(self) -> None:
        """End it in good order, by force when that takes too long; safe where it was never started."""
        if self._process is None or self._reading is None:
            return
        self._echo = _nothing  # Its farewell would be a second one.
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
        await self._reading

    async def _read(self, process: asyncio.subprocess.Process, url: asyncio.Future[str]) -> None:
        output = process.stdout
        if output is None:
            raise RuntimeError("the output is not a pipe")
        while line := await output.readline():
            self._echo(line.decode(errors="replace").rstrip("\n"))
            found = LISTENS.search(line)
            if found and not url.done():
                url.set_result(found[1].decode())
        if not url.done():
            url.set_exception(UnderstudyEnded("Understudy did not start; it said why above"))


async def _answer(url: str) -> None:
    """Wait for an answer, whatever it is: the address is printed a moment before requests are attended to."""
    address = urlsplit(url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    try:
        writer.write(f"GET /readyz HTTP/1.1\r\nHost: {address.netloc}\r\nConnection: close\r\n\r\n".encode())
        await reader.read(1)
    finally:
        writer.transport.abort()


def _nothing(_line: str) -> None:
    """Where lines go that nobody needs."""

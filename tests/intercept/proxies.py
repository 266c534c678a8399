"""Proxies to test, as a command or as a thread, and servers that only pretend."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from app.intercept.cabinet import Cabinet
from app.intercept.proxy import Limits, Proxy
from app.intercept.session import context
from app.intercept.upstream import Upstream
from tests.running import PATIENCE, ROOT

HOST = "api.stability.ai"
SHUT_OUT = ("_proxy", "_PROXY", "SSL_CERT", "_CA_", "PIP_CERT")
"""Parts of the names of variables that would lead clients elsewhere, or make them trust somebody else."""


def bare_environment() -> dict[str, str]:
    """The environment without anything that concerns proxies, certificates or Understudy."""
    ours = ("UNDERSTUDY_", "REDIS_URL", "HOST", "PORT")
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(ours) and not any(part in name for part in SHUT_OUT)
    }


class Command:
    """``understudy intercept`` on a free port."""

    def __init__(self, home: Path, *options: str, port: str = "0", **env: str) -> None:
        self.home = home
        self._log = home.with_suffix(".intercept.log")
        with self._log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "understudy", "intercept", "--port", port, *options],
                cwd=ROOT,
                env={**bare_environment(), "UNDERSTUDY_HOME": str(home), **env},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def output(self) -> str:
        """Everything it has printed and logged so far."""
        return self._log.read_text()

    def start(self) -> Command:
        """Wait until it serves."""
        end = time.monotonic() + PATIENCE
        while "NODE_USE_ENV_PROXY" not in self.output():
            if self.process.poll() is not None or time.monotonic() > end:
                raise AssertionError(f"the proxy did not start:\n{self.output()}")
            time.sleep(0.01)
        return self

    @property
    def env(self) -> dict[str, str]:
        """A client's environment: nothing of ours but the variables that were printed."""
        printed = dict(re.findall(r"^export (\w+)=(.*)$", self.output(), re.MULTILINE))
        return {**bare_environment(), **printed}

    @property
    def address(self) -> tuple[str, int]:
        """Where the proxy listens."""
        found = re.search(r"^Proxy: http://([\d.]+):(\d+)$", self.output(), re.MULTILINE)
        assert found is not None
        return found[1], int(found[2])

    def stop(self, number: int = signal.SIGINT) -> int:
        """Send a signal and wait; the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(PATIENCE)


class InThread:
    """The bare proxy for ``HOST``, in a thread, with limits of one's own."""

    def __init__(self, upstream: str, cabinet: Cabinet, limits: Limits) -> None:
        self.cabinet = cabinet
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address: tuple[str, int] = self._listener.getsockname()
        hosts = frozenset({HOST})
        self._proxy = Proxy(hosts, Upstream.parse(upstream, hosts), context(cabinet), limits)
        self._loop = asyncio.new_event_loop()
        self._work = self._loop.create_task(self._proxy.serve(self._listener))
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def __enter__(self) -> InThread:
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._work.cancel)
        self._thread.join(PATIENCE)
        self._listener.close()
        assert not self._thread.is_alive()

    def dial(self) -> socket.socket:
        """A connection to it."""
        return socket.create_connection(self.address, timeout=PATIENCE)

    def tunnel(self, host: str = HOST) -> ssl.SSLSocket:
        """TLS with ``host`` through a tunnel, trusting our authority alone."""
        sock = self.dial()
        sock.sendall(f"CONNECT {host}:443 HTTP/1.1\r\nHost: {host}:443\r\n\r\n".encode())
        answer = until(sock, b"\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 200 "), answer
        return self.secure(sock, host)

    def secure(self, sock: socket.socket, host: str = HOST) -> ssl.SSLSocket:
        """TLS on a connection, trusting our authority alone; an end without its farewell is an error."""
        trusting = ssl.create_default_context(cafile=str(self.cabinet.ca))
        trusting.set_alpn_protocols(["h2", "http/1.1"])
        return trusting.wrap_socket(sock, server_hostname=host, suppress_ragged_eofs=False)

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self._work)
        except asyncio.CancelledError:
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        finally:
            self._loop.close()


class Pretence:
    """A server that does with each connection what a test says, and notes what it has read."""

    def __init__(self, behave: Callable[[socket.socket, Pretence], None]) -> None:
        self.received = bytearray()
        self.connections = 0
        self.broken = threading.Event()
        """Set when a client has left."""
        self._behave = behave
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def __enter__(self) -> Pretence:
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(PATIENCE)
            assert not thread.is_alive()
        self._listener.close()

    def read(self, sock: socket.socket, size: int) -> bytes:
        """Read exactly that much, less only where the connection ends."""
        got = bytearray()
        while len(got) < size and (more := sock.recv(min(65_536, size - len(got)))):
            got += more
        self.received += got
        return bytes(got)

    def wait_for_the_end(self, sock: socket.socket) -> None:
        """Read until the other side leaves, in whatever way."""
        try:
            while more := sock.recv(65_536):
                self.received += more
        except ConnectionError:
            pass
        self.broken.set()

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            sock.settimeout(PATIENCE)
            thread = threading.Thread(target=self._attend, args=[sock])
            self._threads.append(thread)
            thread.start()

    def _attend(self, sock: socket.socket) -> None:
        with sock:
            self._behave(sock, self)


def until(sock: socket.socket, mark: bytes) -> bytes:
    """Read up to and with ``mark``, or to the end."""
    got = bytearray()
    while not got.endswith(mark) and (more := sock.recv(1)):
        got += more
    return bytes(got)


def everything(sock: socket.socket) -> bytes:
    """Read to the end."""
    got = bytearray()
    while more := sock.recv(65_536):
        got += more
    return bytes(got)

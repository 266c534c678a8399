"""Hosts that serve byte for byte what a test wants, over real sockets, and the fetcher that asks them."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import pytest
import uvloop

from app.errors import FetchFailed, FetchRefused
from app.fetching.fetcher import Fetcher
from tests.running import PATIENCE

PICTURE = b"\x89PNG not really"

Serve = Callable[[socket.socket, bytes], None]
"""What a host does with a connection, given the head of the request."""


@dataclass
class Host:
    """A host on a free port of 127.0.0.1; ``heads`` are the requests that it got."""

    serve: Serve
    tls: ssl.SSLContext | None = None
    heads: list[bytes] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        """Its address, without a slash at its end."""
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    def answer(self, connection: socket.socket) -> None:
        """Serve one connection; that the other side hangs up is no matter."""
        with suppress(OSError), connection:
            connection.settimeout(PATIENCE)
            secured = self.tls.wrap_socket(connection, server_side=True) if self.tls else connection
            with secured:
                head = b""
                while b"\r\n\r\n" not in head and not head.startswith(b"\x16"):  # nor if it is TLS
                    if not (more := secured.recv(65_536)):
                        return
                    head += more
                self.heads.append(head)
                self.serve(secured, head)


@contextmanager
def host(serve: Serve | bytes, tls: ssl.SSLContext | None = None, family: int = socket.AF_INET) -> Iterator[Host]:
    """Run a host that answers with these bytes, or as it is told."""
    made = Host(serve if callable(serve) else lambda connection, _: connection.sendall(serve), tls)
    address = ("127.0.0.1" if family == socket.AF_INET else "::1", 0)
    listener = socket.create_server(address, family=socket.AddressFamily(family))
    made.port = listener.getsockname()[1]
    threads: list[threading.Thread] = []

    def accept() -> None:
        while True:
            connection, _ = listener.accept()
            if over.is_set():
                connection.close()
                return
            threads.append(threading.Thread(target=made.answer, args=(connection,)))
            threads[-1].start()

    over = threading.Event()
    accepting = threading.Thread(target=accept)
    accepting.start()
    try:
        yield made
    finally:
        over.set()
        socket.create_connection(listener.getsockname()[:2], PATIENCE).close()
        accepting.join(PATIENCE)
        for thread in threads:
            thread.join(PATIENCE)
        listener.close()


def ok(body: bytes = PICTURE, *headers: str) -> bytes:
    """An answer of status 200."""
    return "\r\n".join(["HTTP/1.1 200 OK", f"Content-Length: {len(body)}", *headers, "", ""]).encode() + body


def moved(location: str, status: int = 302) -> bytes:
    """A redirect."""
    return f"HTTP/1.1 {status} Moved\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode()


def by_path(**answers: bytes) -> Serve:
    """Answers by what stands behind the first slash."""
    return lambda connection, head: connection.sendall(answers[head.split()[1].decode()[1:]])


class Names:
    """A resolver that says of every name what it is told to; answers in turn, the last one again and again."""

    def __init__(self, *answers: Sequence[str] | Exception) -> None:
        self._answers = list(answers)
        self.asked: list[tuple[str, int]] = []

    async def __call__(self, name: str, port: int) -> Sequence[str]:
        """The addresses of ``name``."""
        self.asked.append((name, port))
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


def neighbour(most_bytes: int = 1000, seconds: float = PATIENCE, **further: object) -> Fetcher:
    """A fetcher that may ask this computer."""
    return Fetcher(True, most_bytes, seconds, **further)  # type: ignore[arg-type]


def stranger(**further: object) -> Fetcher:
    """A fetcher as it is without settings: public addresses only."""
    return Fetcher(False, 1000, PATIENCE, **further)  # type: ignore[arg-type]


def fetched(fetcher: Fetcher, url: str) -> bytes:
    """What it brings, on the loop that the server runs on."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(fetcher.fetch(url))


def refused(fetcher: Fetcher, url: str) -> str:
    """Why it does not ask, or does not take the answer."""
    with pytest.raises(FetchRefused) as refusal:
        fetched(fetcher, url)
    assert not url or url not in str(refusal.value)
    return refusal.value.reason


def failed(fetcher: Fetcher, url: str) -> str:
    """Why there was no answer."""
    with pytest.raises(FetchFailed) as failure:
        fetched(fetcher, url)
    assert url not in str(failure.value)
    return failure.value.reason

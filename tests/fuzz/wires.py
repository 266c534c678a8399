"""Bytes to a server and back over a bare socket: nothing is corrected on the way, nothing waits for ever."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

HARD_STOP = 20.0
"""Seconds after which a connection that is still open counts as hanging."""
PIECE = 262_144


@dataclass(frozen=True)
class Reply:
    """One answer as it came; ``complete`` says whether its whole body arrived."""

    status: int
    headers: dict[str, str]
    body: bytes
    complete: bool


@dataclass(frozen=True)
class Exchange:
    """Everything that came back on one connection; a ``hung`` one was still open at the hard stop."""

    replies: tuple[Reply, ...]
    rest: bytes
    hung: bool


def exchange(url: str, wire: bytes, *, give_up: bool = False, seconds: float = HARD_STOP) -> Exchange:
    """Send ``wire`` and read until the server closes.

    Our side of the connection is closed after the first whole answer, or at once if ``give_up``: the
    server then knows that no more is coming.
    """
    method = wire[:5].upper()
    end = time.monotonic() + seconds
    received = bytearray()
    with connection(url, seconds) as sock:
        with contextlib.suppress(ConnectionError):
            sock.sendall(wire)
        told = give_up
        if told:
            _no_more(sock)
        while time.monotonic() < end:
            try:
                piece = sock.recv(PIECE)
            except TimeoutError:
                break
            except ConnectionError:
                piece = b""
            received += piece
            if not piece:
                replies, rest = parse(bytes(received), head=method == b"HEAD ")
                return Exchange(replies, rest, hung=False)
            if not told and _has_whole(bytes(received), method == b"HEAD "):
                told = True
                _no_more(sock)
    replies, rest = parse(bytes(received), head=method == b"HEAD ")
    return Exchange(replies, rest, hung=True)


@contextlib.contextmanager
def connection(url: str, seconds: float = HARD_STOP) -> Iterator[socket.socket]:
    """An open connection to a server; every wait on it ends after ``seconds``."""
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname or "", parts.port or 80), timeout=seconds) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield sock


def read_reply(sock: socket.socket) -> Reply | None:
    """The next whole answer on a connection; nothing if it is closed before that."""
    received = b""
    with contextlib.suppress(ConnectionError):
        while piece := sock.recv(PIECE):
            received += piece
            if _has_whole(received, head=False):
                break
    replies, _ = parse(received, head=False)
    return next((reply for reply in replies if reply.complete), None)


def parse(data: bytes, *, head: bool) -> tuple[tuple[Reply, ...], bytes]:
    """The answers in ``data`` and what is left behind them. Interim answers (1xx) are dropped."""
    replies = []
    while b"\r\n\r\n" in data:
        block, _, data = data.partition(b"\r\n\r\n")
        status_line, *lines = block.decode("latin-1").split("\r\n")
        status = int(status_line.split(" ")[1])
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        if status < 200:
            continue
        length = 0 if head or status in {204, 304} else int(headers.get("content-length", "0"))
        replies.append(Reply(status, headers, data[:length], len(data) >= length))
        data = data[length:]
    return tuple(replies), data


def _has_whole(data: bytes, head: bool) -> bool:
    replies, _ = parse(data, head=head)
    return bool(replies) and replies[0].complete


def _no_more(sock: socket.socket) -> None:
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_WR)

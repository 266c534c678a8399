"""HTTP as bytes: requests written by hand, sent over a bare socket, answers taken apart again."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from typing import BinaryIO, cast
from urllib.parse import urlsplit

BOUNDARY = "----wire0boundary"
PATIENCE = 30.0


@dataclass(frozen=True)
class Answer:
    """One answer; header names are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


class Connection:
    """One TCP connection to the server."""

    def __init__(self, url: str, receive_buffer: int | None = None) -> None:
        parts = urlsplit(url)
        self._socket = socket.socket()
        if receive_buffer:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self._socket.settimeout(PATIENCE)
        self._socket.connect((parts.hostname, parts.port))
        self._file = cast("BinaryIO", self._socket.makefile("rb"))

    def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        self._socket.sendall(data)

    def line(self) -> bytes:
        """The next line of the answer, without its end."""
        return self._file.readline().rstrip(b"\r\n")

    def answer(self) -> Answer:
        """The next complete answer."""
        status = int(self.line().split()[1])
        headers: dict[str, str] = {}
        while line := self.line():
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.lower()] = value.strip()
        return Answer(status, headers, self._file.read(int(headers.get("content-length", 0))))

    def ended(self) -> bool:
        """Whether the server has closed the connection; waits for its next word."""
        return self._file.read(1) == b""

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self._socket.close()


def exchange(url: str, data: bytes) -> Answer:
    """Send bytes on a connection of their own and read one answer."""
    with Connection(url) as connection:
        connection.send(data)
        return connection.answer()


def request(method: str, path: str, *headers: str, body: bytes = b"", length: bool = True) -> bytes:
    """One request with exactly these headers, besides ``Host`` and (if ``length``) ``Content-Length``."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", *headers]
    if length and (body or method == "POST"):
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def chunked(body: bytes, size: int = 4096) -> bytes:
    """A body in pieces, as senders without ``Content-Length`` write it."""
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


def part(name: str, value: str | bytes, *headers: str, filename: str | None = None) -> bytes:
    """One part of a form: no filename and no Content-Type unless asked for."""
    disposition = f'Content-Disposition: form-data; name="{name}"'
    if filename is not None:
        disposition += f'; filename="{filename}"'
    head = "\r\n".join([f"--{BOUNDARY}", disposition, *headers, "", ""])
    return head.encode() + (value.encode() if isinstance(value, str) else value) + b"\r\n"


def form(*parts: bytes) -> bytes:
    """Parts as a complete body."""
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


FORM_TYPE = f"multipart/form-data; boundary={BOUNDARY}"

"""What the proxy itself says, to clients that may not or cannot be let through."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterable
from http import HTTPStatus

from app.intercept.head import Target

ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"
LINGER_BYTES = 1_000_000
LINGER_SECONDS = 1.0


class Refusal(Exception):
    """An answer of our own, after which the connection ends; the message is its text."""

    status = HTTPStatus.BAD_REQUEST

    def answer(self) -> bytes:
        """As it goes out."""
        body = f"{self}\n".encode()
        return (
            f"HTTP/1.1 {self.status} {self.status.phrase}\r\n"
            "Content-Type: text/plain; charset=utf-8\r\n"
            f"Content-Length: {len(body)}\r\n"
            "Connection: close\r\n\r\n"
        ).encode() + body


class NotOurs(Refusal):
    """Another host than those that are intercepted, or another port."""

    status = HTTPStatus.FORBIDDEN

    def __init__(self, target: Target, hosts: Iterable[str]) -> None:
        super().__init__(
            f"This is the proxy of `understudy intercept`. It takes requests to {', '.join(sorted(hosts))} and no "
            f"others; nothing was sent to {target}."
        )
        self.target = target


class Unreadable(Refusal):
    """No request of HTTP/1, and no TLS."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"The proxy of `understudy intercept` cannot read this request: {reason}.")


class TooSlow(Refusal):
    """The head took too long."""

    status = HTTPStatus.REQUEST_TIMEOUT


class TooLarge(Refusal):
    """The head is too long."""

    status = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE


class NobodyThere(Refusal):
    """Understudy does not answer."""

    status = HTTPStatus.BAD_GATEWAY


async def refuse(sock: socket.socket, refusal: Refusal) -> None:
    """Send the answer, and take in what is still on its way: a client that is sending would see a reset instead."""
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(LINGER_SECONDS):
        await loop.sock_sendall(sock, refusal.answer())
        sock.shutdown(socket.SHUT_WR)
        left = LINGER_BYTES
        while left > 0 and (more := await loop.sock_recv(sock, 65_536)):
            left -= len(more)

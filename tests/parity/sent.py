"""A request as data, and how an ASGI application is asked it: in process, without a socket."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, replace
from typing import Any, Self
from urllib.parse import unquote

import requests

ASGIApp = Callable[..., Awaitable[None]]


@dataclass(frozen=True)
class Sent:
    """One request as the server behind the socket sees it: ``target`` is the path as written, and the query."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    @property
    def path(self) -> str:
        """The path, unescaped."""
        return unquote(self.target.partition("?")[0])

    @property
    def query(self) -> str:
        """What stands behind the question mark."""
        return self.target.partition("?")[2]

    def header(self, name: str) -> str | None:
        """The first header of this name."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    def with_header(self, name: str, value: str | None) -> Self:
        """The same with this header in place of all of its name, or without any."""
        others = tuple(pair for pair in self.headers if pair[0].lower() != name.lower())
        return replace(self, headers=others if value is None else (*others, (name, value)))

    def with_body(self, body: bytes, media: str | None) -> Self:
        """The same with another body and its length."""
        told = self.with_header("Content-Type", media).with_header("Transfer-Encoding", None)
        return replace(told.with_header("Content-Length", str(len(body))), body=body)


def of(prepared: requests.PreparedRequest) -> Sent:
    """What the library ``requests`` is about to send."""
    body = prepared.body.encode() if isinstance(prepared.body, str) else prepared.body or b""
    headers = tuple((_text(name), _text(value)) for name, value in prepared.headers.items())
    return Sent(str(prepared.method), prepared.path_url, headers, body)


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value


async def ask(app: ASGIApp, sent: Sent) -> tuple[int, bytes]:
    """Status and body of the application's answer; nobody hangs up."""
    whole = [{"type": "http.request", "body": sent.body, "more_body": False}]
    answer: list[MutableMapping[str, Any]] = []

    async def receive() -> MutableMapping[str, Any]:
        if not whole:
            await asyncio.Event().wait()
        return whole.pop()

    async def send(message: MutableMapping[str, Any]) -> None:
        answer.append(message)

    await app(_scope(sent), receive, send)
    return answer[0]["status"], b"".join(message.get("body", b"") for message in answer)


def _scope(sent: Sent) -> dict[str, Any]:
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": sent.method,
        "path": sent.path,
        "raw_path": sent.target.partition("?")[0].encode("latin-1", "replace"),
        "root_path": "",
        "scheme": "http",
        "query_string": sent.query.encode("latin-1", "replace"),
        "headers": [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in sent.headers],
        "server": ("127.0.0.1", 80),
        "client": ("127.0.0.1", 1),
    }

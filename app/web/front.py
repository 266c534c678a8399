"""The front door: pages, CORS, the one place where errors become answers, one log line per request."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from typing import Any

from starlette.exceptions import HTTPException

from app.errors import CounterError, MethodRefused, NoSuchPath, ServerStops
from app.settings import Limits
from app.web.answer import Answer
from app.web.body import ClientGone, Receive
from app.web.call import Connection, Send
from app.web.cors import Cors, origin_of
from app.web.dialect import Dialect
from app.web.operation import ASGIApp, Scope
from app.web.pages import Pages
from app.web.routing import Territories
from engines.errors import EngineError, EngineFailed

log = logging.getLogger("understudy.requests")


class Front:
    """The whole server as one ASGI application.

    ``dialects`` says who words the errors of a path; ``default`` words all others. ``limits`` is what the
    protocol at the socket goes by, ``exposed`` the headers that scripts on any site may read.
    """

    def __init__(
        self,
        inner: ASGIApp,
        pages: Pages,
        dialects: Territories[Dialect],
        default: Dialect,
        limits: Limits,
        exposed: Sequence[str],
    ) -> None:
        self.limits = limits
        self._inner = inner
        self._pages = pages
        self._dialects = dialects
        self._default = default
        self._cors = Cors(exposed)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or pass the server's own start and stop on."""
        if scope["type"] == "lifespan":
            await self._inner(scope, _to_the_end(receive), send)
        elif scope["type"] == "http" and not await self._cors.preflight(scope, receive, send):
            await self._guarded(scope, receive, send)

    def word(self, path: str, error: Exception) -> Answer:
        """The answer for an error at this path, in the words of the path's dialect."""
        return (self._dialects.owner(path) or self._default).word(error)

    async def _guarded(self, scope: Scope, receive: Receive, send: Send) -> None:
        answered = _Noted(send, self._cors, origin_of(scope))
        began = time.perf_counter()
        known: Exception | None = None
        try:
            if self._pages.owns(scope["path"]):
                await self._pages(scope, receive, answered)
            else:
                await self._inner(scope, receive, answered)
        except ClientGone:
            await _down(scope, receive)
        except asyncio.CancelledError:
            # Who hangs up is told apart further in; only a server that stops cancels the whole request.
            known = ServerStops("the server stops")
        except Exception as error:
            known = _known(error)
        if known is not None:
            _note(known)
            if answered.status is None:
                await _send(answered, _options(scope, known) or self.word(scope["path"], known))
        _log(scope, answered.status, began, known)


class _Noted:
    """ASGI's send, which adds the headers of every answer and remembers the status that was sent."""

    def __init__(self, send: Send, cors: Cors, origin: bytes | None) -> None:
        self._send = send
        self._cors = cors
        self._origin = origin
        self.status: int | None = None

    async def __call__(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = self._cors.added(message["headers"], self._origin)
        await self._send(message)


def _to_the_end(receive: Receive) -> Receive:
    """The server's start and stop, with a stop in a hurry told like any other: it closes the same things."""

    async def told() -> Any:
        try:
            return await receive()
        except asyncio.CancelledError:
            return {"type": "lifespan.shutdown"}

    return told


async def _down(scope: Scope, receive: Receive) -> None:
    """Stay until a connection that is on its way down is down: to leave earlier, half-way, would look like a fault."""
    if Connection.of(scope).gone():
        while (await receive())["type"] != "http.disconnect":
            pass


async def _send(send: Send, answer: Answer) -> None:
    headers = answer.raw_headers()
    if answer.status == 204:
        headers = [pair for pair in headers if pair[0] not in {b"content-type", b"content-length"}]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body, "more_body": False})


def _options(scope: Scope, error: Exception) -> Answer | None:
    """The answer to OPTIONS, which no contract has: the methods that the router would have taken."""
    if scope["method"] == "OPTIONS" and isinstance(error, MethodRefused):
        return Answer(204, b"", headers=(("Allow", f"{error.allowed}, OPTIONS"),))
    return None


def _known(error: Exception) -> Exception:
    """Translate what the router raises into our own errors."""
    if isinstance(error, HTTPException):
        if error.status_code == 405:
            return MethodRefused((error.headers or {}).get("Allow", ""))
        if error.status_code == 404:
            return NoSuchPath()
    return error


def _note(error: Exception) -> None:
    """Unforeseen errors are logged with their trace; the caller never sees it.

    An engine that failed for a reason that it knows has logged it, and names no cause.
    """
    failed = isinstance(error, EngineFailed) and error.__cause__ is not None
    if failed or not isinstance(error, (CounterError, EngineError)):
        log.error("unhandled", exc_info=error, extra={"facts": {"error": type(error).__name__}})


def _log(scope: Scope, status: int | None, began: float, error: Exception | None) -> None:
    if log.isEnabledFor(logging.INFO):
        facts: dict[str, Any] = {
            "method": scope["method"],
            "path": scope["path"],
            "status": status,
            "ms": round((time.perf_counter() - began) * 1000, 1),
        }
        if isinstance(error, (CounterError, EngineError)):
            facts["error"] = getattr(error, "code", type(error).__name__)
            facts["detail"] = str(error)
        log.info("request" if status else "client gone", extra={"facts": facts})

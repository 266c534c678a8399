"""What browsers ask before scripts of any site may call this server, and may read what it answers."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response

from app.web.body import Receive
from app.web.call import Send
from app.web.operation import Scope

METHODS = ("GET", "POST", "OPTIONS", "HEAD")

RawHeaders = list[tuple[bytes, bytes]]
"""A header block as ASGI has it."""


class Cors:
    """Lets every site in; ``exposed`` are the headers that its scripts may read."""

    def __init__(self, exposed: Sequence[str]) -> None:
        self._exposed = (b"access-control-expose-headers", ", ".join(exposed).encode())
        self._preflight = _Preflight(
            _nothing, allow_origin_regex=".*", allow_methods=METHODS, allow_headers=["*"], max_age=600
        )

    async def preflight(self, scope: Scope, receive: Receive, send: Send) -> bool:
        """Whether this was a browser's question before a request, and so has been answered."""
        if scope["method"] != "OPTIONS" or origin_of(scope) is None:
            return False
        headers = Headers(scope=scope)
        if "access-control-request-method" not in headers:
            return False
        await self._preflight.preflight_response(headers)(scope, receive, send)
        return True

    def added(self, headers: RawHeaders, origin: bytes | None) -> RawHeaders:
        """The header block of an answer to a request from a page of ``origin``; None is a program's request."""
        vary = [value for name, value in headers if name == b"vary"]
        block = [pair for pair in headers if pair[0] != b"vary"] if vary else headers[:]
        if origin is not None:
            block += self._exposed, (b"access-control-allow-origin", origin)
        block.append((b"vary", b", ".join([*vary, b"Origin"])))
        return block


class _Preflight(CORSMiddleware):
    """Answers every preflight alike: what is not allowed is not listed, and the browser draws its conclusion."""

    def preflight_response(self, request_headers: Headers) -> Response:
        """The answer to a preflight, empty in place of Starlette's plain texts."""
        headers = super().preflight_response(request_headers).headers
        return Response(status_code=204, headers={k: v for k, v in headers.items() if not k.startswith("content-")})


def origin_of(scope: Scope) -> bytes | None:
    """The site whose page sent the request."""
    for name, value in scope["headers"]:
        if name == b"origin":
            found: bytes = value
            return found
    return None


async def _nothing(scope: Scope, receive: Receive, send: Send) -> None:
    """Stands where Starlette wants an application: only its answers to preflights are used."""

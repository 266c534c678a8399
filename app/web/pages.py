"""What belongs to no contract's operations: health, readiness, the documents themselves and pages to read them."""

from __future__ import annotations

import html
import importlib.util
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Mount, Route, Router
from starlette.staticfiles import StaticFiles

from app.errors import StoreUnavailable
from app.web.answer import JSON
from app.web.body import Receive
from app.web.call import Send
from app.web.contract import base_of
from app.web.operation import Scope

READER = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<link rel="stylesheet" href="swagger-ui.css"></head>
<body><div id="reader"></div><script src="swagger-ui-bundle.js"></script>
<script>SwaggerUIBundle({{url: "../openapi.json", dom_id: "#reader", deepLinking: true}})</script>
</body></html>"""

WELCOME = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Understudy</title></head>
<body><h1>Understudy</h1><p>This server stands in for the Stability REST API.</p><ul>{links}</ul></body></html>"""


class Pages:
    """Serves ``/``, ``/healthz``, ``/readyz`` and, for every contract, ``openapi.json`` and ``ui/``.

    ``ping`` returns when the store answers; ``engines`` counts the engines that are listed, ``queue`` the
    generations that wait for one.
    """

    def __init__(
        self,
        documents: Mapping[str, dict[str, Any]],
        ping: Callable[[], Awaitable[None]],
        engines: Callable[[], int],
        queue: Callable[[], int],
    ) -> None:
        self._documents = documents
        self._ping = ping
        self._engines = engines
        self._queue = queue
        bases = self._bases = _homes(documents)
        self._router = Router(
            [
                Route("/", self._welcome),
                Route("/healthz", self._healthz),
                Route("/readyz", self._readyz),
                *(route for name, base in bases.items() for route in self._contract_routes(name, base)),
            ]
        )
        self._paths = frozenset(
            {"/", "/healthz", "/readyz", *(f"{base}/{page}" for base in bases.values() for page in PAGES)}
        )
        self._folders = tuple(f"{base}/ui/" for base in bases.values())

    def owns(self, path: str) -> bool:
        """Whether the path is one of these pages."""
        return path in self._paths or path.startswith(self._folders)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as ASGI, files always whole; an unknown path or method leaves as Starlette's exception."""
        scope["app"] = self
        scope["headers"] = [header for header in scope["headers"] if header[0] != b"range"]
        await self._router(scope, receive, send)

    def _contract_routes(self, name: str, base: str) -> list[Route | Mount]:
        async def document(_: Request) -> Response:
            return Response(orjson.dumps(self._documents[name]), media_type=JSON)

        async def reader(_: Request) -> Response:
            return HTMLResponse(READER.format(title=html.escape(self._documents[name]["info"]["title"])))

        async def to_reader(_: Request) -> Response:
            return RedirectResponse(f"{base}/ui/")

        return [
            Route(f"{base}/openapi.json", document),
            Route(f"{base}/ui", to_reader),
            Route(f"{base}/ui/", reader),
            Mount(f"{base}/ui", StaticFiles(directory=reader_folder())),
        ]

    async def _welcome(self, _: Request) -> Response:
        links = "".join(f'<li><a href="{base}/ui/">{name}</a></li>' for name, base in self._bases.items())
        return HTMLResponse(WELCOME.format(links=links))

    async def _healthz(self, _: Request) -> Response:
        return Response(b'{"status":"ok"}', media_type=JSON)

    async def _readyz(self, _: Request) -> Response:
        facts: dict[str, Any] = {
            "contracts": sorted(self._documents),
            "engines": self._engines(),
            "queue": self._queue(),
            "store": "ok",
        }
        try:
            await self._ping()
        except StoreUnavailable:
            facts["store"] = "unavailable"
        ready = facts["store"] == "ok"
        body = orjson.dumps({"status": "ready" if ready else "not ready", **facts})
        return Response(body, 200 if ready else 503, media_type=JSON)


PAGES = ("openapi.json", "ui")


def _homes(documents: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Where the pages of each contract lie: at its base path, or under its name where that one is taken."""
    homes: dict[str, str] = {}
    for name, document in documents.items():
        base = base_of(document)
        homes[name] = f"/{name}" if base in homes.values() else base
    return homes


def reader_folder() -> Path:
    """Where the files of Swagger UI lie, found without importing their package."""
    spec = importlib.util.find_spec("swagger_ui_bundle")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("swagger_ui_bundle is not installed")
    return next((Path(spec.origin).parent / "vendor").glob("swagger-ui-*"))

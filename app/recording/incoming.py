"""A request as it comes to the counter, read far enough to forward it or to look it up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from connexion.operations import AbstractOperation

from app.errors import NoSuchPath
from app.recording.normal import Normalizer, NormalRequest
from app.settings import Limits
from app.web.answer import JSON, PNG, Answer
from app.web.body import FORM, Receive, read_chunks
from app.web.call import Send
from app.web.contract import snake_case
from app.web.guard import Guard, bare_key
from app.web.negotiation import wanted
from app.web.operation import Scope, header_map, split
from app.web.schema import plain

DOTS = {".", ".."}


@dataclass(frozen=True, slots=True)
class Incoming:
    """A request by a caller who may ask.

    ``target`` is its path and query as they were sent, ``key_id`` says whose key it came with.
    """

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes | None
    engine_id: str
    key_id: str
    normal: NormalRequest


class Intake:
    """Reads the requests of one operation. ``name`` is that of the operation: ``text-to-image``."""

    def __init__(self, operation: AbstractOperation, guard: Guard, limits: Limits, secrets: tuple[str, ...]) -> None:
        self.name = snake_case(split(operation.operation_id)[1]).replace("_", "-")
        content: Mapping[str, Any] = operation.request_body["content"] if operation.request_body else {}
        self._kinds = frozenset(content)
        self._guard = guard if operation.security else None
        self._limits = limits
        self._secrets = secrets
        self._normalizer = Normalizer(plain(content[FORM]["schema"]) if FORM in content else None, limits)

    async def read(self, scope: Scope, receive: Receive) -> Incoming:
        """Key before body, as everywhere. Raises what guard and body raise; organizations are the upstream's affair."""
        headers = header_map(scope)
        caller = await self._guard.identify(headers, organizations=False) if self._guard else None
        body = b"".join([chunk async for chunk in read_chunks(receive, self._limits)]) if self._kinds else None
        query = scope["query_string"].decode("latin-1")
        path = scope["raw_path"].decode("latin-1").partition("?")[0]
        if DOTS & set(scope["path"].split("/")):  # They would lead to another path than the one that was looked up.
            raise NoSuchPath
        facts = {
            "method": scope["method"],
            "path": scope["path"],
            "query": sorted(parse_qsl(query, keep_blank_values=True)),
            "headers": self._telling(headers),
        }
        secrets = (*self._secrets, bare_key(headers.get("authorization", "")))
        normal = await self._normalizer.normal(facts, body, headers.get("content-type", ""), secrets)
        engine_id = scope.get("path_params", {}).get("engine_id", "")
        target = f"{path}?{query}" if query else path
        return Incoming(scope["method"], target, headers, body, engine_id, caller.key_id if caller else "", normal)

    def _telling(self, headers: Mapping[str, str]) -> dict[str, str]:
        """The headers that an answer depends on: what is wanted, who pays, and a type that is not taken here."""
        found = {"accept": wanted(headers.get("accept", ""), (JSON, PNG))} if self._kinds else {}
        if headers.get("organization"):
            found["organization"] = headers["organization"]
        media = headers.get("content-type", "").partition(";")[0].strip().lower()
        # Whatever is no form is read as JSON by operations that take JSON.
        if self._kinds and media not in self._kinds and (media.startswith("multipart/") or JSON not in self._kinds):
            found["content-type"] = media
        return found


async def reply(send: Send, answer: Answer) -> None:
    """Send the whole answer."""
    await send({"type": "http.response.start", "status": answer.status, "headers": answer.raw_headers()})
    await send({"type": "http.response.body", "body": answer.body, "more_body": False})

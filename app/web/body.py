"""Reading request bodies: bounded in bytes and in time, by the media types of the contract."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any

from app.errors import BodyTooLarge, BodyTooSlow, MediaTypeRefused
from app.settings import Limits
from app.web import forms
from app.web.answer import JSON
from app.web.jsontext import parse_json
from app.web.multipart import read_parts
from app.web.schema import Schema, Validator, defaults, plain

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
"""ASGI's receive."""

FORM = "multipart/form-data"


class ClientGone(Exception):
    """The other side hung up; there is nobody left to answer."""


@dataclass(frozen=True, slots=True)
class Body:
    """What was sent, and the same with the contract's defaults filled in.

    Nulls count as absent, and fields that the contract does not know are left out.
    """

    sent: Mapping[str, Any]
    full: Mapping[str, Any]


class BodyReader:
    """Reads and validates the body of one operation; everything that can be is compiled at start."""

    def __init__(self, request_body: Mapping[str, Any], limits: Limits) -> None:
        self._limits = limits
        self._kinds = {media: _Kind(content["schema"]) for media, content in request_body["content"].items()}

    async def read(self, headers: Mapping[str, str], receive: Receive) -> Body:
        """The validated body. Raises the errors of ``app.errors`` that speak of bodies and fields."""
        content_type = headers.get("content-type", "")
        media = content_type.partition(";")[0].strip().lower() or next(iter(self._kinds))
        kind = self._kinds.get(media) or self._json_by_another_name(media)
        self._refuse_announced(headers)
        chunks = read_chunks(receive, self._limits)
        if media == FORM:
            parts = await read_parts(content_type, chunks, self._limits)
            return kind.validated(forms.assemble(parts, kind.schema, self._limits.field_bytes))
        return kind.validated(parse_json(b"".join([chunk async for chunk in chunks])))

    def _json_by_another_name(self, media: str) -> _Kind:
        """JSON is read whatever it is called: shipped clients call it a form, a text, or a picture.

        Only a multipart body, which cannot be JSON, is refused, and what is not multipart where that is wanted.
        """
        if JSON not in self._kinds or media.startswith("multipart/"):
            raise MediaTypeRefused(media, tuple(self._kinds))
        return self._kinds[JSON]

    def _refuse_announced(self, headers: Mapping[str, str]) -> None:
        length = headers.get("content-length", "")
        if length.isdigit() and int(length) > self._limits.body_bytes:
            raise BodyTooLarge(self._limits.body_bytes)


class _Kind:
    """One media type of one operation: its schema, compiled, and its defaults."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self.schema: Schema = plain(schema)
        self._validator = Validator(self.schema)
        self._defaults = defaults(self.schema)

    def validated(self, value: Any) -> Body:
        seen = forms.without_files(value) if isinstance(value, dict) else value
        self._validator.check(seen)
        sent = _told(value, self.schema)
        return Body(sent, _filled(self._defaults, sent))


async def read_chunks(receive: Receive, limits: Limits) -> AsyncIterator[bytes]:
    """The body as it arrives. Counts real bytes, whatever Content-Length promised."""
    total = 0
    try:
        async with asyncio.timeout(limits.body_seconds):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise ClientGone
                chunk = message.get("body", b"")
                total += len(chunk)
                if total > limits.body_bytes:
                    raise BodyTooLarge(limits.body_bytes)
                if chunk:
                    yield chunk
                if not message.get("more_body"):
                    return
    except TimeoutError:
        raise BodyTooSlow(f"not received within {limits.body_seconds:g} seconds") from None


def _told(value: Any, schema: Schema) -> Any:
    """What the schema knows of a valid value, nulls left out; it goes no deeper than the schema does."""
    if "items" in schema:
        return [_told(item, schema["items"]) for item in value]
    if "properties" not in schema:
        return value
    known = schema["properties"]
    return {name: _told(part, known[name]) for name, part in value.items() if name in known and part is not None}


def _filled(base: Schema, sent: Mapping[str, Any]) -> dict[str, Any]:
    full = {**base, **sent}
    for name, part in base.items():
        if isinstance(part, dict) and isinstance(sent.get(name), dict):
            full[name] = _filled(part, sent[name])
    return full

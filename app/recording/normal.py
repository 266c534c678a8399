"""What a request says, whatever way it was written: the form in which requests are kept, shown and compared.

Key order, white space, boundaries and the way a number is written make no difference; neither does it
whether a field came in a form or in JSON. A picture is known by its hash. Secrets are struck out.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from app.errors import BadBody, BadField
from app.recording.pictures import ending
from app.settings import Limits
from app.web.body import FORM
from app.web.forms import NAME, assemble
from app.web.jsontext import parse_json
from app.web.multipart import Part, read_parts
from app.web.schema import Schema

STRUCK = "(key)"
"""Stands where a secret stood."""
UNSAFE = re.compile(r"[^A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class NormalRequest:
    """One request; ``facts`` is all that counts when two are compared, ``files`` what was uploaded, by file name."""

    facts: Mapping[str, Any]
    files: Mapping[str, bytes] = field(default_factory=dict, compare=False)

    @property
    def identity(self) -> str:
        """Equal for equal requests, and for no others."""
        return identity(self.facts)

    @property
    def fields(self) -> Mapping[str, Any]:
        """The fields of its body; empty where the body could not be read."""
        found = self.facts.get("fields")
        return found if isinstance(found, dict) else {}


def identity(facts: Mapping[str, Any]) -> str:
    """``facts`` as one text that does not depend on the order of keys."""
    return json.dumps(facts, sort_keys=True, separators=(",", ":"))


class Normalizer:
    """Brings requests of one operation into their normal form; ``schema`` is that of its form, if it takes one."""

    def __init__(self, schema: Schema | None, limits: Limits) -> None:
        self._schema = schema or {}
        self._limits = limits

    async def normal(
        self, facts: Mapping[str, Any], body: bytes | None, media: str, secrets: Iterable[str]
    ) -> NormalRequest:
        """``facts`` and the body; ``media`` is the whole Content-Type, ``secrets`` are texts to strike out."""
        clean = _Cleaner(secrets)
        head = {name: clean(value) for name, value in facts.items()}  # In the order in which people like to read them.
        if body is None:
            return NormalRequest(head)
        try:
            sent, files = await self._fields(body, media)
            fields = clean(sent)
            json.dumps(fields, indent=2)
        except (BadBody, RecursionError):  # What is nested too deeply to be written can still be parsed.
            name, struck = f"request-body{ending(body)}", clean.struck(body)
            return NormalRequest({**head, "unreadable": _fingerprint(name, struck)}, {name: struck})
        return NormalRequest({**head, "fields": fields}, files)

    async def _fields(self, body: bytes, media: str) -> tuple[Any, dict[str, bytes]]:
        if media.partition(";")[0].strip().lower() != FORM:
            return parse_json(body), {}
        parts = await read_parts(media, _at_once(body), self._limits)
        try:
            known = assemble(parts, self._schema, self._limits.field_bytes)
        except BadField:
            known = {}
        tops = {part.name: match[1] if (match := NAME.fullmatch(part.name)) else part.name for part in parts}
        others = {part.name: _loose(part) for part in parts if tops[part.name] not in known}
        return _without_bytes({**others, **known})


class _Cleaner:
    """Makes texts storable and free of secrets, and numbers the same however they were written."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._secrets = sorted(filter(None, secrets), key=len, reverse=True)

    def struck(self, data: bytes) -> bytes:
        """Bytes that nobody could read, without the secrets."""
        for secret in self._secrets:
            data = data.replace(secret.encode("latin-1", "replace"), STRUCK.encode())
        return data

    def __call__(self, value: Any) -> Any:
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, float):
            return int(value) if value.is_integer() and abs(value) < 2**53 else value
        if isinstance(value, Mapping):
            return {self._text(name): self(value[name]) for name in sorted(value)}
        if isinstance(value, (list, tuple)):
            return [self(part) for part in value]
        return value

    def _text(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, STRUCK)
        return text.encode("utf-8", "replace").decode()  # JSON can smuggle in halves of characters.


def _loose(part: Part) -> str | bytes:
    """A part that the contract does not know: text where it is one."""
    try:
        return part.data.decode()
    except UnicodeDecodeError:
        return part.data


def _without_bytes(fields: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, bytes]]:
    """The fields with every file replaced by its name and hash, and the files."""
    found: dict[str, Any] = {}
    files: dict[str, bytes] = {}
    for name in sorted(fields):
        value = found[name] = fields[name]
        if isinstance(value, bytes):
            stem = f"request-{UNSAFE.sub('_', name)[:60]}"
            file = f"{stem}{ending(value)}"
            while file in files:
                stem += "_"
                file = f"{stem}{ending(value)}"
            files[file] = value
            found[name] = _fingerprint(file, value)
    return found, files


def _fingerprint(name: str, data: bytes) -> dict[str, str]:
    return {"file": name, "sha256": hashlib.sha256(data).hexdigest()}


async def _at_once(body: bytes) -> AsyncIterator[bytes]:
    yield body

"""What stands in a body, read leniently: for rules that look at prompts, for the journal, for strict mode.

Whether a body is right is for the operation to say, later; here nothing is refused.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from app.errors import BadBody, BadField
from app.settings import Limits
from app.testing.operations import Operation
from app.web import forms
from app.web.body import FORM
from app.web.jsontext import parse_json
from app.web.multipart import Part, read_parts
from app.worlds.latency import Work
from engines.containers import open_container
from engines.errors import PictureUnreadable
from engines.types import EngineCard

OPTIONS = "options"


@dataclass(frozen=True, slots=True)
class Reading:
    """A body: its fields as the contract knows them, files as bytes; in a form the ``unknown`` ones aside."""

    value: Mapping[str, Any] = field(default_factory=dict)
    unknown: Mapping[str, Any] = field(default_factory=dict)
    parts: tuple[str, ...] | None = None
    """The names of a form's parts as they were written; None where the body is no form."""

    @property
    def words(self) -> Mapping[str, Any]:
        """Where prompts, sides and steps stand: v1alpha's forms carry them in a field of their own."""
        options = self.value.get(OPTIONS)
        return options if isinstance(options, Mapping) else self.value

    @property
    def prompts(self) -> tuple[str, ...]:
        """Every text among the prompts."""
        rows = self.words.get("text_prompts")
        found = (row.get("text") for row in rows if isinstance(row, Mapping)) if isinstance(rows, list) else ()
        return tuple(text for text in found if isinstance(text, str))

    def work(self, card: EngineCard | None) -> Work:
        """How much there is to draw; nothing where the engine is not known."""
        if card is None:
            return Work()
        steps = _whole(self.words.get("steps"), card.steps.default)
        samples = _whole(self.words.get("samples"), 1)
        width, height = self._size(card)
        return Work(steps, width * height, samples)

    def _size(self, card: EngineCard) -> tuple[int, int]:
        picture = self.value.get("init_image") or self.value.get("image")
        if isinstance(picture, bytes):
            try:
                container = open_container(picture)
            except PictureUnreadable:
                return 0, 0
            return container.width * card.scale, container.height * card.scale
        return _whole(self.words.get("width"), card.side), _whole(self.words.get("height"), card.side)


async def read(operation: Operation, content_type: str, body: bytes, limits: Limits) -> Reading:
    """What can be read of ``body``; nothing at all of one that is broken."""
    if content_type.partition(";")[0].strip().lower() != FORM:
        return _read_json(body)
    try:
        parts = await read_parts(content_type, _whole_at_once(body), limits)
    except BadBody:
        return Reading(parts=())
    return _read_form(parts, operation, limits)


def _read_json(body: bytes) -> Reading:
    try:
        value = parse_json(body)
    except BadBody:
        return Reading()
    return Reading(value) if isinstance(value, dict) else Reading()


def _read_form(parts: list[Part], operation: Operation, limits: Limits) -> Reading:
    schema = operation.schemas.get(FORM, {})
    known, unknown = [], {}
    for part in parts:
        match = forms.NAME.fullmatch(part.name)
        if match and match[1] in schema.get("properties", {}):
            known.append(part)
        else:
            unknown[part.name] = _text_or_bytes(part)
    names = tuple(part.name for part in parts)
    try:
        return Reading(forms.assemble(known, schema, limits.field_bytes), unknown, names)
    except BadField:
        return Reading({part.name: _text_or_bytes(part) for part in known}, unknown, names)


def _text_or_bytes(part: Part) -> str | bytes:
    try:
        return part.data.decode()
    except UnicodeDecodeError:
        return bytes(part.data)


def _whole(value: object, default: int) -> int:
    return value if isinstance(value, int) and 0 < value <= 10_000 else default


async def _whole_at_once(body: bytes) -> AsyncIterator[bytes]:
    yield body

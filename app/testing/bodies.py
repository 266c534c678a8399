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
from app.testing.roles import Role, default, marked, played
from app.web import forms
from app.web.body import FORM
from app.web.jsontext import parse_json
from app.web.multipart import Part, read_parts
from app.web.schema import Schema
from app.worlds.depicted import picture_bytes
from app.worlds.latency import Work
from engines.containers import open_container
from engines.errors import PictureUnreadable
from engines.types import EngineCard

SIZES: tuple[Role, ...] = ("width", "height", "steps", "samples", "size")
"""What only a body has that asks for pictures to be drawn."""
STEPS, SIDE = 30, 1024
"""What is drawn where neither the body, nor the engine, nor the contract says it."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A body: its fields as the contract knows them, files as bytes; in a form the ``unknown`` ones aside."""

    value: Mapping[str, Any] = field(default_factory=dict)
    unknown: Mapping[str, Any] = field(default_factory=dict)
    parts: tuple[str, ...] | None = None
    """The names of a form's parts as they were written; None where the body is no form."""
    schema: Schema = field(default_factory=dict)
    """What the contract says of the body; empty where it takes none."""

    @property
    def prompts(self) -> tuple[str, ...]:
        """Every text among the prompts."""
        return tuple(text for text in played(self.value, self.schema, "prompt") if isinstance(text, str))

    @property
    def engine(self) -> str | None:
        """The engine that the body names, in the words of its contract."""
        return next((name for name in played(self.value, self.schema, "engine") if isinstance(name, str)), None)

    def work(self, card: EngineCard | None) -> Work:
        """How much there is to draw, as far as can be said before it is drawn; ``card`` if the engine is known."""
        if card is None and not any(marked(self.schema, role) for role in SIZES):
            return Work()
        steps = self._whole("steps", card.steps.default if card else None, STEPS)
        samples = self._whole("samples", None, 1)
        width, height = self._size(card)
        return Work(steps, width * height, samples)

    def _size(self, card: EngineCard | None) -> tuple[int, int]:
        scale, side = (card.scale, card.side) if card else (1, None)
        for picture in played(self.value, self.schema, "picture"):
            if (data := picture_bytes(picture)) is not None:
                try:
                    container = open_container(data)
                except PictureUnreadable:
                    return 0, 0
                return container.width * scale, container.height * scale
        match [*played(self.value, self.schema, "size")] or default(self.schema, "size"):
            case [int(width), int(height)] if 0 < min(width, height) <= max(width, height) <= 10_000:
                return width, height
        return self._whole("width", side, SIDE), self._whole("height", side, SIDE)

    def _whole(self, role: Role, usual: int | None, otherwise: int) -> int:
        """The number that was sent, else the engine's usual one, else the contract's, if they are of use."""
        sent = next(played(self.value, self.schema, role), None)
        found = (sent, usual, default(self.schema, role))
        return next((one for one in found if isinstance(one, int) and 0 < one <= 10_000), otherwise)


async def read(operation: Operation, content_type: str, body: bytes, limits: Limits) -> Reading:
    """What can be read of ``body``; nothing at all of one that is broken."""
    if content_type.partition(";")[0].strip().lower() != FORM:
        return _read_json(body, next((one for media, one in operation.schemas.items() if media != FORM), {}))
    schema = operation.schemas.get(FORM, {})
    try:
        parts = await read_parts(content_type, _whole_at_once(body), limits)
    except BadBody:
        return Reading(parts=(), schema=schema)
    return _read_form(parts, schema, limits)


def _read_json(body: bytes, schema: Schema) -> Reading:
    try:
        value = parse_json(body)
    except BadBody:
        return Reading(schema=schema)
    return Reading(value if isinstance(value, dict) else {}, schema=schema)


def _read_form(parts: list[Part], schema: Schema, limits: Limits) -> Reading:
    known, unknown = [], {}
    for part in parts:
        match = forms.NAME.fullmatch(part.name)
        if match and match[1] in schema.get("properties", {}):
            known.append(part)
        else:
            unknown[part.name] = _text_or_bytes(part)
    names = tuple(part.name for part in parts)
    try:
        return Reading(forms.assemble(known, schema, limits.field_bytes), unknown, names, schema)
    except BadField:
        return Reading({part.name: _text_or_bytes(part) for part in known}, unknown, names, schema)


def _text_or_bytes(part: Part) -> str | bytes:
    try:
        return part.data.decode()
    except UnicodeDecodeError:
        return part.data


async def _whole_at_once(body: bytes) -> AsyncIterator[bytes]:
    yield body

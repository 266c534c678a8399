"""What plays a role in a body, whatever its contract calls it: its schema marks prompts, engines, pictures, sizes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from app.web.schema import Schema

ROLE = "x-understudy-role"
"""The key under which a contract says the role of a field or of a parameter; an array's is that of all its items."""

Role = Literal["prompt", "engine", "picture", "width", "height", "steps", "samples", "size"]
"""``size`` marks what stands for width and height together, such as an aspect ratio."""

ALTERNATIVES = ("oneOf", "anyOf")


def played(value: Any, schema: Schema, role: Role) -> Iterator[Any]:
    """Every value that plays the role, in order; a value that is not as its schema says plays none."""
    if schema.get(ROLE) == role:
        yield from _leaves(value)
        return
    for alternative in _alternatives(schema):
        yield from played(value, alternative, role)
    if isinstance(value, list) and "items" in schema:
        for item in value:
            yield from played(item, schema["items"], role)
    if isinstance(value, Mapping):
        for name, part in schema.get("properties", {}).items():
            if name in value:
                yield from played(value[name], part, role)


def field(schema: Schema, role: Role) -> str | None:
    """The name of the first field that plays the role, itself or within itself; None where none does."""
    found = marked(schema, role)
    return found[0] if found else None


def sample(schema: Schema, role: Role) -> Any:
    """A value that the contract takes for the first field that plays the role; None where it shows none."""
    found = marked(schema, role)
    return found and next(iter(found[1].get("enum", ())), found[1].get("example", found[1].get("default")))


def default(schema: Schema, role: Role) -> Any:
    """What counts for the first field that plays the role when nothing is sent; None where nothing does."""
    found = marked(schema, role)
    return found[1].get("default") if found else None


def marked(schema: Schema, role: Role) -> tuple[str, Schema] | None:
    """The first field that plays the role, by the name of the nearest field that is no part of an array's items."""
    for name, part in schema.get("properties", {}).items():
        if "properties" in part:
            if found := marked(part, role):
                return found
        elif (found_part := _marked_within(part, role)) is not None:
            return name, found_part
    return next(filter(None, (marked(alternative, role) for alternative in _alternatives(schema))), None)


def _marked_within(schema: Schema, role: Role) -> Schema | None:
    if schema.get(ROLE) == role:
        return schema
    parts = (schema.get("items", {}), *schema.get("properties", {}).values(), *_alternatives(schema))
    found = (_marked_within(part, role) for part in parts if part)
    return next((part for part in found if part is not None), None)


def _alternatives(schema: Schema) -> Iterator[Schema]:
    for key in ALTERNATIVES:
        yield from schema.get(key, ())


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, list):
        for item in value:
            yield from _leaves(item)
    else:
        yield value

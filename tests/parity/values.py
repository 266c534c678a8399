"""Bodies by the contract alone: one that is valid, and what becomes of it by changing one thing at a time."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from typing import Any

Schema = Mapping[str, Any]
Steps = tuple[str | int, ...]
"""The way to a part of a value: names of fields and positions in lists."""

ABSENT = object()
OTHER_TYPES: tuple[Any, ...] = (None, True, False, 0, 30.0, 0.5, "", "x", "30", "true", "null", [], {}, [1], {"a": 1})
EDGES: tuple[Any, ...] = (-0.0, 1e308, 5e-324, 2**53 + 1, 2**63, 2**64, -(2**63) - 1, 10**30, "é\U0001f98a\x00")


def valid(schema: Schema, *, whole: bool) -> Any:
    """A small value that fits: of an object what is required, or all there is if ``whole``."""
    for source in ("example", "default"):
        if schema.get(source) is not None:
            return schema[source]
    if "enum" in schema:
        return schema["enum"][0]
    if "oneOf" in schema:
        return valid(schema["oneOf"][0], whole=whole)
    kinds: dict[str, Callable[[], Any]] = {
        "object": lambda: _object(schema, whole=whole),
        "array": lambda: [valid(schema["items"], whole=whole)] * max(1, schema.get("minItems", 0)),
        "string": lambda: "a" * max(1, schema.get("minLength", 0)),
        "boolean": lambda: True,
    }
    return kinds.get(schema["type"], lambda: schema.get("minimum", 0))()


def _object(schema: Schema, *, whole: bool) -> dict[str, Any]:
    known = schema.get("properties", {})
    needed = known if whole else schema.get("required", ())
    needed = needed or list(known)[: schema.get("minProperties", 0)]
    return {name: valid(known[name], whole=whole) for name in needed}


def parts(schema: Schema, at: Steps = ()) -> Iterator[tuple[Steps, Schema]]:
    """Every schema in the schema with the way to it: fields of fields, and the first of each list."""
    yield at, schema
    for name, part in schema.get("properties", {}).items():
        yield from parts(part, (*at, name))
    for alternative in schema.get("oneOf", ()):
        yield from parts(alternative, at)
    if "items" in schema:
        yield from parts(schema["items"], (*at, 0))


def variants(schema: Schema) -> Iterator[Any]:
    """Values at, below and above each bound of a schema, every choice, every other type, and the edges of types."""
    yield from OTHER_TYPES
    yield from EDGES
    yield from (choice for choice in schema.get("enum", ()))
    if "enum" in schema:
        yield from (str(choice).lower() + "x" for choice in schema["enum"][:1])
    for bound in ("minimum", "maximum"):
        if bound in schema:
            yield from (schema[bound] + step for step in (-1, -0.001, 0, 0.001, 1))
    for bound in ("minLength", "maxLength"):
        if bound in schema:
            yield from ("a" * max(0, schema[bound] + step) for step in (-1, 0, 1))
            yield "\U0001f98a" * schema[bound]
    for bound in ("minItems", "maxItems"):
        if bound in schema and "items" in schema:
            item = valid(schema["items"], whole=False)
            yield from ([item] * max(0, schema[bound] + step) for step in (-1, 0, 1))


def bodies(schema: Schema) -> Iterator[Any]:
    """Valid bodies, then each of their parts changed, left out or joined by something that nobody knows."""
    yield valid(schema, whole=False)
    base = valid(schema, whole=True)
    yield base
    for way, part in parts(schema):
        for value in variants(part):
            yield from _changed(base, way, value)
        yield from _changed(base, way, ABSENT)
        yield from _changed(base, (*way, "unknown"), 1)


def _changed(base: Any, way: Steps, value: Any) -> Iterator[Any]:
    """The value with one part in another way; nothing where there is no such part to be had."""
    if not way:
        yield from () if value is ABSENT else (value,)
        return
    root = place = copy.deepcopy(base)
    for step in way[:-1]:
        if isinstance(place, dict) and step not in place and isinstance(step, str):
            place[step] = {}
        if not _has(place, step):
            return
        place = place[step]
    last = way[-1]
    if value is ABSENT and _has(place, last):
        del place[last]
    elif value is not ABSENT and (_has(place, last) or (isinstance(place, dict) and isinstance(last, str))):
        place[last] = value
    else:
        return
    yield root


def _has(place: Any, step: str | int) -> bool:
    if isinstance(place, dict):
        return step in place
    return isinstance(place, list) and isinstance(step, int) and step < len(place)

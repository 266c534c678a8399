"""Form parts folded into the value the contract's schema describes.

Names follow the bracket style of the wire: ``text_prompts[0][text]``. Indices may have gaps and come
in any order; one shipped client leaves a colon behind the last bracket. A name the schema does not
know is ignored, the last of several parts with one name wins, and a bracketed name beats a plain one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from app.errors import BadBody, BadField
from app.web.jsontext import parse_json
from app.web.multipart import Part
from app.web.schema import Schema

NAME = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*):?")
SUBSCRIPT = re.compile(r"\[([^\[\]]*)\]")
INTEGER = re.compile(r"[+-]?\d{1,300}", re.ASCII)
NUMBER = re.compile(r"[+-]?(?:\d{1,300}(?:\.\d{0,300})?|\.\d{1,300})(?:[eE][+-]?\d{1,3})?", re.ASCII)
MAX_DEPTH = 8

Tree = dict[str, Any]
"""Subscripts as nested dictionaries with text at the leaves."""


def assemble(parts: Iterable[Part], schema: Schema, max_field: int) -> dict[str, Any]:
    """The form as one value: files as bytes, numbers as numbers, bracketed names as arrays and objects.

    What does not fit its schema stays text, so that the validator names the field.
    """
    properties = schema.get("properties", {})
    body: dict[str, Any] = {}
    trees: dict[str, Tree] = {}
    for part in parts:
        match = NAME.fullmatch(part.name)
        known = properties.get(match[1]) if match else None
        if match is None or known is None:
            continue
        name, subscripts = match[1], SUBSCRIPT.findall(match[2])
        if known.get("x-binary"):
            body[name] = part.data
        elif len(subscripts) > MAX_DEPTH:
            continue
        elif subscripts:
            _insert(trees.setdefault(name, {}), subscripts, _text(part, max_field))
        else:
            body[name] = coerce(_text(part, max_field), known)
    return body | {name: _shape(tree, properties[name]) for name, tree in trees.items()}


def without_files(body: Mapping[str, Any]) -> dict[str, Any]:
    """The same value with every file replaced by an empty text, for the schema validator."""
    return {name: "" if isinstance(value, bytes) else value for name, value in body.items()}


def coerce(text: str, schema: Schema) -> Any:
    """A form's text as the type its schema wants, or the text itself where it is not of that type.

    ``null`` is what JavaScript's FormData makes of a null.
    """
    kinds = schema.get("type")
    kinds = kinds if isinstance(kinds, list) else [kinds]
    if text == "null" and "null" in kinds:
        return None
    if "integer" in kinds and INTEGER.fullmatch(text):
        return int(text)
    if "number" in kinds and NUMBER.fullmatch(text):
        return float(text)
    if "boolean" in kinds and text in {"true", "false"}:
        return text == "true"
    if "object" in kinds or "array" in kinds:
        return _json(text)
    return text


def _json(text: str) -> Any:
    try:
        return parse_json(text.encode())
    except BadBody:
        return text


def _text(part: Part, max_field: int) -> str:
    if len(part.data) > max_field:
        raise BadField(part.name[:200], "maxLength", max_field, None)
    try:
        return part.data.decode()
    except UnicodeDecodeError:
        raise BadField(part.name[:200], "utf8") from None


def _insert(tree: Tree, subscripts: list[str], text: str) -> None:
    for key in subscripts[:-1]:
        below = tree.get(key)
        if not isinstance(below, dict):
            below = tree[key] = {}
        tree = below
    tree[subscripts[-1]] = text


def _shape(value: Any, schema: Schema) -> Any:
    if isinstance(value, str):
        return coerce(value, schema)
    if "items" in schema:
        indices = sorted((int(key), key) for key in value if key.isdecimal() and len(key) < 20)
        return [_shape(value[key], schema["items"]) for _, key in indices]
    properties = schema.get("properties", {})
    return {key: _shape(part, properties[key]) for key, part in value.items() if key in properties}

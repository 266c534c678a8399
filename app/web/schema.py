"""OpenAPI schemas compiled once into validators that name the first broken rule.

A schema is taken in the form Connexion leaves it in (references resolved) and rewritten into plain
JSON Schema Draft 4: ``allOf`` merged, ``nullable`` spelled out, documentation and the engine's rules dropped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import jsonschema_rs
from jsonschema_rs import ValidationErrorKind as Kind

from app.errors import BadBody, BadField

Schema = dict[str, Any]
"""A JSON schema; values are whatever YAML holds."""

PROSE = frozenset({"description", "example", "examples", "title", "externalDocs", "xml", "deprecated", "format"})
OF_THE_ENGINE = frozenset({"multipleOf"})
"""The grid of sizes is for the engine to check: each one words it in its own way, and one that answers in
the size of a picture does not look at width and height at all."""


def plain(schema: Mapping[str, Any]) -> Schema:
    """The schema as plain Draft 4, deep; pictures (``format: binary``) become strings like any other."""
    merged = _merge(schema)
    out: Schema = {k: v for k, v in merged.items() if k not in PROSE | OF_THE_ENGINE and k != "nullable"}
    if "properties" in out:
        out["properties"] = {name: plain(part) for name, part in out["properties"].items()}
    if "items" in out:
        out["items"] = plain(out["items"])
    if merged.get("nullable") and "type" in out:
        out["type"] = [out["type"], "null"]
    if is_binary(merged):
        out["x-binary"] = True
    return out


def is_binary(schema: Mapping[str, Any]) -> bool:
    """Whether the schema describes the raw bytes of an uploaded file."""
    return schema.get("type") == "string" and schema.get("format") == "binary"


def defaults(schema: Schema) -> Schema:
    """The documented default of every property that has one, objects within objects included."""
    found: Schema = {}
    for name, part in schema.get("properties", {}).items():
        if "default" in part:
            found[name] = part["default"]
        elif part.get("properties") and (inner := defaults(part)):
            found[name] = inner
    return found


class Validator:
    """One compiled schema."""

    def __init__(self, schema: Schema) -> None:
        self._compiled = jsonschema_rs.Draft4Validator(schema)

    def check(self, value: object) -> None:
        """Raise a ``BadField`` for the first broken rule; missing fields are named by their own path."""
        try:
            self._compiled.validate(value)
        except jsonschema_rs.ValidationError as error:
            raise _bad_field(error) from None
        except UnicodeEncodeError as half:  # JSON can escape halves of surrogate pairs; they are no characters
            raise BadBody("not valid Unicode") from half
        except ValueError as nested:  # the compiled validator describes what is wrong down to 255 levels
            raise BadBody("nested too deeply") from nested


def _bad_field(error: jsonschema_rs.ValidationError) -> BadField:
    if isinstance(error.kind, (Kind.OneOfNotValid, Kind.AnyOf)):
        return _of_alternatives(error, error.kind.context)
    kind = error.kind.as_dict()
    path = error.instance_path
    rule = str(error.schema_path[-1]) if error.schema_path else error.kind.name
    facts = {name: value for name, value in kind.items() if name not in {"name", "value"}}
    if "property" in facts:
        return BadField(dotted([*path, facts["property"]]), "required")
    limit = next(iter(facts.values()), None)
    return BadField(dotted(path) or "body", rule, limit, error.instance)


def _of_alternatives(
    error: jsonschema_rs.ValidationError, alternatives: Sequence[Sequence[jsonschema_rs.ValidationError]]
) -> BadField:
    """What is wrong by the alternative of the value's own type, which was meant; without one, the types there are."""
    types: list[str] = []
    for broken in (alternative[0] for alternative in alternatives):
        if not isinstance(broken.kind, Kind.Type) or broken.instance_path != error.instance_path:
            return _bad_field(broken)
        types += broken.kind.as_dict()["types"]
    return BadField(dotted(error.instance_path) or "body", "type", types, error.instance)


def dotted(path: Sequence[str | int]) -> str:
    """``["text_prompts", 0, "text"]`` as ``text_prompts[0].text``."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else str(step)
    return text


def _merge(schema: Mapping[str, Any]) -> Schema:
    """Fold ``allOf`` into one schema: properties joined, required lists added up, the rest overridden."""
    merged: Schema = {k: v for k, v in schema.items() if k != "allOf"}
    for part in schema.get("allOf", ()):
        for key, value in _merge(part).items():
            if key == "properties":
                merged[key] = {**value, **merged.get(key, {})}
            elif key == "required":
                merged[key] = [*merged.get(key, []), *(v for v in value if v not in merged.get(key, []))]
            else:
                merged.setdefault(key, value)
    return merged

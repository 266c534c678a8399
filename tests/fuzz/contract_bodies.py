"""What the contracts say of bodies, and good bodies made of nothing else: of examples, bounds and marked roles."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.testing.roles import ROLE
from tests.pictures import png
from tests.running import document

FORM = "multipart/form-data"
PICTURE = png(512, 512, fill=(40, 90, 160))
MASK = png(512, 512, "L", fill=0)
SMALL = png(64, 64, fill=(200, 40, 40))
CHEAP = frozenset({"width", "height", "steps", "samples", "size"})
"""Roles of fields that are sent though they need not be, so that what is drawn is small."""

Schema = Mapping[str, Any]


@dataclass(frozen=True)
class Asked:
    """The body of an operation: whether it is a form, and its schema without references."""

    form: bool
    schema: Schema | None = None

    @property
    def fields(self) -> tuple[str, ...]:
        """Every field that the contract names; those of ``options`` as well."""
        known = self.schema["properties"] if self.schema else {}
        inside = known["options"]["properties"] if "options" in known else {}
        return (*known, *inside)

    @property
    def pictures(self) -> tuple[str, ...]:
        """The fields that hold pictures."""
        known = self.schema["properties"] if self.schema else {}
        return tuple(name for name, part in known.items() if part.get(ROLE) == "picture" or _is_file(part))

    def good(self) -> dict[str, Any]:
        """A body that is taken, as small as the contract allows; pictures as bytes in forms, else as base64."""
        if self.schema is None:
            return {}
        required = self.schema.get("required", ())
        return {
            name: _good(part)
            for name, part in self.schema["properties"].items()
            if name in required or part.get(ROLE) in CHEAP
        }

    def sent(self, picture: bytes) -> Any:
        """A picture as it is sent."""
        return picture if self.form else base64.b64encode(picture).decode()


def asked(contract: str, facts: Mapping[str, Any]) -> Asked:
    """What the contract says of the body of an operation; a form where it takes both, or takes none."""
    content = facts.get("requestBody", {}).get("content", {})
    if not content:
        return Asked(form=True)
    media = FORM if FORM in content else next(iter(content))
    return Asked(media == FORM, whole(content[media]["schema"], document(contract)))


def _good(part: Schema) -> Any:
    match part.get(ROLE):
        case "picture":
            return SMALL if _is_file(part) else base64.b64encode(SMALL).decode()
        case "size" if part.get("type") == "array":
            return [part["items"]["minimum"]] * 2
        case "width" | "height" | "steps" | "samples":
            return part["minimum"]
    for source in ("example", "default"):
        if source in part:
            return part[source]
    return part["enum"][0] if "enum" in part else _good(part["oneOf"][0])


def _is_file(part: Schema) -> bool:
    return part.get("format") == "binary"


def whole(schema: Schema, content: Mapping[str, Any]) -> Schema:
    """Without references and with the parts of an ``allOf`` as one."""
    while "$ref" in schema:
        found: Any = content
        for step in schema["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        schema = found
    merged = {name: part for name, part in schema.items() if name != "allOf"}
    for one in schema.get("allOf", ()):
        part = whole(one, content)
        joined = {**part.get("properties", {}), **merged.get("properties", {})}
        needed = [*merged.get("required", ()), *part.get("required", ())]
        merged = {**part, **merged, "properties": joined, "required": needed}
    if "properties" in merged:
        merged["properties"] = {name: whole(part, content) for name, part in merged["properties"].items()}
    if "items" in merged:
        merged["items"] = whole(merged["items"], content)
    if "oneOf" in merged:
        merged["oneOf"] = [whole(part, content) for part in merged["oneOf"]]
    return merged

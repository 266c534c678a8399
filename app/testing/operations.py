"""Which operation a request asks for, found without Connexion: the Stage looks before anything is routed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from app.web.contract import base_of
from app.web.schema import Schema, plain

NAMES = {
    "textToImage": "text-to-image",
    "imageToImage": "image-to-image",
    "masking": "masking",
    "upscaleImage": "upscale",
    "listEngines": "list-engines",
    "userAccount": "account",
    "userBalance": "balance",
}
"""The names of operations in rules and journals, by their ids in the contracts."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of one contract, as far as rules, journal and strict mode look at it."""

    name: str
    version: str
    schemas: Mapping[str, Schema]
    """By media type, what its body may hold; empty where it takes none."""
    parameters: frozenset[tuple[str, str]]
    """Where and what it reads besides: ``("header", "organization")``."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a request goes: ``operation`` and ``engine`` are None where the contract has no such thing."""

    version: str
    operation: Operation | None = None
    engine: str | None = None


class Operations:
    """Every operation of some contracts."""

    def __init__(self, documents: Mapping[str, Mapping[str, Any]]) -> None:
        self._bases = {base_of(document): name for name, document in documents.items()}
        self._rows = [row for name, document in documents.items() for row in _rows(name, document)]

    def find(self, method: str, path: str) -> Target | None:
        """What is asked for; None for a path that is below no contract."""
        version = next((name for base, name in self._bases.items() if path.startswith(f"{base}/")), None)
        if version is None:
            return None
        for wanted, pattern, operation in self._rows:
            if wanted == method and (match := pattern.fullmatch(path)):
                return Target(version, operation, match.groupdict().get("engine_id"))
        return Target(version)


def _rows(name: str, document: Mapping[str, Any]) -> Iterator[tuple[str, re.Pattern[str], Operation]]:
    for path, methods in document["paths"].items():
        pattern = re.compile(base_of(document) + re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path))
        for method, facts in methods.items():
            yield method.upper(), pattern, _operation(name, facts, document)


def _operation(version: str, facts: Mapping[str, Any], document: Mapping[str, Any]) -> Operation:
    content = facts.get("requestBody", {}).get("content", {})
    schemas = {media: plain(_resolved(one["schema"], document)) for media, one in content.items()}
    parameters = (_resolved(parameter, document) for parameter in facts.get("parameters", ()))
    read = frozenset((one["in"], one["name"].lower()) for one in parameters)
    return Operation(NAMES[facts["operationId"]], version, schemas, read)


def _resolved(value: Any, document: Mapping[str, Any]) -> Any:
    """The same with every reference replaced by what it points to."""
    if isinstance(value, list):
        return [_resolved(item, document) for item in value]
    if not isinstance(value, Mapping):
        return value
    if "$ref" in value:
        found: Any = document
        for step in value["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        return _resolved(found, document)
    return {name: _resolved(part, document) for name, part in value.items()}

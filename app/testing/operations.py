"""Which operation a request asks for, found without Connexion: the Stage looks before anything is routed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from app.testing.roles import ROLE, sample
from app.web.contract import base_of, snake_case, territories
from app.web.schema import Schema, plain
from app.worlds.rule import Names

NAME = "x-understudy-name"
"""What an operation of a contract is called in rules and journals, where that is not its operationId."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of one contract, as far as rules, journal and strict mode look at it."""

    name: str
    version: str
    schemas: Mapping[str, Schema]
    """By media type, what its body may hold; empty where it takes none."""
    parameters: frozenset[tuple[str, str]]
    """Where and what it reads besides: ``("header", "organization")``."""
    answers: tuple[str, ...]
    """The media types that it answers in."""
    engine: str | None = None
    """The parameter of its path that names the engine."""
    real_engine: str | None = None
    """An engine that its body may name."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a request goes: ``operation`` and ``engine`` are None where the path has no such thing."""

    version: str
    operation: Operation | None = None
    engine: str | None = None


class Operations:
    """Every operation of some contracts."""

    def __init__(self, documents: Mapping[str, Mapping[str, Any]]) -> None:
        self._versions = territories(documents, {name: name for name in documents})
        rows = [row for name, document in documents.items() for row in _rows(name, document)]
        self._rows = sorted(rows, key=lambda row: row[1].groups)  # A path without parameters is meant by itself.

    def find(self, method: str, path: str) -> Target | None:
        """What is asked for; None for a path that is no contract's."""
        for wanted, pattern, operation in self._rows:
            if wanted == method and (match := pattern.fullmatch(path)):
                return Target(operation.version, operation, match[operation.engine] if operation.engine else None)
        version = self._versions.owner(path)
        return Target(version) if version is not None else None


def names(documents: Mapping[str, Mapping[str, Any]]) -> Names:
    """How rules and journals call these contracts and their operations."""
    operations = (_name(facts) for document in documents.values() for _, _, facts in _each(document))
    return Names(tuple(dict.fromkeys(operations)), tuple(documents))


def _name(facts: Mapping[str, Any]) -> str:
    """``textToImage`` as ``text-to-image``, unless the contract says another."""
    name: str = facts.get(NAME) or snake_case(facts["operationId"]).replace("_", "-")
    return name


def _rows(name: str, document: Mapping[str, Any]) -> Iterator[tuple[str, re.Pattern[str], Operation]]:
    for path, method, facts in _each(document):
        pattern = re.compile(base_of(document) + re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path))
        yield method.upper(), pattern, _operation(name, facts, document)


def _each(document: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for path, item in document["paths"].items():
        for method, facts in item.items():
            if "operationId" in facts:
                yield path, method, facts


def _operation(version: str, facts: Mapping[str, Any], document: Mapping[str, Any]) -> Operation:
    content = facts.get("requestBody", {}).get("content", {})
    bodies = {media: _resolved(one["schema"], document) for media, one in content.items()}
    schemas = {media: plain(schema) for media, schema in bodies.items()}
    parameters = [_meant(one, document) for one in facts.get("parameters", ())]
    read = frozenset((one["in"], one["name"].lower()) for one in parameters)
    done = (_meant(one, document) for status, one in facts["responses"].items() if str(status).startswith("2"))
    answers = tuple(dict.fromkeys(media for answer in done for media in answer.get("content", {})))
    engine = next((one["name"] for one in parameters if one["in"] == "path" and one.get(ROLE) == "engine"), None)
    real = next(filter(None, (sample(schema, "engine") for schema in bodies.values())), None)
    return Operation(_name(facts), version, schemas, read, answers, engine, real)


def _meant(value: Mapping[str, Any], document: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a reference points to, or the value itself."""
    while "$ref" in value:
        found: Any = document
        for step in value["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        value = found
    return value


def _resolved(value: Any, document: Mapping[str, Any]) -> Any:
    """The same with every reference at any depth replaced by what it points to."""
    if isinstance(value, list):
        return [_resolved(item, document) for item in value]
    if not isinstance(value, Mapping):
        return value
    return {name: _resolved(part, document) for name, part in _meant(value, document).items()}

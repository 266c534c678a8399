"""The operations of every contract that is served, and which of them a request asks for."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from app.web.contract import base_of, territories
from tests.fuzz.contract_bodies import whole
from tests.parity.ours import CONTRACTS
from tests.parity.sent import Sent
from tests.running import document

FORM = "multipart/form-data"
JSON = "application/json"
DOCUMENTS = {name: document(name) for name in CONTRACTS}
"""The contracts as they lie in ``spec/``."""


@dataclass(frozen=True)
class Operation:
    """One operation; ``template`` is its path on this server, with names in braces."""

    contract: str
    method: str
    template: str
    facts: Mapping[str, Any]

    def __str__(self) -> str:
        return f"{self.contract} {self.facts['operationId']}"

    @cached_property
    def content(self) -> dict[str, Any]:
        """The schemas of its body by media type, without references; empty where it has none."""
        content = DOCUMENTS[self.contract]
        body = whole(self.facts.get("requestBody", {}), content)
        return {media: whole(one["schema"], content) for media, one in body.get("content", {}).items()}

    @cached_property
    def queries(self) -> dict[str, Any]:
        """Its query parameters by name."""
        parameters = (whole(one, DOCUMENTS[self.contract]) for one in self.facts.get("parameters", ()))
        return {one["name"]: one for one in parameters if one["in"] == "query"}

    @property
    def secured(self) -> bool:
        """Whether it wants a key."""
        return bool(self.facts.get("security"))


def _operations() -> Iterator[Operation]:
    for contract, content in DOCUMENTS.items():
        for path, row in content["paths"].items():
            for method, facts in row.items():
                yield Operation(contract, method.upper(), base_of(content) + path, facts)


OPERATIONS = tuple(_operations())
_PATTERNS = tuple((re.compile(re.sub(r"\{[^}]*\}", "[^/]+", one.template)), one) for one in OPERATIONS)
_OWNERS = territories(DOCUMENTS, {name: name for name in DOCUMENTS})


def asked_for(sent: Sent) -> Operation | None:
    """The operation of the request's method and path, if there is one."""
    methods = {sent.method, "GET"} if sent.method == "HEAD" else {sent.method}
    return next((one for pattern, one in _PATTERNS if one.method in methods and pattern.fullmatch(sent.path)), None)


def owner(sent: Sent) -> str:
    """The contract whose path it is."""
    found = asked_for(sent)
    return found.contract if found else _OWNERS.owner(sent.path) or "v1"


def as_json(contract: dict[str, Any]) -> dict[str, Any]:
    """The contract with JSON wherever it wants a form: what a form says can be said to stock in this way."""
    content = copy.deepcopy(contract)
    for row in content["paths"].values():
        for facts in row.values():
            media = whole(facts.get("requestBody", {}), content).get("content", {})
            if FORM in media:
                media.setdefault(JSON, {"schema": media.pop(FORM)["schema"]})
    return content


def told(value: Any, schema: Mapping[str, Any]) -> Any:
    """What the contract names of a valid value, nulls and files left out: they are for handlers, not for validation."""
    if isinstance(value, list) and "items" in schema:
        return [told(item, schema["items"]) for item in value]
    if not isinstance(value, dict) or "properties" not in schema:
        return value
    known = {name: part for name, part in schema["properties"].items() if part.get("format") != "binary"}
    return {name: told(part, known[name]) for name, part in value.items() if name in known and part is not None}

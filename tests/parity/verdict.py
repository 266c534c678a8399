"""What a side made of a request, in words that both sides have."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """How a request ended."""

    TAKEN = "taken"
    PATH = "no such path"
    METHOD = "no such method"
    KEY = "no such key"
    MEDIA = "no such media type"
    BODY = "the body as a whole"
    FIELD = "a field"
    LIMIT = "a limit of the server"
    REDIRECT = "elsewhere"
    OTHER = "another refusal"
    CRASH = "a failure of the server"


@dataclass(frozen=True)
class Fault:
    """A field, as ``text_prompts[0].text``, and the rule of the contract that it breaks."""

    field: str
    rule: str


@dataclass(frozen=True)
class Verdict:
    """How a request ended, with which status, and by which faults.

    Stock Connexion knows every fault of a request, of which it tells one; we stop at the first.
    ``value`` is what a handler was given, as canonical JSON.
    """

    kind: Kind
    status: int
    faults: frozenset[Fault] = frozenset()
    value: str = ""

    def agrees(self, ours: Verdict) -> bool:
        """Whether ours, of the same request, is the same: our fault has to be one of those that stock finds."""
        if (self.kind, self.status) != (ours.kind, ours.status):
            return False
        return ours.faults <= self.faults and self.value == ours.value

    def roughly(self) -> Verdict:
        """The same without saying what is wrong in a body that is refused."""
        kind = Kind.BODY if self.kind is Kind.FIELD else self.kind
        return replace(self, kind=kind, faults=frozenset())

    def __str__(self) -> str:
        told = ", ".join(sorted(f"{fault.field}: {fault.rule}" for fault in self.faults))
        return f"{self.status} {self.kind}" + (f" ({told})" if told else "") + (f" {self.value}" if self.value else "")


def canonical(value: Any) -> str:
    """A value as text: the same text means the same value with the same types."""
    return json.dumps(value, sort_keys=True, default=repr)

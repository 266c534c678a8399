"""The journal of a world: every request with its answer, in the order in which the requests came.

Entries hold nothing secret and no picture; ``redaction`` has seen to that before they come here.
"""

from __future__ import annotations

import dataclasses
import fnmatch
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, TypedDict, Unpack

import orjson

from app.worlds.redaction import PictureNote
from engines.prices import MICRO

ENTRIES = 1000
BYTES = 4_000_000
"""About how much one journal may hold, counted as JSON."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One request and what became of it.

    It is there as soon as the request is, without an answer; ``status`` stays None where none ever came.
    """

    number: int = 0
    """Counts from 1 since the journal was last emptied; given by the journal."""
    at: float
    """When it came, in Unix seconds by the clock of its world."""
    method: str
    path: str
    query: str = ""
    operation: str | None = None
    """What its contract calls it, such as ``text-to-image``."""
    version: str | None = None
    """The name of the contract."""
    engine: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, Any] = field(default_factory=dict)
    """The body by its fields; a picture is an object of ``sha256``, ``bytes``, ``width`` and ``height``."""
    prompts: tuple[str, ...] = ()
    status: int | None = None
    answer_headers: Mapping[str, str] = field(default_factory=dict)
    answer: Any = None
    """What came back, if that was JSON or text; ``pictures`` says what became of pictures."""
    pictures: tuple[PictureNote, ...] = ()
    charged: int = 0
    """Micro-credits that the organization has paid for it."""
    seconds: float | None = None
    """From the first byte of the request to its answer, latency included."""
    latency: float = 0.0
    """Seconds of that which a rule or a prompt asked for."""
    outcome: str | None = None
    """The outcome that a rule or a magic input played; None where everything took its usual course."""
    rules: tuple[str, ...] = ()
    findings: tuple[str, ...] = ()
    """What the request says that the real service silently ignores."""

    def plain(self) -> dict[str, Any]:
        """As JSON says it; ``charged`` in credits."""
        shown = {one.name: getattr(self, one.name) for one in fields(self)}
        return shown | {
            "pictures": [picture.plain() for picture in self.pictures],
            "charged": self.charged / MICRO,
            "rules": list(self.rules),
            "prompts": list(self.prompts),
            "findings": list(self.findings),
        }


class Wanted(TypedDict, total=False):
    """Which entries: all of what is said must hold. None is the same as not said."""

    operation: str | None
    method: str | None
    path: str | None
    """A pattern as shells have them, such as ``/v1/generation/*``."""
    version: str | None
    status: int | None
    outcome: str | None
    rule: str | None
    """The id of a rule that fired."""
    engine: str | None
    prompt: str | None
    """What stands anywhere in one of the prompts, in any case."""
    since: int | None
    """The number of an entry: only those after it."""
    limit: int | None
    """No more than so many: the last of them."""


class Journal:
    """The last ``limit`` entries, fewer if these are large."""

    def __init__(self, limit: int = ENTRIES, size: int = BYTES) -> None:
        self._limit = limit
        self._room = size
        self._entries: OrderedDict[int, tuple[Entry, int]] = OrderedDict()
        self._size = 0
        self._last = 0

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Entry]:
        return (entry for entry, _ in self._entries.values())

    def add(self, entry: Entry) -> Entry:
        """Append it; the entry with its number."""
        self._last += 1
        numbered = dataclasses.replace(entry, number=self._last)
        self._put(numbered)
        return numbered

    def amend(self, entry: Entry, **changes: Any) -> Entry:
        """Replace an entry by the same one with changes; nothing is written if it is no longer there."""
        changed = dataclasses.replace(entry, **changes)
        kept = self._entries.get(entry.number)
        if kept is not None and kept[0] is entry:
            self._put(changed)
        return changed

    def find(self, **wanted: Unpack[Wanted]) -> tuple[Entry, ...]:
        """The entries that fit, in order."""
        found = tuple(entry for entry in self if _fits(entry, wanted))
        limit = wanted.get("limit")
        return found if limit is None else found[max(0, len(found) - limit) :]

    def count(self, **wanted: Unpack[Wanted]) -> int:
        """How many entries fit."""
        return len(self.find(**wanted))

    def clear(self) -> None:
        """Begin anew, with number 1."""
        self._entries.clear()
        self._size = self._last = 0

    def restore(self, entries: Iterable[Entry]) -> None:
        """Hold exactly these entries, which one journal held before, and go on counting after the last of them."""
        self.clear()
        for entry in entries:
            self._put(entry)
            self._last = entry.number

    def _put(self, entry: Entry) -> None:
        _, before = self._entries.get(entry.number, (entry, 0))
        size = len(orjson.dumps(entry.plain(), default=str))
        self._entries[entry.number] = (entry, size)
        self._size += size - before
        while len(self._entries) > self._limit or (self._size > self._room and len(self._entries) > 1):
            _, (_, gone) = self._entries.popitem(last=False)
            self._size -= gone


def _fits(entry: Entry, wanted: Wanted) -> bool:
    for name in ("operation", "version", "status", "outcome", "engine"):
        if wanted.get(name) is not None and getattr(entry, name) != wanted.get(name):
            return False
    method, path, prompt = wanted.get("method"), wanted.get("path"), wanted.get("prompt")
    rule, since = wanted.get("rule"), wanted.get("since")
    return (
        (method is None or entry.method == method.upper())
        and (path is None or fnmatch.fnmatchcase(entry.path, path))
        and (prompt is None or any(prompt.lower() in text.lower() for text in entry.prompts))
        and (rule is None or rule in entry.rules)
        and (since is None or entry.number > since)
    )

"""The journal of a world: every request that a client has sent, and how it was answered."""

from __future__ import annotations

import urllib.parse
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

Facts = dict[str, Any]
"""A JSON object of the control API."""


@dataclass(frozen=True)
class Entry:
    """One request and its answer. ``facts`` has all that the control API tells; the names below are the commonest."""

    facts: Facts

    def __getattr__(self, name: str) -> Any:
        """Any fact by its name: ``method``, ``path``, ``operation``, ``status``, ``outcome``, ``charged`` …."""
        facts: Facts = self.__dict__.get("facts", {})  # There are none yet while a copy is being made.
        try:
            return facts[name]
        except KeyError:
            raise AttributeError(f"a journal entry has no {name}; it has {', '.join(facts)}") from None

    def __str__(self) -> str:
        """The entry in one line."""
        facts = self.facts
        return f"#{facts['number']} {facts['method']} {facts['path']} -> {facts['status'] or facts['outcome']}"


class Journal(Sequence[Entry]):
    """The entries of a world, oldest first, read anew at each look. Filters are those of the control API."""

    def __init__(self, ask: Callable[[str, str], Facts], **filters: Any) -> None:
        self._ask = ask
        self._filters = filters

    def where(self, **filters: Any) -> Journal:
        """Only entries of an operation, method, path, status, outcome, rule, engine or prompt."""
        return Journal(self._ask, **{**self._filters, **filters})

    def count(self, value: object = None, **filters: Any) -> int:
        """How many entries there are; with filters, how many of these."""
        if value is not None:
            return super().count(value)
        return int(self._get("/world/journal/count", {**self._filters, **filters})["count"])

    def expect(self, count: int | None = None, **filters: Any) -> list[Entry]:
        """The entries that match; an ``AssertionError`` with the whole journal if there are not ``count`` of them.

        Without ``count`` there must be one at least.
        """
        __tracebackhide__ = True
        found = list(self.where(**filters))
        if (count is None and found) or len(found) == count:
            return found
        wanted = ", ".join(f"{name}={value!r}" for name, value in filters.items()) or "requests"
        listed = "\n".join(f"  {entry}" for entry in self) or "  nothing"
        number = "at least 1" if count is None else str(count)
        raise AssertionError(f"expected {number} of {wanted}, found {len(found)}; the journal holds\n{listed}")

    def clear(self) -> None:
        """Forget all entries of the world."""
        self._ask("DELETE", "/world/journal")

    def __len__(self) -> int:
        """How many entries match."""
        return self.count()

    def __getitem__(self, index: Any) -> Any:
        """An entry, or several by a slice."""
        return self._entries()[index]

    def __iter__(self) -> Iterator[Entry]:
        """The entries as they are now."""
        return iter(self._entries())

    def _entries(self) -> list[Entry]:
        return [Entry(facts) for facts in self._get("/world/journal", self._filters)["entries"]]

    def _get(self, path: str, filters: Facts) -> Facts:
        query = urllib.parse.urlencode({name: value for name, value in filters.items() if value is not None})
        return self._ask("GET", f"{path}?{query}" if query else path)

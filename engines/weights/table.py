"""One table of a TOML file, read strictly: every refusal names file, table, key and value, and what would be right."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from typing import Any

Plain = str | int | float | bool


class BadWorkshop(Exception):
    """The file that says how engines run says something that cannot be; the message tells what and where."""


class Table:
    """A table and where it stands. ``values`` is what TOML made of it."""

    def __init__(self, place: str, name: str, values: Any) -> None:  # a TOML value of any type
        self.place = place
        self._name = name
        if not isinstance(values, Mapping):
            raise BadWorkshop(f"{place}: {name} = {values!r}: use a table, [{name}]")
        self._values: Mapping[str, Any] = values

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def keys(self) -> tuple[str, ...]:
        """The keys, in the order of the file."""
        return tuple(self._values)

    def values(self) -> dict[str, Any]:
        """A copy of the table as it is."""
        return dict(self._values)

    def raw(self, key: str) -> Any:
        """The value as it is, None where there is none."""
        return self._values.get(key)

    def inner(self, key: str) -> Table:
        """A table inside this one; an empty one where there is none."""
        name = f"{self._name}.{key}" if self._name else key
        return Table(self.place, name, self._values.get(key, {}))

    def refused(self, key: str, right: str) -> BadWorkshop:
        """The error for a key whose value is wrong, or that is missing: ``right`` completes "use …"."""
        said = f" = {_shown(self._values[key])}" if key in self._values else " is missing"
        return BadWorkshop(f"{self._at(key)}{said}: use {right}")

    def wrong(self, complaint: str) -> BadWorkshop:
        """The error for a table that is wrong as a whole."""
        return BadWorkshop(f"{self.place}: [{self._name}] {complaint}")

    def allow(self, known: Collection[str]) -> None:
        """Refuse a key that means nothing here."""
        for key in self._values:
            if key in known:
                continue
            near = difflib.get_close_matches(key, known, 1)
            hint = f"did you mean {near[0]}?" if near else f"the keys are {', '.join(known)}"
            raise BadWorkshop(f"{self._at(key)}: there is no such key; {hint}")

    def text(self, key: str) -> str | None:
        """A text; None where there is none or an empty one."""
        value = self._values.get(key)
        if value is None:
            return None
        if not isinstance(value, str):
            raise self.refused(key, "a text in quotes")
        return value or None

    def flag(self, key: str) -> bool:
        """True or false; false where there is none."""
        value = self._values.get(key, False)
        if not isinstance(value, bool):
            raise self.refused(key, "true or false")
        return value

    def whole(self, key: str, low: int, high: int) -> int:
        """A whole number in a range; 0 where there is none."""
        value = self._values.get(key, 0)
        if isinstance(value, bool) or not isinstance(value, int) or not (value == 0 or low <= value <= high):
            raise self.refused(key, f"0, or a whole number from {low} to {high}")
        return value

    def choice(self, key: str, allowed: Collection[str]) -> str | None:
        """One of some words; None where there is none."""
        value = self.text(key)
        if value is not None and value not in allowed:
            raise self.refused(key, f"one of {', '.join(allowed)}")
        return value

    def _at(self, key: str) -> str:
        return f"{self.place}: [{self._name}] {key}" if self._name else f"{self.place}: {key}"


def _shown(value: Any) -> str:
    """A value as TOML writes it, nearly."""
    return str(value).lower() if isinstance(value, bool) else repr(value)

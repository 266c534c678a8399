"""Reads single variables of the environment and says precisely what is wrong with them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

T = TypeVar("T")

ON = {"1": True, "true": True, "on": True, "yes": True, "0": False, "false": False, "off": False, "no": False}


class BadSetting(Exception):
    """A setting has a value that cannot be used; the message names it and says what would be right."""


class Environment:
    """A mapping such as the environment. Every method raises ``BadSetting`` for a value that it cannot read."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self._env = env

    def text(self, name: str, default: str) -> str:
        """Any text, as it is."""
        return self._env.get(name) or default

    def whole(self, name: str, default: int, low: int, high: int) -> int:
        """A whole number within bounds."""
        return self._parse(name, default, int, low, high, "a whole number")

    def number(self, name: str, default: float, low: float, high: float) -> float:
        """A number within bounds."""
        return self._parse(name, default, float, low, high, "a number")

    def switch(self, name: str, default: bool) -> bool:
        """On or off, in the usual spellings."""
        value = self._env.get(name)
        if not value:
            return default
        if value.lower() not in ON:
            raise BadSetting(f"{name}={value!r}: use on or off")
        return ON[value.lower()]

    def choice(self, name: str, default: str, allowed: tuple[str, ...]) -> str:
        """One of some words, in any case."""
        value = self.text(name, default).lower()
        if value not in allowed:
            raise BadSetting(f"{name}={value!r}: use one of {', '.join(allowed)}")
        return value

    def key(self, name: str) -> str | None:
        """An API key."""
        value = self._env.get(name)
        if not value:
            return None
        if not (8 <= len(value) <= 256 and value.isascii() and value.isprintable() and " " not in value):
            raise BadSetting(f"{name}: use 8 to 256 printable ASCII characters without spaces, such as sk-…")
        return value

    def steps(self, name: str) -> tuple[tuple[str, int], ...]:
        """Steps by engine id; ``*`` for a number without one. Few engines take less than ten, which must be named."""
        pairs = []
        for entry in filter(None, self._env.get(name, "").replace(" ", "").split(",")):
            engine, _, count = entry.rpartition("=")
            if not (count.isdecimal() and (1 if engine else 10) <= int(count) <= 150):
                raise BadSetting(f"{name}={entry!r}: use 10 to 150, or engine-id=steps, separated by commas")
            pairs.append((engine or "*", int(count)))
        return tuple(pairs)

    def pairs(self, name: str, form: str) -> tuple[tuple[str, str], ...]:
        """Pairs with an equals sign in between, separated by commas."""
        pairs = []
        for entry in filter(None, self._env.get(name, "").replace(" ", "").split(",")):
            left, _, right = entry.partition("=")
            if not (left and right):
                raise BadSetting(f"{name}={entry!r}: use {form}, separated by commas")
            pairs.append((left, right))
        return tuple(pairs)

    def _parse(self, name: str, default: T, kind: Callable[[str], T], low: float, high: float, words: str) -> T:
        value = self._env.get(name)
        if not value:
            return default
        try:
            parsed = kind(value)
        except ValueError:
            raise BadSetting(f"{name}={value!r}: use {words}") from None
        if not low <= parsed <= high:  # type: ignore[operator]  # int and float both compare
            raise BadSetting(f"{name}={value!r}: use {words} from {low:,} to {high:,}")
        return parsed

"""The loaded components, each held once however many engines use it."""

from __future__ import annotations

from collections.abc import Callable, Set
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Want:
    """A component that an engine needs: ``name`` is for people, ``key`` is equal where the content is the same.

    ``size`` is the memory it will take, in bytes, as far as its files tell. ``load`` reads it to the device and
    raises ``WeightsUnusable``. Any: what it reads is an object of a library.
    """

    name: str
    key: str
    size: int
    load: Callable[[], Any]


@dataclass(frozen=True, slots=True, eq=False)
class _Held:
    component: Any
    size: int


class Shelf:
    """Not for several threads."""

    def __init__(self) -> None:
        self._held: dict[str, _Held] = {}

    def __contains__(self, key: str) -> bool:
        return key in self._held

    def take(self, want: Want) -> Any:
        """The component, loaded now if it is not here."""
        if want.key not in self._held:
            self._held[want.key] = _Held(want.load(), want.size)
        return self._held[want.key].component

    def keep(self, keys: Set[str]) -> None:
        """Let go of every other component."""
        self._held = {key: held for key, held in self._held.items() if key in keys}

    def size(self, keys: Set[str] | None = None) -> int:
        """Bytes of these components, or of all."""
        return sum(held.size for key, held in self._held.items() if keys is None or key in keys)

"""A memory for what was made once and is likely to be asked for again, bounded in bytes."""

from __future__ import annotations

import weakref
from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Any, TypeVar

T = TypeVar("T")

_ENTRY_BYTES = 1024
"""What an entry is taken to need beside its value, so that many small ones are bounded too."""


class Memory:
    """Keeps values by key, in ``most`` bytes together; what nobody asked for the longest goes first.

    Any thread may use it. Whatever it gives may be given to others as well and must not be changed. A key says
    everything that decides its value, and also what kind of value that is.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._held: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()
        self._bytes = 0
        self._lock = Lock()

    def get(self, key: Hashable) -> Any:
        """What is kept under the key, or None."""
        with self._lock:
            found = self._held.get(key)
            if found is None:
                return None
            self._held.move_to_end(key)
            return found[0]

    def keep(self, key: Hashable, value: T, size: int) -> T:
        """Keep a value of ``size`` bytes, unless it is too large or there is one already; the one that is kept."""
        size += _ENTRY_BYTES
        with self._lock:
            held = self._held.get(key)
            if held is not None:
                kept: T = held[0]
                return kept
            if size <= self._most:
                self._held[key] = value, size
                self._bytes += size
            while self._bytes > self._most:
                _, (_, freed) = self._held.popitem(last=False)
                self._bytes -= freed
        return value

    def once(self, key: Hashable, make: Callable[[], T], size: Callable[[T], int]) -> T:
        """What is kept under the key, or else what ``make`` gives, kept with its ``size``.

        Two who ask at the same time may both make it; they are given the same one.
        """
        found: T | None = self.get(key)
        if found is not None:
            return found
        made = make()
        return self.keep(key, made, size(made))


class Same:
    """Stands for one object in keys, without looking at what is in it and without keeping it alive.

    Two are equal if they stand for the same object; once that is gone, nothing is equal to them.
    """

    __slots__ = ("_hash", "_thing")

    def __init__(self, thing: object) -> None:
        self._thing = weakref.ref(thing)
        self._hash = id(thing)

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Same):
            return NotImplemented
        mine = self._thing()
        return mine is not None and mine is other._thing()

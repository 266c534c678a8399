"""Numbers that look random and are the same everywhere: a counter hashed with integers only."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from hashlib import blake2b
from typing import Self

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from engines.types import Pixels

Ints = NDArray[np.int32]

_WEYL = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_WORD = 2**64 - 1


class Dice:
    """A stream of numbers that follows from a key alone (SplitMix64 over a counter)."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._start = int.from_bytes(blake2b(key, digest_size=8).digest(), "little")
        self._used = 0

    @classmethod
    def of(cls, *facts: str | int | float | None) -> Self:
        """Dice that fall differently when any fact, its type or their order differs."""
        return cls(b"".join(_encoded(facts)))

    def fork(self, name: str) -> Dice:
        """Independent dice for one part of the picture, so that parts do not shift each other."""
        return Dice(self._start.to_bytes(8, "little") + name.encode())

    def below(self, limit: int, count: int) -> Ints:
        """``count`` numbers from 0 to ``limit - 1``; the limit is at most 2^31."""
        at = np.arange(self._used + 1, self._used + 1 + count, dtype=np.uint64)
        self._used += count
        x = at * _WEYL + np.array([self._start], np.uint64)
        x = (x ^ (x >> np.uint64(30))) * _MIX_1
        x = (x ^ (x >> np.uint64(27))) * _MIX_2
        x = (x ^ (x >> np.uint64(31))) >> np.uint64(33)
        return ((x * np.uint64(limit)) >> np.uint64(31)).astype(np.int32)

    def roll(self, low: int, high: int) -> int:
        """One number from ``low`` to ``high``, both included; the next of the same stream."""
        self._used += 1
        x = (self._start + self._used * int(_WEYL)) & _WORD
        x = ((x ^ (x >> 30)) * int(_MIX_1)) & _WORD
        x = ((x ^ (x >> 27)) * int(_MIX_2)) & _WORD
        return low + (((x ^ (x >> 31)) >> 33) * (high - low + 1) >> 31)

    def bytes(self, height: int, width: int) -> Pixels:
        """A field of independent bytes, height x width."""
        return self.below(256, height * width).astype(np.uint8).reshape(height, width)

    def wave(self, length: int, cell: int) -> Ints:
        """A smooth curve of ``length`` values from 0 to 4096 that changes direction about every ``cell``."""
        knots = self.below(4097, length // cell + 2)
        at = np.arange(length, dtype=np.int32)
        left, t = at // cell, (at % cell) * 256 // cell
        eased = (t * t * (768 - 2 * t)) >> 16
        return knots[left] + (((knots[left + 1] - knots[left]) * eased) >> 8)

    def clouds(self, height: int, width: int, cell: int) -> Pixels:
        """A smooth field, height x width, whose blots are about ``cell`` pixels large."""
        small = Image.fromarray(self.bytes(height // cell + 2, width // cell + 2))
        return np.asarray(small.resize((width, height), Image.Resampling.BICUBIC))


def _encoded(facts: Iterable[str | int | float | None]) -> Iterable[bytes]:
    for fact in facts:
        if fact is None:
            yield b"n"
        elif isinstance(fact, float):
            yield b"f" + struct.pack(">d", fact + 0.0)  # adding zero makes -0.0 the same as 0.0
        else:
            text = (fact if isinstance(fact, str) else str(fact)).encode("utf-8", "replace")
            kind = b"s" if isinstance(fact, str) else b"i"
            yield kind + struct.pack(">I", len(text)) + text

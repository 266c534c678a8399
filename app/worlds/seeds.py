"""The seeds a world gives to requests that name none: always the same ones in the same order."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from engines.types import MAX_SEED


@dataclass(frozen=True, slots=True)
class SeedState:
    """Which row of seeds, and how many of it were drawn."""

    start: str
    drawn: int = 0


class Seeds:
    """Seed number n is a hash of ``start`` and n, so these two are all that there is to remember."""

    def __init__(self, start: str) -> None:
        self.start = start
        self.drawn = 0

    def next(self) -> int:
        """The next seed, 1..2^32 - 1."""
        self.drawn += 1
        digest = hashlib.sha256(f"{self.start}/{self.drawn}".encode()).digest()
        return int.from_bytes(digest[:8], "big") % MAX_SEED + 1

    def state(self) -> SeedState:
        """Where the row stands."""
        return SeedState(self.start, self.drawn)

    def restore(self, state: SeedState) -> None:
        """Go on from there."""
        self.start, self.drawn = state.start, state.drawn

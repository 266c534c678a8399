"""One request with what both sides said of it, and what a rule about their differences is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.parity.contracts import Operation
from tests.parity.sent import Sent
from tests.parity.verdict import Verdict


@dataclass(frozen=True)
class Pair:
    """``sent`` is the request as stock Connexion was asked, which may be worded for it."""

    sent: Sent
    operation: Operation | None
    stock: Verdict
    ours: Verdict

    @property
    def agrees(self) -> bool:
        """Whether both say the same."""
        return self.stock.agrees(self.ours)


@dataclass(frozen=True)
class Rewording:
    """A way to say something that we understand and stock Connexion does not; then both have to agree on it.

    ``why`` is what it is good for, ``known`` what that rests on: rows of ``spec/README.md``, standards, stock's code.
    """

    name: str
    why: str
    known: str
    reword: Callable[[Pair], Sent | None]
    """The same in stock's words, or nothing where this is not about it."""


@dataclass(frozen=True)
class Rule:
    """An intended difference between what both sides say, and for which requests it may be."""

    name: str
    why: str
    known: str
    covers: Callable[[Pair], bool]

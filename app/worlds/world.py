"""A world: everything that one API key sees. Only ever touched on the event loop."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable

from app.accounts.model import Account, Membership, Role
from app.accounts.names import DEFAULT_PICTURE
from app.accounts.ports import RateLimit
from app.worlds.clock import Clock
from app.worlds.gate import Gate, GateState
from app.worlds.journal import Journal
from app.worlds.keys import KeyFacts
from app.worlds.opening import Bounds, Opening
from app.worlds.purse import Purse, PurseState
from app.worlds.rules import Rules
from app.worlds.seeds import Seeds, SeedState
from app.worlds.snapshots import Shelf


class World:
    """What a key opens. ``reset`` brings it back to that; snapshots outlive a reset.

    ``engines`` are the visible ones (None: all). ``rate_limit`` None: off. ``books`` counts in micro-credits.
    """

    def __init__(
        self, facts: KeyFacts, opening: Opening, bounds: Bounds, idle_clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.id = facts.id
        self.name = facts.name
        self.key_hint = facts.hint
        self.key_id = f"key-{facts.id}"
        self.organization_id = _token("org-", facts.id)
        self._account_id = _token("user-", facts.id)
        self._opening = opening
        self._credits = opening.credits if facts.credits is None else facts.credits
        self._idle_clock = idle_clock
        self.books = Purse(self._credits)
        self.clock = Clock()
        self.gate = Gate()
        self.seeds = Seeds(self.id)
        self.rules = Rules(bounds.rules)
        self.journal = Journal(bounds.journal)
        self.snapshots = Shelf(bounds.snapshots)
        self._begin()
        self.touch()

    @property
    def account(self) -> Account:
        """The one account of this world, a member of its one organization."""
        membership = Membership(self.organization_id, self.name, self.role, is_default=True)
        return Account(self._account_id, f"{self.id}@understudy.example", DEFAULT_PICTURE, (membership,))

    def next_seed(self) -> int:
        """The seed for a request that names none, 1..2^32 - 1; the same ones in the same order after a reset."""
        return self.seeds.next()

    def reset(self) -> None:
        """As its key opened it. Requests that are running go on, but their charges move nothing any more."""
        self.books.restore(PurseState(self._credits, 0))
        self.clock.reset()
        self.gate.restore(GateState())
        self.seeds.restore(SeedState(self.id))
        self.rules.reset()
        self.journal.clear()
        self._begin()

    def touch(self) -> None:
        """Note that somebody uses it."""
        self._used = self._idle_clock()

    def idle(self) -> float:
        """Real seconds since it was last used."""
        return self._idle_clock() - self._used

    def _begin(self) -> None:
        self.role = Role.ADMIN
        self.engines: frozenset[str] | None = None
        self.strict = self._opening.strict
        self.rate_limit: RateLimit | None = self._opening.rate_limit


def _token(prefix: str, world_id: str) -> str:
    """An id as the real service has them, always the same for the same world."""
    return prefix + hashlib.sha256(f"{prefix}{world_id}".encode()).hexdigest()[:24]

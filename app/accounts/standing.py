"""What a caller who was remembered still has to show, and the memory itself."""

from __future__ import annotations

import dataclasses
import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.accounts.model import Caller
    from app.accounts.ports import RateLimit

BRIEF = 0.25
"""Seconds for which a caller is taken at their word; a key that was revoked opens nothing any more after them."""

KNOWN = 60.0
"""Seconds for which a caller is remembered who has to be proven before anything is answered."""

MANY = 10_000
"""How many callers are remembered."""


def digest(key: str) -> str:
    """What is kept in place of a key. Any text may be sent as a key, even one that is no valid Unicode."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


class Standing:
    """That a caller is remembered, and whether the store has said since that all of it still holds.

    ``key`` is the digest of the key, ``organization`` the one that was asked for, ``limit`` what the request
    counts against. Who takes credits proves it in the same round trip.
    """

    def __init__(self, key: str, organization: str | None, limit: RateLimit | None) -> None:
        self.key = key
        self.organization = organization
        self.limit = limit
        self.proven = False


class Acquaintances:
    """Remembers who was identified, under digests of their keys; ``clock`` gives seconds that never go back."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._known: OrderedDict[tuple[str, str | None], tuple[float, Caller]] = OrderedDict()

    def keep(self, key: str, organization: str | None, asked: float, caller: Caller) -> None:
        """Remember what the store said when it was ``asked``, but not the balance, which changes all the time."""
        name = digest(key), organization
        self._known[name] = asked, dataclasses.replace(caller, balance=None)
        self._known.move_to_end(name)
        while len(self._known) > MANY:
            self._known.popitem(last=False)

    def now(self) -> float:
        """The time of the clock."""
        return self._clock()

    def brief(self, key: str, organization: str | None) -> Caller | None:
        """A caller who was identified a moment ago, which is proof enough for what costs nothing."""
        asked, caller = self._known.get((digest(key), organization), (0.0, None))
        return caller if caller is not None and self._clock() - asked < BRIEF else None

    def known(self, key: str, organization: str | None, limit: RateLimit | None) -> Caller | None:
        """A caller who was identified lately and has to be proven."""
        name = digest(key), organization
        asked, caller = self._known.get(name, (0.0, None))
        if caller is None or self._clock() - asked >= KNOWN:
            return None
        # Not dataclasses.replace, which takes longer than all the rest of it.
        return type(caller)(caller.account, caller.organization_id, caller.key_id, None, Standing(*name, limit))

    def forget(self, key: str, organization: str | None) -> None:
        """Know them no longer: they were turned away."""
        self._known.pop((digest(key), organization), None)

"""Directory and ledger over worlds: what the store does for accounts, done in memory for worlds."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager

from app.accounts.model import Caller, Charge
from app.accounts.ports import RateLimit
from app.errors import NotAMember, StoreUnavailable
from app.worlds.now import current, tab
from app.worlds.purse import Purse
from app.worlds.worlds import Worlds

REMEMBERED = 10_000
"""Charges whose purse is known after their end."""


class Books:
    """The ports ``Directory`` and ``Ledger``. Nothing waits here, so every call is atomic."""

    def __init__(self, worlds: Worlds) -> None:
        self._worlds = worlds
        self._open: dict[str, Purse] = {}
        self._ended: OrderedDict[str, Purse] = OrderedDict()
        self._nobody = Purse(0)

    async def identify(self, key: str, organization: str | None, limit: RateLimit | None) -> Caller:
        """Who holds ``key``, in the world that it opens. Raises ``UnknownKey``, ``RateLimited`` or ``NotAMember``.

        A world has a rate limit of its own, on its own clock; ``limit`` is what it was opened with.
        """
        world = self._worlds.open(key)
        if world.rate_limit is not None:
            world.gate.enter(world.rate_limit, world.clock.now())
        if organization and organization != world.organization_id:
            raise NotAMember
        return Caller(world.account, world.organization_id, world.key_id, world.books.balance)

    async def balance(self, organization_id: str) -> int:
        """What the world of the organization has left."""
        return self._payer(organization_id).balance

    async def reserve(self, charge: Charge) -> int:
        """Take the amount out of the world's balance; the new balance.

        Raises ``InsufficientBalance``, ``AllowanceExhausted``, or ``StoreUnavailable`` for a charge that was
        released before.
        """
        purse = self._purse_of(charge.id) or self._payer(charge.organization_id)
        with _noted(purse):
            balance = purse.reserve(charge.id, charge.amount, charge.allowance, charge.day)
        if charge.id not in self._ended:
            self._open[charge.id] = purse
        return balance

    async def give_back(self, charge_id: str, amount: int, reason: str) -> None:
        """Return part of an open charge, once for each reason; it stays open with the rest."""
        purse = self._purse_of(charge_id) or self._nobody
        with _noted(purse):
            purse.give_back(charge_id, amount, reason)

    async def settle(self, charge_id: str) -> None:
        """What is left of the charge is spent."""
        (self._purse_of(charge_id) or self._nobody).settle(charge_id)
        self._end(charge_id)

    async def release(self, charge_id: str, reason: str) -> None:
        """All of an open charge goes back; an unknown one can no longer be reserved."""
        purse = self._purse_of(charge_id) or self._nobody
        with _noted(purse):
            purse.release(charge_id)
        self._open.setdefault(charge_id, purse)
        self._end(charge_id)

    async def recover(self, exclusive: bool) -> None:
        """Close worlds that nobody uses; there is no crash that memory survives."""
        self._worlds.expire()

    async def ping(self) -> None:
        """Return at once: memory is always there."""

    async def close(self) -> None:
        """Nothing to close."""

    def _purse_of(self, charge_id: str) -> Purse | None:
        return self._open.get(charge_id) or self._ended.get(charge_id)

    def _payer(self, organization_id: str) -> Purse:
        """The purse of the organization's world, which may have been closed while its request is running."""
        world = current.get()
        if world is None or world.organization_id != organization_id:
            world = self._worlds.of_organization(organization_id)
        if world is None:
            raise StoreUnavailable(f"the world of {organization_id} is closed")
        return world.books

    def _end(self, charge_id: str) -> None:
        purse = self._open.pop(charge_id, None)
        if purse is not None:
            self._ended[charge_id] = purse
        while len(self._ended) > REMEMBERED:
            self._ended.popitem(last=False)


class Doorman:
    """The port ``Directory`` for those who steer a world: no rate limit counts them or locks them out."""

    def __init__(self, worlds: Worlds) -> None:
        self._worlds = worlds

    async def identify(self, key: str, organization: str | None, limit: RateLimit | None) -> Caller:
        """Whose world ``key`` opens. Raises ``UnknownKey``."""
        world = self._worlds.open(key)
        return Caller(world.account, world.organization_id, world.key_id, world.books.balance)


@contextmanager
def _noted(purse: Purse) -> Iterator[None]:
    """Write what the balance loses or gains on the tab of the request."""
    before = purse.balance
    yield
    bill = tab.get()
    if bill is not None:
        bill.charged += before - purse.balance

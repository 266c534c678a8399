"""What the rest of the counter needs from the store, as small protocols."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from app.accounts.model import Caller, Charge


@dataclass(frozen=True, slots=True)
class RateLimit:
    """``requests`` within ``window`` seconds per key, then refused for ``lockout`` seconds."""

    requests: int = 150
    window: int = 10
    lockout: int = 60


class Directory(Protocol):
    """Turns an API key into a caller."""

    async def identify(self, key: str, organization: str | None, limit: RateLimit | None) -> Caller:
        """One round trip. Raises ``UnknownKey``, ``NotAMember`` or ``RateLimited``."""
        ...


class Ledger(Protocol):
    """Moves credits; every call is atomic and safe to repeat with the same charge id."""

    async def balance(self, organization_id: str) -> int:
        """What an organization has left, in micro-credits."""
        ...

    async def reserve(self, charge: Charge) -> int:
        """Take the whole amount out of the balance; the new balance.

        Raises ``InsufficientBalance``, or ``AllowanceExhausted`` where the charge has an allowance of which less
        is left for its day. What goes back later goes back to the allowance of that day too. A standing that
        is not proven yet is proven before anything is taken: ``UnknownKey``, ``NotAMember``, ``RateLimited``, or
        ``CallerChanged`` where another organization is to pay.
        """
        ...

    async def give_back(self, charge_id: str, amount: int, reason: str) -> None:
        """Return part of an open charge to the balance, once for each reason; it stays open with the rest."""
        ...

    async def settle(self, charge_id: str) -> None:
        """What is left of the charge is spent; writes the journal."""
        ...

    async def release(self, charge_id: str, reason: str) -> None:
        """All of an open charge goes back to the balance; writes the journal.

        A charge that is not known yet can no longer be reserved, so a caller may always release
        after a ``reserve`` whose answer it did not see.
        """
        ...

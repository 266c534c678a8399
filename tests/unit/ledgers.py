"""A ledger for tests that writes down what it is told."""

from __future__ import annotations

from app.accounts.model import Charge
from app.errors import InsufficientBalance, StoreUnavailable


class NotedLedger:
    """Grants what is asked for and notes every step; ``away`` is how often it is not there."""

    def __init__(self, balance: int = 10_000_000, away: int = 0) -> None:
        self.balance = balance
        self.away = away
        self.steps: list[tuple[str, int | str]] = []
        self.charges: list[Charge] = []

    async def reserve(self, charge: Charge) -> int:
        if charge.amount > self.balance:
            raise InsufficientBalance(charge.amount, self.balance)
        self.charges.append(charge)
        self.steps.append(("reserve", charge.amount))
        return self.balance - charge.amount

    async def give_back(self, charge_id: str, amount: int, reason: str) -> None:
        self.steps.append((f"give back {reason}", amount))

    async def settle(self, charge_id: str) -> None:
        self._maybe_away()
        self.steps.append(("settle", 0))

    async def release(self, charge_id: str, reason: str) -> None:
        self._maybe_away()
        self.steps.append(("release", reason))

    def _maybe_away(self) -> None:
        if self.away:
            self.away -= 1
            raise StoreUnavailable("away")

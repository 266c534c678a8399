"""The credits of a world: what it has, what is set aside for running requests, what it spent."""

from __future__ import annotations

import logging
from collections import OrderedDict
from dataclasses import dataclass, field

from app.accounts.model import DAY, Allowance, ChargeState
from app.accounts.refusals import BalanceTooLarge
from app.errors import AllowanceExhausted, InsufficientBalance, StoreUnavailable

log = logging.getLogger("understudy.worlds")

MOST = 4_000_000_000_000_000
"""Micro-credits that can be given to a world altogether: as many as a real account can be given."""

REMEMBERED = 1_000
"""Ended charges that are known, so that a late repetition changes nothing."""


@dataclass(slots=True)
class _Day:
    """What was spent of an allowance in the UTC day with this number."""

    number: int
    used: int = 0


@dataclass(slots=True)
class _Open:
    """What is left of an open charge, and the reasons for which parts of it went back."""

    rest: int
    day: _Day | None = None
    reasons: set[str] = field(default_factory=set)

    def take_back(self, amount: int) -> None:
        """Give up a part of what is left; the day in which it was spent has it again."""
        self.rest -= amount
        if self.day is not None:
            self.day.used -= amount


@dataclass(frozen=True, slots=True)
class PurseState:
    """The sums, for a snapshot; charges belong to requests that are running and are not in it."""

    balance: int
    spent: int
    days: tuple[tuple[str, int, int], ...] = ()
    """Of every allowance its name, the day of its last charge and what was spent of it in that day."""


class Purse:
    """In micro-credits, and always ``balance + open + spent == granted``."""

    def __init__(self, credits: int) -> None:
        self.balance = credits
        self.granted = credits
        self.spent = 0
        self._open: dict[str, _Open] = {}
        self._days: dict[str, _Day] = {}
        self._ended: OrderedDict[str, ChargeState] = OrderedDict()

    @property
    def open(self) -> int:
        """Set aside for requests that are running."""
        return sum(charge.rest for charge in self._open.values())

    def set_balance(self, credits: int) -> None:
        """Have this much from now on. Raises ``ValueError`` below zero, ``BalanceTooLarge`` beyond ``MOST``."""
        if credits < 0:
            raise ValueError("a balance cannot be negative")
        granted = self.granted + credits - self.balance
        if max(credits, granted) > MOST:
            raise BalanceTooLarge(MOST)
        self.balance, self.granted = credits, granted

    def reserve(self, charge_id: str, amount: int, allowance: Allowance | None = None, day: int = 0) -> int:
        """Set the amount aside; the new balance.

        Raises ``InsufficientBalance``, ``AllowanceExhausted``, or ``StoreUnavailable`` once the charge has ended.
        """
        if amount < 0:
            raise ValueError("a charge cannot be negative")
        if self._ended.get(charge_id) is ChargeState.GIVEN_BACK:
            raise StoreUnavailable(f"charge {charge_id} was already given back")
        if charge_id in self._open or charge_id in self._ended:
            return self.balance
        if amount > self.balance:
            raise InsufficientBalance(amount, self.balance)
        self._open[charge_id] = _Open(amount, self._spend(allowance, day, amount) if allowance else None)
        self.balance -= amount
        return self.balance

    def give_back(self, charge_id: str, amount: int, reason: str) -> None:
        """Return a part of an open charge, once for each reason. Raises ``ValueError`` for more than is left."""
        if amount < 0:
            raise ValueError("what is given back cannot be negative")
        charge = self._open.get(charge_id)
        if charge is None or reason in charge.reasons:
            return
        if amount > charge.rest:
            raise ValueError(f"charge {charge_id} has {charge.rest} left, not {amount}")
        charge.reasons.add(reason)
        charge.take_back(amount)
        self.balance += amount

    def settle(self, charge_id: str) -> None:
        """What is left of an open charge is spent; nothing happens to one that ended."""
        charge = self._open.get(charge_id)
        if charge is None:
            log.warning("settle_without_charge charge=%s state=%s", charge_id, self._ended.get(charge_id, "unknown"))
            return
        self._end(charge_id, ChargeState.SETTLED)
        self.spent += charge.rest

    def release(self, charge_id: str) -> None:
        """All of an open charge goes back; one that is not known yet can no longer be reserved."""
        if charge_id not in self._ended:
            charge = self._open.get(charge_id)
            if charge is not None:
                self.balance += charge.rest
                charge.take_back(charge.rest)
            self._end(charge_id, ChargeState.GIVEN_BACK)

    def state(self) -> PurseState:
        """The sums as they are now."""
        days = tuple((name, day.number, day.used) for name, day in self._days.items())
        return PurseState(self.balance, self.spent, days)

    def restore(self, state: PurseState) -> None:
        """The sums as they were; whatever running requests still say about their charges moves nothing."""
        for charge_id in tuple(self._open):
            self._end(charge_id, ChargeState.GIVEN_BACK)
        self._days = {name: _Day(number, used) for name, number, used in state.days}
        self.balance, self.spent = state.balance, state.spent
        self.granted = state.balance + state.spent

    def _spend(self, allowance: Allowance, number: int, amount: int) -> _Day:
        day = self._days.get(allowance.name)
        if day is None or day.number != number:
            day = self._days[allowance.name] = _Day(number)
        if day.used + amount > allowance.amount:
            raise AllowanceExhausted(amount, allowance.amount - day.used, (number + 1) * DAY // 1000)
        day.used += amount
        return day

    def _end(self, charge_id: str, state: ChargeState) -> None:
        self._open.pop(charge_id, None)
        self._ended[charge_id] = state
        while len(self._ended) > REMEMBERED:
            self._ended.popitem(last=False)

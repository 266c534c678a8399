"""Takes the price of a piece of work before it begins, and gives it back unless the work is delivered."""

from __future__ import annotations

import asyncio
import functools
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from app.accounts.model import Allowance, Caller, Charge
from app.accounts.ports import Ledger
from app.closing import Closing, unbroken
from app.errors import AllowanceExhausted, InsufficientBalance, TurnedAway


@dataclass(frozen=True, slots=True)
class Sale:
    """What is sold: ``amount`` in micro-credits for all ``samples`` together, counted against ``allowance`` if any."""

    amount: int
    engine_id: str
    task: str
    samples: int = 1
    allowance: Allowance | None = None


class Bill:
    """A sale that is paid and not delivered yet; ``balance`` is what the organization has left, in micro-credits."""

    def __init__(self, ledger: Ledger, charge: Charge, balance: int) -> None:
        self._ledger = ledger
        self._charge = charge
        self.balance = balance

    async def give_back(self, amount: int, reason: str) -> None:
        """Return a part of the price, once for each reason."""
        await self._ledger.give_back(self._charge.id, amount, reason)
        self.balance += amount


class Till:
    """Every sale passes here. ``now`` gives Unix seconds."""

    def __init__(self, ledger: Ledger, now: Callable[[], float]) -> None:
        self._ledger = ledger
        self._now = now
        self._closing = Closing()

    async def balance(self, caller: Caller) -> int:
        """What the caller's organization has left, in micro-credits, as read during this request."""
        if caller.balance is not None:
            return caller.balance
        return await self._ledger.balance(caller.organization_id)

    @asynccontextmanager
    async def charged(self, caller: Caller, sale: Sale) -> AsyncIterator[Bill]:
        """The paid bill; work and deliver inside the ``async with``.

        Leaving the block normally means that the work was delivered: the price is spent. Leaving it with any
        exception, a client that hung up included, gives everything back. Raises ``InsufficientBalance`` and
        ``AllowanceExhausted``.
        """
        charge = self._charge(caller, sale)
        bill = Bill(self._ledger, charge, await self._reserved(charge))
        try:
            yield bill
        except BaseException as problem:
            await self._undo(charge, problem)
            raise
        await self._settle(charge)

    async def _settle(self, charge: Charge) -> None:
        """Settle, and if we are cancelled meanwhile do it again and to the end: once more changes nothing."""
        step = functools.partial(self._ledger.settle, charge.id)
        try:
            await self._closing.close(step)
        except asyncio.CancelledError:
            await unbroken(self._closing.close(step))
            raise

    async def _reserved(self, charge: Charge) -> int:
        try:
            return await self._ledger.reserve(charge)
        except (InsufficientBalance, AllowanceExhausted, TurnedAway):
            raise
        except BaseException as problem:  # It may have been reserved, although we did not hear of it.
            await self._undo(charge, problem)
            raise

    async def _undo(self, charge: Charge, problem: BaseException) -> None:
        await unbroken(self._closing.close(functools.partial(self._ledger.release, charge.id, _reason(problem))))

    def _charge(self, caller: Caller, sale: Sale) -> Charge:
        return Charge(
            id=secrets.token_hex(16),
            organization_id=caller.organization_id,
            key_id=caller.key_id,
            amount=sale.amount,
            engine_id=sale.engine_id,
            task=sale.task,
            samples=sale.samples,
            at=int(self._now() * 1000),
            allowance=sale.allowance,
            standing=caller.standing,
        )


def _reason(problem: BaseException) -> str:
    return "cancelled" if isinstance(problem, asyncio.CancelledError) else type(problem).__name__

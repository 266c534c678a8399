"""The till: a sale is paid before the work, spent when it is delivered, and given back in every other case."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

import pytest

from app import closing
from app.accounts.model import Account, Allowance, Caller, Charge
from app.errors import AllowanceExhausted, InsufficientBalance, StoreUnavailable
from app.till import Sale, Till
from tests.unit.ledgers import NotedLedger

CALLER = Caller(Account("user-1", "a@example.com", "", ()), "org-1", "key-1", 10_000_000)
SALE = Sale(3_000_000, "sentences", "similarity", 2, Allowance("texts", 5_000_000))


class Refusing(NotedLedger):
    """A ledger that answers every reservation with an error."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    async def reserve(self, charge: Charge) -> int:
        raise self.error


class Slow(NotedLedger):
    """A ledger that takes its time to reserve."""

    def __init__(self) -> None:
        super().__init__()
        self.asked, self.go = asyncio.Event(), asyncio.Event()

    async def reserve(self, charge: Charge) -> int:
        self.asked.set()
        await self.go.wait()
        return await super().reserve(charge)


def sell(ledger: NotedLedger, work: Callable[[], Awaitable[None]] | None = None) -> int:
    """One sale with some work in it; the balance that was told."""

    async def whole() -> int:
        async with Till(ledger, lambda: 1_700_000_000.5).charged(CALLER, SALE) as bill:
            if work is not None:
                await work()
            return bill.balance

    return asyncio.run(whole())


def test_a_sale_is_written_down_as_it_was_made() -> None:
    """Who pays, for what, how much, when and within which allowance; every sale under an id of its own."""
    ledger = NotedLedger()

    balances = [sell(ledger), sell(ledger)]

    first, second = ledger.charges
    assert balances == [7_000_000] * 2
    assert first.id != second.id
    assert first == Charge(
        id=first.id,
        organization_id="org-1",
        key_id="key-1",
        amount=3_000_000,
        engine_id="sentences",
        task="similarity",
        samples=2,
        at=1_700_000_000_500,
        allowance=Allowance("texts", 5_000_000),
    )
    assert ledger.steps == [("reserve", 3_000_000), ("settle", 0)] * 2


def test_work_that_fails_costs_nothing() -> None:
    """The price goes back under the name of what went wrong, which the caller sees."""
    ledger = NotedLedger()

    async def fail() -> None:
        raise LookupError

    with pytest.raises(LookupError):
        sell(ledger, fail)

    assert ledger.steps == [("reserve", 3_000_000), ("release", "LookupError")]


def test_a_client_that_hangs_up_pays_nothing() -> None:
    """Cancelled work gives the price back, and the cancellation goes on."""
    ledger = NotedLedger()

    async def hang_up() -> None:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        sell(ledger, hang_up)

    assert ledger.steps == [("reserve", 3_000_000), ("release", "cancelled")]


def test_a_client_that_hangs_up_while_it_is_charged_pays_nothing() -> None:
    """A reservation that is under way is not waited for; what it took, if anything, is given back."""

    async def story() -> list[tuple[str, int | str]]:
        ledger = Slow()

        async def buy() -> None:
            async with Till(ledger, lambda: 0.0).charged(CALLER, SALE):
                raise AssertionError("nothing was sold")

        task = asyncio.create_task(buy())
        await ledger.asked.wait()
        task.cancel()
        ledger.go.set()
        await asyncio.wait([task])
        return ledger.steps

    assert asyncio.run(story()) == [("release", "cancelled")]


@pytest.mark.parametrize("refusal", [InsufficientBalance(3, 2), AllowanceExhausted(3, 2, 86_400)])
def test_who_cannot_pay_is_told_so(refusal: Exception) -> None:
    """No work begins, and nothing was taken that would have to go back."""
    ledger = Refusing(refusal)

    with pytest.raises(type(refusal)):
        sell(ledger)

    assert ledger.steps == []


def test_a_charge_whose_answer_was_lost_is_given_back() -> None:
    """It may have been taken although nobody heard of it."""
    ledger = Refusing(StoreUnavailable("away"))

    with pytest.raises(StoreUnavailable):
        sell(ledger)

    assert ledger.steps == [("release", "StoreUnavailable")]


def test_a_part_goes_back_and_the_balance_says_so() -> None:
    """What was not delivered after all is returned at once; the rest is spent."""
    ledger = NotedLedger()

    async def whole() -> int:
        async with Till(ledger, lambda: 0.0).charged(CALLER, SALE) as bill:
            await bill.give_back(1_000_000, "filtered")
            return bill.balance

    assert asyncio.run(whole()) == 8_000_000
    assert ledger.steps == [("reserve", 3_000_000), ("give back filtered", 1_000_000), ("settle", 0)]


@pytest.mark.parametrize("fails", [False, True])
def test_a_store_that_is_away_is_asked_again(monkeypatch: pytest.MonkeyPatch, fails: bool) -> None:
    """If the store cannot be reached when a charge ends, the charge is ended as soon as it can; nobody waits."""
    monkeypatch.setattr(closing, "PAUSE", 0.01)
    ledger = NotedLedger(away=3)

    async def work() -> None:
        if fails:
            raise LookupError

    async def story() -> None:
        with contextlib.suppress(LookupError):
            async with Till(ledger, lambda: 0.0).charged(CALLER, SALE):
                await work()
        while len(ledger.steps) < 2:
            await asyncio.sleep(0.005)

    asyncio.run(asyncio.wait_for(story(), 5))

    assert [step for step, _ in ledger.steps] == ["reserve", "release" if fails else "settle"]

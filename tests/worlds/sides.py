"""The same steps on the books of a world and on the embedded store, so that their answers can be compared."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from app.accounts.model import Allowance, Charge
from app.accounts.ports import RateLimit
from app.accounts.refusals import BalanceTooLarge
from app.errors import AllowanceExhausted, CounterError, InsufficientBalance, RateLimited
from app.store.redis_store import RedisStore
from app.worlds.books import Books
from app.worlds.clock import Clock
from app.worlds.opening import Opening
from app.worlds.world import World
from app.worlds.worlds import Worlds

Step = tuple[Any, ...]
LIMIT = RateLimit(requests=3, window=10, lockout=60)

_numbers = itertools.count()


class Turned:
    """Time that stands still until it is turned."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class WorldSide:
    """A world with its books."""

    calls: Books
    world: World
    key: str
    organization_id: str

    async def sums(self) -> tuple[int, int, int, int]:
        books = self.world.books
        return books.balance, books.open, books.spent, books.granted

    async def set_balance(self, credits: int) -> None:
        self.world.books.set_balance(credits)

    def later(self, seconds: float) -> None:
        self.world.clock.advance(seconds)

    def now(self) -> float:
        return self.world.clock.now()


@dataclass
class StoreSide:
    """An account of the embedded store."""

    calls: RedisStore
    clock: Turned
    key: str
    organization_id: str

    async def sums(self) -> tuple[int, int, int, int]:
        one = await self.calls.organization(self.organization_id)
        return one.balance, one.open, one.spent, one.granted

    async def set_balance(self, credits: int) -> None:
        await self.calls.set_balance(self.organization_id, credits)

    def later(self, seconds: float) -> None:
        self.clock.now += seconds

    def now(self) -> float:
        return self.clock.now


def both(url: str, steps: Sequence[Step], credits: int = 100, limit: RateLimit | None = None) -> tuple[Any, Any]:
    """What the world and what the store answered to every step, and their sums after it."""

    async def whole() -> tuple[Any, Any]:
        clock = Turned()
        store = RedisStore(url, clock=clock)
        try:
            account, fresh = await store.create_account(f"double-{next(_numbers)}@example.com", credits=credits)
            there = StoreSide(store, clock, fresh.secret, account.memberships[0].id)
            return await _told(_world_side(credits, limit), steps, limit), await _told(there, steps, limit)
        finally:
            await store.close()

    return asyncio.run(whole())


def _world_side(credits: int, limit: RateLimit | None) -> WorldSide:
    worlds = Worlds(opening=Opening(credits, rate_limit=limit))
    world = worlds.open("sk-test-ada")
    world.clock = Clock(Turned())
    return WorldSide(Books(worlds), world, "sk-test-ada", world.organization_id)


async def _told(side: WorldSide | StoreSide, steps: Sequence[Step], limit: RateLimit | None) -> list[Any]:
    return [(step, await _answer(side, step, limit), await side.sums()) for step in steps]


async def _answer(side: WorldSide | StoreSide, step: Step, limit: RateLimit | None) -> object:
    try:
        return await _do(side, step, limit)
    except InsufficientBalance as refusal:
        return "InsufficientBalance", refusal.need, refusal.have
    except AllowanceExhausted as refusal:
        return "AllowanceExhausted", refusal.need, refusal.left, refusal.resets
    except RateLimited as refusal:
        return "RateLimited", refusal.retry_after
    except (CounterError, ValueError, BalanceTooLarge) as refusal:
        return type(refusal).__name__


async def _do(side: WorldSide | StoreSide, step: Step, limit: RateLimit | None) -> object:
    match step:
        case ("set", credits):
            return await side.set_balance(credits)
        case ("later", seconds):
            return side.later(seconds)
        case ("identify", organization):
            named = side.organization_id if organization == "own" else organization
            return (await side.calls.identify(side.key, named, limit)).balance
        case ("stranger", key):
            return (await side.calls.identify(key, None, limit)).balance
        case ("reserve", name, amount, *allowance):
            return await side.calls.reserve(_charge(side, name, amount, *allowance))
        case (call, name, *rest):
            return await _charge_step(side.calls, call, _id(side, name), *rest)
    raise AssertionError(f"no such step as {step}")


async def _charge_step(
    calls: Books | RedisStore, call: str, charge_id: str, amount: int = 0, reason: str = ""
) -> object:
    match call:
        case "give_back":
            return await calls.give_back(charge_id, amount, reason)
        case "settle":
            return await calls.settle(charge_id)
        case "release":
            return await calls.release(charge_id, "failed")
    raise AssertionError(f"no such call as {call}")


def _charge(side: WorldSide | StoreSide, name: str, amount: int, named: str = "", most: int = 0) -> Charge:
    return Charge(
        id=_id(side, name),
        organization_id=side.organization_id,
        key_id="key-1",
        amount=amount,
        engine_id="stable-diffusion-v1-6",
        task="text-to-image",
        samples=1,
        at=int(side.now() * 1000),
        allowance=Allowance(named, most) if named else None,
    )


def _id(side: WorldSide | StoreSide, name: str) -> str:
    return f"{side.organization_id}-{name}"

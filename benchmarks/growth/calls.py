"""The calls of the store, one after the other, on accounts drawn at random from all there are."""

from __future__ import annotations

import asyncio
import itertools
import os
import random
from collections.abc import Mapping

from app.accounts.model import Charge
from app.store.redis_store import RedisStore
from benchmarks.growth.cost import Cost, Meter
from benchmarks.growth.filled import Filled, account, organization, secret

COLUMNS = "median by the clock / processor of this process / processor of Redis, in us"
JOURNAL_ROWS = 100

_charges = itertools.count()


def measure(redis: Filled, times: int) -> Mapping[str, Cost]:
    """The cost of each call, made so many times."""
    return asyncio.run(_measure(redis, times))


async def _measure(redis: Filled, times: int) -> Mapping[str, Cost]:
    dice = random.Random(1)  # noqa: S311 -- only spreads the load
    numbers = [dice.randrange(redis.accounts) for _ in range(times)]
    meter = Meter((os.getpid(), redis.pid))
    store = RedisStore(redis.url)
    try:
        await store.identify(secret(0), None, None)
        return {
            "identify": await meter.of_calls(lambda n: store.identify(secret(n), None, None), numbers),
            **await _sales(store, meter, numbers),
            "grant": await meter.of_calls(lambda n: store.grant(organization(n), 1), numbers),
            f"journal, the last {JOURNAL_ROWS}": await meter.of_calls(
                lambda _: store.journal(organization(0), JOURNAL_ROWS), numbers
            ),
            "account by address": await meter.of_calls(lambda n: store.account(f"{n:024d}@example.com"), numbers),
            **await _keys(store, meter, numbers),
        }
    finally:
        await store.close()


async def _sales(store: RedisStore, meter: Meter, numbers: list[int]) -> dict[str, Cost]:
    charges = [_charge(number) for number in numbers]
    places = range(len(charges))
    return {
        "reserve": await meter.of_calls(lambda place: store.reserve(charges[place]), places),
        "give_back": await meter.of_calls(lambda place: store.give_back(charges[place].id, 1, "filtered"), places),
        "settle": await meter.of_calls(lambda place: store.settle(charges[place].id), places),
    }


async def _keys(store: RedisStore, meter: Meter, numbers: list[int]) -> dict[str, Cost]:
    made: list[str] = []

    async def create(number: int) -> None:
        made.append((await store.create_key(account(number))).key.id)

    created = await meter.of_calls(create, numbers)
    revoked = await meter.of_calls(lambda place: store.revoke_key(made[place]), range(len(made)))
    return {"create key": created, "revoke": revoked}


def _charge(number: int) -> Charge:
    name = f"growth-{os.getpid()}-{next(_charges)}"
    return Charge(name, organization(number), f"key-{number:024d}", 10, "stable-diffusion-v1-6", "text-to-image", 1, 1)

"""Many at once on a balance for a few."""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
from contextlib import suppress

import pytest

from app.accounts.model import Caller, Organization
from app.errors import InsufficientBalance, StoreUnavailable
from app.store.redis_store import RedisStore
from tests.store.servers import charge_for, play, someone

PRICE = 900_000


async def try_to_buy(store: RedisStore, caller: Caller, name: str) -> bool:
    try:
        await store.reserve(charge_for(caller, PRICE, name))
    except InsufficientBalance:
        return False
    await store.settle(name)
    return True


def test_64_callers_on_a_balance_for_20_get_20(url: str) -> None:
    """Exactly twenty are served and the balance ends at zero, in one process."""

    async def story(store: RedisStore) -> None:
        caller = await someone(store, 20 * PRICE)
        bought = await asyncio.gather(*(try_to_buy(store, caller, f"c{i}") for i in range(64)))
        assert sum(bought) == 20
        one = await store.organization(caller.organization_id)
        assert (one.balance, one.open, one.spent) == (0, 0, 20 * PRICE)

    play(url, story)


def test_the_same_over_four_processes(url: str) -> None:
    """Sixteen callers in each of four processes: still exactly twenty."""

    async def prepare(store: RedisStore) -> tuple[str, str]:
        caller = await someone(store, 20 * PRICE)
        return caller.organization_id, caller.key_id

    org, key = play(url, prepare)
    program = f"""
import asyncio, sys
from app.accounts.model import Charge
from app.accounts.model import Caller, Organization
from app.errors import InsufficientBalance, StoreUnavailable
from app.store.redis_store import RedisStore

async def buy(store, name):
    try:
        await store.reserve(Charge(name, {org!r}, {key!r}, {PRICE}, "e", "t", 1, 1))
    except InsufficientBalance:
        return 0
    await store.settle(name)
    return 1

async def main():
    store = RedisStore({url!r})
    print(sum(await asyncio.gather(*(buy(store, sys.argv[1] + str(i)) for i in range(16)))))
    await store.close()

asyncio.run(main())
"""
    buyers = [
        subprocess.Popen([sys.executable, "-c", program, f"p{i}-"], stdout=subprocess.PIPE, text=True) for i in range(4)
    ]
    bought = [int(buyer.communicate()[0]) for buyer in buyers]
    one = play(url, lambda store: store.organization(org))
    assert sum(bought) == 20
    assert (one.balance, one.open, one.spent) == (0, 0, 20 * PRICE)


async def push(store: RedisStore, caller: Caller, name: str, dice: random.Random) -> None:
    """Do one thing, likely or not, to the charge called ``name``."""
    match dice.randrange(7):
        case 0 | 1 | 2:
            # Too poor, or released before its time: both are fine here.
            with suppress(InsufficientBalance, StoreUnavailable):
                await store.reserve(charge_for(caller, PRICE, name))
        case 3:
            await store.give_back(name, PRICE // 4, dice.choice("abc"))
        case 4:
            await store.settle(name)
        case 5:
            await store.release(name, "failed")
        case _:
            await store.grant(caller.organization_id, dice.randrange(PRICE))


async def look(store: RedisStore, organization_id: str) -> Organization:
    """The organization, after checking its books."""
    one = await store.organization(organization_id)
    assert one.balance + one.open + one.spent == one.granted
    assert min(one.balance, one.open, one.spent) >= 0
    return one


@pytest.mark.parametrize("seed", range(4))
def test_nothing_is_lost_or_made_in_any_order(url: str, seed: int) -> None:
    """Sixteen tasks push the same charges about at random; the books balance at every look."""
    dice = random.Random(seed)

    async def story(store: RedisStore) -> None:
        caller = await someone(store, 5 * PRICE)

        async def task() -> None:
            for _ in range(20):
                await push(store, caller, f"n{dice.randrange(60)}", dice)
                await look(store, caller.organization_id)

        await asyncio.gather(*(task() for _ in range(16)))
        await store.recover(exclusive=True)
        one = await look(store, caller.organization_id)
        assert one.open == 0
        assert one.spent == sum(entry.spent for entry in await store.journal(one.id, 1000)) > 0

    play(url, story)

"""What a crash left open goes back, once."""

from __future__ import annotations

import asyncio

import pytest

from app.accounts.model import ChargeState
from app.errors import StoreUnavailable
from app.store.ledger import Recovered
from app.store.redis_store import RedisStore
from tests.store.servers import Server, charge_for, play, someone


def test_the_only_owner_gives_everything_back(url: str) -> None:
    """At the start of an embedded store nobody else can be at work: every open charge goes back."""

    async def story(store: RedisStore) -> None:
        caller = await someone(store, 10)
        settled, opened, partly = (charge_for(caller, amount) for amount in (1, 2, 3))
        for charge in (settled, opened, partly):
            await store.reserve(charge)
        await store.settle(settled.id)
        await store.give_back(partly.id, 1, "filtered")
        assert await store.recover(exclusive=True) == Recovered(2, 4)
        assert await store.recover(exclusive=True) == Recovered(0, 0)
        one = await store.organization(caller.organization_id)
        assert (one.balance, one.open, one.spent) == (9, 0, 1)
        reasons = {entry.charge.id: (entry.state, entry.reason) for entry in await store.journal(one.id)}
        assert reasons[opened.id] == (ChargeState.GIVEN_BACK, "recovered")
        assert reasons[partly.id] == (ChargeState.GIVEN_BACK, "filtered, recovered")

    play(url, story)


def test_the_living_keep_their_charges(url: str) -> None:
    """On a shared Redis the charges of a server that gave a sign of life stay open."""

    async def story(store: RedisStore) -> None:
        caller = await someone(store, 10)
        working = RedisStore(url)
        charge = charge_for(caller, 4)
        await working.reserve(charge)
        assert await store.recover(exclusive=False) == Recovered(0, 0)
        await working.settle(charge.id)
        assert (await store.organization(caller.organization_id)).spent == 4
        await working.close()

    play(url, story)


def test_the_dead_lose_their_charges(server: Server) -> None:
    """Once its sign of life is gone, a server's charges go back and those of others stay."""

    async def story(store: RedisStore) -> None:
        caller = await someone(store, 10)
        crashed = RedisStore(server.url, owner="crashed")
        await store.reserve(charge_for(caller, 1))
        await crashed.reserve(charge_for(caller, 4))
        await crashed.close()
        server.tell("DEL understudy:owner:crashed")
        assert await store.recover(exclusive=False) == Recovered(1, 4)
        one = await store.organization(caller.organization_id)
        assert (one.balance, one.open) == (9, 1)

    play(server.url, story)


def test_the_sign_of_life_goes_away_by_itself(server: Server) -> None:
    """It lasts long enough for two missed turns of 30 seconds and is renewed by every recover and reserve."""

    async def story(store: RedisStore) -> None:
        await store.recover(exclusive=False)
        assert server.tell("TTL understudy:owner:me") in {":90", ":89"}
        server.tell("EXPIRE understudy:owner:me 5")
        await store.reserve(charge_for(await someone(store), 1))
        assert server.tell("TTL understudy:owner:me") in {":90", ":89"}

    play(server.url, story, owner="me")


def test_many_repairing_at_once_give_back_once(url: str) -> None:
    """Eight servers that start together give every credit back exactly once."""

    async def story(store: RedisStore) -> None:
        caller = await someone(store, 100)
        for _ in range(20):
            await store.reserve(charge_for(caller, 5))
        found = await asyncio.gather(*(store.recover(exclusive=True) for _ in range(8)))
        assert sum(one.charges for one in found) == 20
        assert sum(one.credits for one in found) == 100
        assert (await store.organization(caller.organization_id)).balance == 100

    play(url, story)


def test_a_recovered_charge_cannot_be_spent(url: str) -> None:
    """A server that was only thought dead cannot spend or reopen what went back."""

    async def story(store: RedisStore) -> None:
        caller = await someone(store, 10)
        charge = charge_for(caller, 4)
        await store.reserve(charge)
        await store.recover(exclusive=True)
        await store.settle(charge.id)
        with pytest.raises(StoreUnavailable):
            await store.reserve(charge)
        one = await store.organization(caller.organization_id)
        assert (one.balance, one.open, one.spent) == (10, 0, 0)

    play(url, story)

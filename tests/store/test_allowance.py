"""What an organization may spend in a day under one name: counted to the micro-credit, whoever asks at once."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from app.accounts.model import DAY, Allowance, Caller, Charge
from app.errors import AllowanceExhausted, InsufficientBalance, StoreUnavailable
from app.store.ledger import Recovered
from app.store.redis_store import RedisStore
from tests.store.servers import CREDIT, Server, charge_for, play, someone

TEN = Allowance("images", 10)


def allowed(caller: Caller, amount: int, allowance: Allowance = TEN) -> Charge:
    """A charge that counts against an allowance."""
    return replace(charge_for(caller, amount), allowance=allowance)


async def left(store: RedisStore, caller: Caller, day: int = 0) -> int:
    """What may still be spent of ``TEN``, as a refusal says it; nothing is taken."""
    probe = allowed(caller, 11)
    with pytest.raises(AllowanceExhausted) as refused:
        await store.reserve(replace(probe, at=probe.at + day * DAY))
    return refused.value.left


def test_a_day_has_an_end_of_its_credits(url: str) -> None:
    """What is too much is refused with what is left and with the next midnight, and takes nothing."""

    async def story(store: RedisStore) -> None:
        caller = await someone(store, 100)
        await store.reserve(allowed(caller, 7))
        with pytest.raises(AllowanceExhausted) as refused:
            await store.reserve(allowed(caller, 4))
        assert (refused.value.need, refused.value.left) == (4, 3)
        assert refused.value.resets == 1_700_006_400
        assert refused.value.resets % 86_400 == 0
        assert await store.reserve(allowed(caller, 3)) == 90
        assert (await store.organization(caller.organization_id)).open == 10

    play(url, story)


def test_an_allowance_that_was_lowered_has_nothing_left(url: str) -> None:
    """Who has spent more than an owner allows since is told of nothing left, and not of less than nothing."""

    async def story(store: RedisStore) -> None:
        caller = await someone(store, 100)
        await store.reserve(allowed(caller, 7))
        with pytest.raises(AllowanceExhausted) as refused:
            await store.reserve(replace(allowed(caller, 1), allowance=replace(TEN, amount=5)))
        assert refused.value.left == 0

    play(url, story)


def test_the_balance_still_pays(url: str) -> None:
    """An allowance is a limit and no gift: without credits nothing is sold, and the day is not touched."""

    async def story(store: RedisStore) -> None:
        caller = await someone(store, 5)
        with pytest.raises(InsufficientBalance):
            await store.reserve(allowed(caller, 6))
        await store.grant(caller.organization_id, 100)
        assert await left(store, caller) == 10

    play(url, story)


def test_what_is_settled_stays_spent(url: str) -> None:
    """Delivered work counts for the rest of the day, however often it is said."""

    async def story(store: RedisStore) -> None:
        caller = await someone(store, 100)
        charge = allowed(caller, 6)
        await store.reserve(charge)
        await store.reserve(charge)
        await store.settle(charge.id)
        await store.settle(charge.id)
        await store.release(charge.id, "late")
        assert await left(store, caller) == 4

    play(url, story)


def test_what_goes_back_may_be_spent_again(url: str) -> None:
    """Parts and wholes that go back to the balance go back to the day as well, once."""

    async def story(store: RedisStore) -> None:
        caller = await someone(store, 100)
        charge = allowed(caller, 6)
        await store.reserve(charge)
        seen = [await left(store, caller)]
        for _ in range(2):
            await store.give_back(charge.id, 2, "filtered")
            seen.append(await left(store, caller))
        for _ in range(2):
            await store.release(charge.id, "failed")
            seen.append(await left(store, caller))
        assert seen == [4, 6, 6, 10, 10]

    play(url, story)


def test_a_release_overtaking_its_reserve_leaves_the_day_alone(url: str) -> None:
    """A client that hung up has spent nothing of its day."""

    async def story(store: RedisStore) -> None:
        caller = await someone(store, 100)
        charge = allowed(caller, 6)
        await store.release(charge.id, "cancelled")
        with pytest.raises(StoreUnavailable):
            await store.reserve(charge)
        assert await left(store, caller) == 10

    play(url, story)


def test_a_crash_gives_the_day_back(url: str) -> None:
    """What is repaired after a crash goes back to balance and day."""

    async def story(store: RedisStore) -> None:
        caller = await someone(store, 100)
        for amount in (1, 2, 3):
            await store.reserve(allowed(caller, amount))
        assert await left(store, caller) == 4
        assert await store.recover(exclusive=True) == Recovered(3, 6)
        assert await left(store, caller) == 10
        assert (await store.organization(caller.organization_id)).balance == 100

    play(url, story)


def test_the_next_day_begins_anew(url: str) -> None:
    """At midnight all of it may be spent again, and what goes back late goes back to the day that it came from."""

    async def story(store: RedisStore) -> None:
        caller = await someone(store, 100)
        today = allowed(caller, 10)
        tomorrow = replace(allowed(caller, 7), at=today.at + DAY)
        await store.reserve(today)
        await store.reserve(tomorrow)
        assert [await left(store, caller), await left(store, caller, day=1)] == [0, 3]
        await store.release(today.id, "failed")
        assert [await left(store, caller), await left(store, caller, day=1)] == [10, 3]

    play(url, story)


def test_the_last_millisecond_belongs_to_its_day(url: str) -> None:
    """The day ends exactly at midnight UTC."""

    async def story(store: RedisStore) -> None:
        caller = await someone(store, 100)
        midnight = 1_700_006_400_000
        await store.reserve(replace(allowed(caller, 10), at=midnight - 1))
        assert await store.reserve(replace(allowed(caller, 10), at=midnight)) == 80

    play(url, story)


def test_days_are_apart_by_name_and_by_organization(url: str) -> None:
    """Another allowance and another organization have a day of their own; without one there is no limit."""

    async def story(store: RedisStore) -> None:
        ada, bob = await someone(store, 200), await someone(store, 100)
        await store.reserve(allowed(ada, 10))
        await store.reserve(allowed(ada, 10, Allowance("texts", 10)))
        await store.reserve(allowed(bob, 10))
        assert await store.reserve(charge_for(ada, 80)) == 100
        assert [await left(store, ada), await left(store, bob)] == [0, 0]

    play(url, story)


def test_two_servers_share_one_day(url: str) -> None:
    """Forty at once through two servers: exactly those are served that the allowance covers, and its last credit."""

    async def story(store: RedisStore) -> None:
        caller = await someone(store, 1000 * CREDIT)
        other = RedisStore(url)
        allowance = Allowance("images", 100 * CREDIT)

        async def buy(at: RedisStore) -> bool:
            charge = allowed(caller, 7 * CREDIT, allowance)
            try:
                await at.reserve(charge)
            except AllowanceExhausted:
                return False
            await at.settle(charge.id)
            return True

        bought = await asyncio.gather(*(buy(one) for one in (store, other) * 20))
        assert sum(bought) == 14
        await store.reserve(allowed(caller, 2 * CREDIT, allowance))
        with pytest.raises(AllowanceExhausted) as refused:
            await other.reserve(allowed(caller, 1, allowance))
        assert refused.value.left == 0
        assert (await store.organization(caller.organization_id)).spent == 98 * CREDIT
        await other.close()

    play(url, story)


def test_the_largest_allowance_is_exact(url: str) -> None:
    """Four thousand million credits in a day are still counted to the micro-credit."""

    async def story(store: RedisStore) -> None:
        most = 4_000_000_000_000_000
        caller = await someone(store, most)
        charge = allowed(caller, most - 1, Allowance("images", most - 1))
        await store.reserve(charge)
        await store.give_back(charge.id, most - 3, "filtered")
        with pytest.raises(AllowanceExhausted) as refused:
            await store.reserve(allowed(caller, most - 2, Allowance("images", most - 1)))
        assert refused.value.left == most - 3

    play(url, story)


def test_a_day_is_forgotten_in_the_end(server: Server) -> None:
    """What was spent is remembered for two days, and then leaves nothing behind."""

    async def story(store: RedisStore) -> None:
        caller = await someone(store, 100)
        charge = allowed(caller, 1)
        await store.reserve(charge)
        name = f"understudy:day:images:{caller.organization_id}:{charge.day}"
        assert server.tell(f"TTL {name}") in {":172800", ":172799"}
        server.tell(f"DEL {name}")
        await store.release(charge.id, "failed")
        assert server.tell(f"EXISTS {name}") == ":0"

    play(server.url, story)

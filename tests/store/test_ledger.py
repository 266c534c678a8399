"""Reserve, give back, settle, release: what each does to the balance, and what a repetition does."""

from __future__ import annotations

import pytest

from app.accounts.model import Organization
from app.errors import InsufficientBalance, StoreUnavailable
from app.store.redis_store import RedisStore
from tests.store.servers import CREDIT, charge_for, play, someone


async def purse(store: RedisStore, organization_id: str) -> tuple[int, int, int]:
    """Balance, open and spent, after checking that nothing was lost or made."""
    one: Organization = await store.organization(organization_id)
    assert one.balance + one.open + one.spent == one.granted
    return one.balance, one.open, one.spent


def test_reserve_takes_the_whole_amount(url: str) -> None:
    """The balance falls by the price before any work is done, and the new balance is answered."""

    async def story(store: RedisStore) -> None:
        caller = await someone(store, 10 * CREDIT)
        assert await store.reserve(charge_for(caller, 3 * CREDIT)) == 7 * CREDIT
        assert await purse(store, caller.organization_id) == (7 * CREDIT, 3 * CREDIT, 0)

    play(url, story)


def test_reserve_of_everything_leaves_zero(url: str) -> None:
    """The last micro-credit can be spent."""

    async def story(store: RedisStore) -> None:
        caller = await someone(store, 5)
        assert await store.reserve(charge_for(caller, 5)) == 0

    play(url, story)


def test_reserve_beyond_the_balance_takes_nothing(url: str) -> None:
    """One micro-credit short: refused with both figures, and the balance is untouched."""

    async def story(store: RedisStore) -> None:
        caller = await someone(store, 5)
        with pytest.raises(InsufficientBalance) as refused:
            await store.reserve(charge_for(caller, 6))
        assert (refused.value.need, refused.value.have) == (6, 5)
        assert await purse(store, caller.organization_id) == (5, 0, 0)

    play(url, story)


def test_a_refused_charge_may_be_tried_again(url: str) -> None:
    """A refusal leaves no trace: the same charge goes through once there is enough."""

    async def story(store: RedisStore) -> None:
        caller = await someone(store, 5)
        charge = charge_for(caller, 6)
        with pytest.raises(InsufficientBalance):
            await store.reserve(charge)
        await store.grant(caller.organization_id, 1)
        assert await store.reserve(charge) == 0

    play(url, story)


def test_reserving_twice_takes_once(url: str) -> None:
    """A repeated reserve of the same charge, open or settled, changes nothing."""

    async def story(store: RedisStore) -> None:
        caller = await someone(store, 10)
        charge = charge_for(caller, 4)
        assert [await store.reserve(charge), await store.reserve(charge)] == [6, 6]
        await store.settle(charge.id)
        assert await store.reserve(charge) == 6
        assert await purse(store, caller.organization_id) == (6, 0, 4)

    play(url, story)


def test_settle_spends_what_is_left(url: str) -> None:
    """After settling, the amount is spent once, however often it is said."""

    async def story(store: RedisStore) -> None:
        caller = await someone(store, 10)
        charge = charge_for(caller, 4)
        await store.reserve(charge)
        await store.settle(charge.id)
        await store.settle(charge.id)
        assert await purse(store, caller.organization_id) == (6, 0, 4)

    play(url, story)


def test_release_gives_everything_back(url: str) -> None:
    """After a release the balance is what it was, however often it is said."""

    async def story(store: RedisStore) -> None:
        caller = await someone(store, 10)
        charge = charge_for(caller, 4)
        await store.reserve(charge)
        await store.release(charge.id, "failed")
        await store.release(charge.id, "failed")
        assert await purse(store, caller.organization_id) == (10, 0, 0)

    play(url, story)


def test_give_back_returns_a_part(url: str) -> None:
    """A part goes back at once, the rest is spent by settling."""

    async def story(store: RedisStore) -> None:
        caller = await someone(store, 10)
        charge = charge_for(caller, 4)
        await store.reserve(charge)
        await store.give_back(charge.id, 1, "filtered")
        assert await purse(store, caller.organization_id) == (7, 3, 0)
        await store.settle(charge.id)
        assert await purse(store, caller.organization_id) == (7, 0, 3)

    play(url, story)


def test_give_back_counts_once_for_each_reason(url: str) -> None:
    """A repetition changes nothing; another reason is another part."""

    async def story(store: RedisStore) -> None:
        caller = await someone(store, 10)
        charge = charge_for(caller, 4)
        await store.reserve(charge)
        for reason in ("filtered", "filtered", "broken"):
            await store.give_back(charge.id, 1, reason)
        assert await purse(store, caller.organization_id) == (8, 2, 0)

    play(url, story)


def test_giving_back_too_much_is_refused(url: str) -> None:
    """More than is left of a charge cannot come out of it."""

    async def story(store: RedisStore) -> None:
        caller = await someone(store, 10)
        charge = charge_for(caller, 4)
        await store.reserve(charge)
        with pytest.raises(ValueError, match="has 4 left, not 5"):
            await store.give_back(charge.id, 5, "filtered")
        assert await purse(store, caller.organization_id) == (6, 4, 0)

    play(url, story)


@pytest.mark.parametrize("settled", [True, False], ids=["settled", "released"])
def test_an_ended_charge_moves_no_more(url: str, settled: bool) -> None:
    """Whatever is said about a charge after its end, no credit moves."""

    async def story(store: RedisStore) -> None:
        caller = await someone(store, 10)
        charge = charge_for(caller, 4)
        await store.reserve(charge)
        await (store.settle(charge.id) if settled else store.release(charge.id, "failed"))
        before = await purse(store, caller.organization_id)
        await store.give_back(charge.id, 1, "filtered")
        await store.settle(charge.id)
        await store.release(charge.id, "failed")
        assert await purse(store, caller.organization_id) == before

    play(url, story)


def test_a_release_overtaking_its_reserve_wins(url: str) -> None:
    """A client that hangs up can have its release arrive first: the reserve then takes nothing."""

    async def story(store: RedisStore) -> None:
        caller = await someone(store, 10)
        charge = charge_for(caller, 4)
        await store.release(charge.id, "cancelled")
        with pytest.raises(StoreUnavailable):
            await store.reserve(charge)
        assert await purse(store, caller.organization_id) == (10, 0, 0)

    play(url, story)


def test_a_free_picture_can_be_charged(url: str) -> None:
    """A price of nothing goes through the same steps, also for somebody who has nothing."""

    async def story(store: RedisStore) -> None:
        caller = await someone(store, 0)
        settled, released = charge_for(caller, 0), charge_for(caller, 0)
        assert [await store.reserve(settled), await store.reserve(released)] == [0, 0]
        await store.settle(settled.id)
        await store.release(released.id, "failed")
        assert await purse(store, caller.organization_id) == (0, 0, 0)

    play(url, story)


def test_negative_amounts_are_refused(url: str) -> None:
    """Nobody gets credits by asking for less than nothing."""

    async def story(store: RedisStore) -> None:
        caller = await someone(store, 10)
        charge = charge_for(caller, 1)
        await store.reserve(charge)
        with pytest.raises(ValueError, match="negative"):
            await store.reserve(charge_for(caller, -1))
        with pytest.raises(ValueError, match="negative"):
            await store.give_back(charge.id, -1, "filtered")
        with pytest.raises(ValueError, match="negative"):
            await store.grant(caller.organization_id, -1)

    play(url, story)


def test_the_largest_balance_is_exact(url: str) -> None:
    """Four thousand million credits are still counted to the micro-credit."""

    async def story(store: RedisStore) -> None:
        most = 4_000_000_000_000_000
        caller = await someone(store, most)
        charge = charge_for(caller, most - 1)
        assert await store.reserve(charge) == 1
        await store.give_back(charge.id, most - 2, "filtered")
        await store.settle(charge.id)
        assert await purse(store, caller.organization_id) == (most - 1, 0, 1)

    play(url, story)

"""What the journal says about charges that ended."""

from __future__ import annotations

from app.accounts.model import ChargeState
from app.store.redis_store import RedisStore
from tests.store.servers import charge_for, play, someone


def test_a_charge_that_gave_everything_back_can_be_settled(url: str) -> None:
    """When every picture was filtered nothing is spent, and the journal says why."""

    async def story(store: RedisStore) -> None:
        caller = await someone(store, 10)
        charge = charge_for(caller, 4)
        await store.reserve(charge)
        await store.give_back(charge.id, 4, "filtered")
        await store.settle(charge.id)
        assert (await store.organization(caller.organization_id)).balance == 10
        (entry,) = await store.journal(caller.organization_id)
        assert (entry.state, entry.spent, entry.reason) == (ChargeState.SETTLED, 0, "filtered")

    play(url, story)


def test_the_journal_tells_how_charges_ended(url: str) -> None:
    """Newest first, with the charge as it was reserved, what was spent and why the rest went back."""

    async def story(store: RedisStore) -> None:
        caller = await someone(store, 100)
        filtered, failed = charge_for(caller, 4), charge_for(caller, 5)
        await store.reserve(filtered)
        await store.give_back(filtered.id, 1, "filtered")
        await store.settle(filtered.id)
        await store.reserve(failed)
        await store.give_back(failed.id, 2, "filtered")
        await store.release(failed.id, "failed")
        second, first = await store.journal(caller.organization_id)
        assert (first.charge, first.state, first.spent, first.reason) == (filtered, ChargeState.SETTLED, 3, "filtered")
        assert (second.charge, second.state, second.spent) == (failed, ChargeState.GIVEN_BACK, 0)
        assert second.reason == "filtered, failed"
        assert first.ended == 1_234_500

    play(url, story, clock=lambda: 1234.5)


def test_the_journal_does_not_grow_without_end(url: str) -> None:
    """Old entries go when there are many more than wanted."""

    async def story(store: RedisStore) -> None:
        caller = await someone(store, 1000)
        for _ in range(300):
            charge = charge_for(caller, 1)
            await store.reserve(charge)
            await store.settle(charge.id)
        assert 10 <= len(await store.journal(caller.organization_id, 1000)) < 250

    play(url, story, journal_length=10)

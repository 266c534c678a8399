"""The first account: there after the first start, whoever starts, however often."""

from __future__ import annotations

import asyncio
import subprocess
import sys

import pytest

from app.accounts.model import Role
from app.accounts.refusals import KeyUnusable
from app.store.redis_store import RedisStore
from tests.store.servers import play

KEY = "sk-" + "k" * 48


def test_the_first_start_makes_the_first_account(url: str) -> None:
    """The key works, and its organization holds the opening balance."""

    async def story(store: RedisStore) -> None:
        await store.bootstrap(KEY, 1000)
        caller = await store.identify(KEY, None, None)
        (membership,) = caller.account.memberships
        assert caller.account.email == "owner@understudy.example"
        assert caller.account.picture == "https://www.gravatar.com/avatar/?d=mp"
        assert (membership.name, membership.role, membership.is_default) == ("Understudy", Role.ADMIN, True)
        assert caller.balance == 1000

    play(url, story)


def test_later_starts_give_nothing(url: str) -> None:
    """The opening balance is given once, even when it was spent or the setting was raised."""

    async def story(store: RedisStore) -> None:
        await store.bootstrap(KEY, 1000)
        org = (await store.identify(KEY, None, None)).organization_id
        await store.set_balance(org, 0)
        await store.bootstrap(KEY, 5000)
        assert (await store.identify(KEY, None, None)).balance == 0

    play(url, story)


def test_another_key_is_added(url: str) -> None:
    """A changed UNDERSTUDY_API_KEY opens the same account; the old key goes on working."""

    async def story(store: RedisStore) -> None:
        await store.bootstrap(KEY, 1000)
        await store.bootstrap("sk-short", 1000)
        first, second = [await store.identify(key, None, None) for key in (KEY, "sk-short")]
        assert first.account == second.account
        assert first.key_id != second.key_id

    play(url, story)


def test_a_revoked_key_stays_revoked(url: str) -> None:
    """A restart with a revoked key does not bring it back to life; the message shows only its hint."""

    async def story(store: RedisStore) -> None:
        await store.bootstrap(KEY, 1000)
        await store.revoke_key((await store.identify(KEY, None, None)).key_id)
        with pytest.raises(KeyUnusable, match="was revoked") as refused:
            await store.bootstrap(KEY, 1000)
        assert KEY not in str(refused.value)

    play(url, story)


def test_somebody_elses_key_is_not_taken(url: str) -> None:
    """The key of another account cannot become the owner's by being put into a setting."""

    async def story(store: RedisStore) -> None:
        _, fresh = await store.create_account("ada@example.com")
        with pytest.raises(KeyUnusable, match="another account"):
            await store.bootstrap(fresh.secret, 1000)
        assert (await store.identify(fresh.secret, None, None)).account.email == "ada@example.com"

    play(url, story)


def test_eight_tasks_at_once_give_once(url: str) -> None:
    """Starting together makes one account, one organization, one key, one balance."""

    async def story(store: RedisStore) -> None:
        await asyncio.gather(*(store.bootstrap(KEY, 1000) for _ in range(8)))
        assert len(await store.accounts()) == len(await store.organizations()) == len(await store.keys()) == 1
        assert (await store.identify(KEY, None, None)).balance == 1000

    play(url, story)


def test_eight_processes_at_once_give_once(url: str) -> None:
    """The same with a process each."""
    program = f"""
import asyncio
from app.store.redis_store import RedisStore

async def main():
    store = RedisStore({url!r})
    await store.bootstrap({KEY!r}, 1000)
    await store.close()

asyncio.run(main())
"""
    starters = [subprocess.Popen([sys.executable, "-c", program]) for _ in range(8)]
    assert [starter.wait() for starter in starters] == [0] * 8

    async def story(store: RedisStore) -> None:
        assert len(await store.organizations()) == 1
        assert (await store.identify(KEY, None, None)).balance == 1000

    play(url, story)

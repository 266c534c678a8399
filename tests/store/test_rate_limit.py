"""150 requests in 10 seconds, then refused for 60: on a clock that the test turns."""

from __future__ import annotations

import asyncio

import pytest

from app.accounts.ports import RateLimit
from app.errors import NotAMember, RateLimited, UnknownKey
from app.store.redis_store import RedisStore
from tests.store.servers import play

LIMIT = RateLimit()


class Clock:
    """Time that stands still until it is turned."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


async def knock(store: RedisStore, key: str, times: int = 1) -> None:
    await asyncio.gather(*(store.identify(key, None, LIMIT) for _ in range(times)))


async def key_of(store: RedisStore, email: str = "ada@example.com") -> str:
    return (await store.create_account(email))[1].secret


def test_request_151_is_refused_for_a_minute(url: str) -> None:
    """150 at once are fine; the next is refused, says for how long, and so is all until then."""
    clock = Clock()

    async def story(store: RedisStore) -> None:
        key = await key_of(store)
        await knock(store, key, 150)
        for passed, left in ((0.0, 60), (0.5, 60), (29.5, 30), (29.9, 1)):
            clock.now += passed
            with pytest.raises(RateLimited) as refused:
                await knock(store, key)
            assert refused.value.retry_after == left
        clock.now += 0.1
        await knock(store, key, 150)

    play(url, story, clock=clock)


def test_the_window_slides(url: str) -> None:
    """What counts is any ten seconds, not ten seconds of the clock."""
    clock = Clock()

    async def story(store: RedisStore) -> None:
        key = await key_of(store)
        await knock(store, key, 75)
        clock.now += 6
        await knock(store, key, 75)
        clock.now += 4
        await knock(store, key, 75)
        with pytest.raises(RateLimited):
            await knock(store, key)

    play(url, story, clock=clock)


def test_a_steady_caller_is_never_refused(url: str) -> None:
    """Exactly 15 requests a second go on for ever."""
    clock = Clock()

    async def story(store: RedisStore) -> None:
        key = await key_of(store)
        for _ in range(40):
            await knock(store, key, 15)
            clock.now += 1

    play(url, story, clock=clock)


def test_each_key_has_a_limit_of_its_own(url: str) -> None:
    """One busy key does not slow down another."""
    clock = Clock()

    async def story(store: RedisStore) -> None:
        busy, calm = await key_of(store), await key_of(store, "bob@example.com")
        await knock(store, busy, 150)
        with pytest.raises(RateLimited):
            await knock(store, busy)
        await knock(store, calm, 150)

    play(url, story, clock=clock)


def test_processes_share_the_limit(url: str) -> None:
    """75 requests through each of two processes are 150 together."""
    clock = Clock()

    async def story(store: RedisStore) -> None:
        key = await key_of(store)
        other = RedisStore(url, clock=clock)
        await asyncio.gather(knock(store, key, 75), knock(other, key, 75))
        for process in (store, other):
            with pytest.raises(RateLimited):
                await knock(process, key)
        await other.close()

    play(url, story, clock=clock)


def test_requests_for_the_wrong_organization_count(url: str) -> None:
    """Guessing organizations is limited like any other request."""

    async def story(store: RedisStore) -> None:
        key = await key_of(store)
        for _ in range(2):
            with pytest.raises(NotAMember):
                await store.identify(key, "org-guess", RateLimit(2, 10, 60))
        with pytest.raises(RateLimited):
            await store.identify(key, "org-guess", RateLimit(2, 10, 60))

    play(url, story, clock=Clock())


def test_unknown_keys_stay_unknown(url: str) -> None:
    """A key that is not ours is refused as such, however often it comes, and leaves nothing in the store."""

    async def story(store: RedisStore) -> None:
        for _ in range(5):
            with pytest.raises(UnknownKey):
                await store.identify("sk-nobody", None, RateLimit(2, 10, 60))

    play(url, story, clock=Clock())


def test_without_a_limit_nothing_is_counted(url: str) -> None:
    """The limit is off unless it is asked for."""

    async def story(store: RedisStore) -> None:
        key = await key_of(store)
        for _ in range(160):
            await store.identify(key, None, None)
        await knock(store, key, 150)

    play(url, story, clock=Clock())

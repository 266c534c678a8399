"""The server goes away, hangs, forgets its scripts, comes back."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator

import pytest

from app.errors import StoreUnavailable
from app.settings import BadSetting
from app.store.redis_store import RedisStore
from tests.store.servers import Embedded, RealRedis, Server, charge_for, play, someone


@pytest.fixture(params=[Embedded, RealRedis], ids=["embedded", "redis"])
def fragile(request: pytest.FixtureRequest) -> Iterator[Server]:
    """A server of the test's own, to be hurt."""
    server: Server = request.param()
    yield server
    server.close()


def test_nothing_acknowledged_is_lost(fragile: Server) -> None:
    """After kill -9 of the store right after an answer the charge and the balance are there afterwards."""

    async def story(store: RedisStore) -> None:
        caller = await someone(store, 1000)
        for _ in range(5):
            charge = charge_for(caller, 1)
            left = await store.reserve(charge)
            fragile.kill()
            await asyncio.to_thread(fragile.revive)
            assert (await store.organization(caller.organization_id)).balance == left
            await store.settle(charge.id)
        assert (await store.organization(caller.organization_id)).spent == 5

    play(fragile.url, story)


def test_a_restart_in_between_goes_unnoticed(fragile: Server) -> None:
    """Every call works on the connections and scripts of before: they are renewed on the way."""

    async def story(store: RedisStore) -> None:
        caller = await someone(store, 100)
        await asyncio.gather(*(store.ping() for _ in range(40)))
        fragile.kill()
        await asyncio.to_thread(fragile.revive)
        await asyncio.gather(*(store.reserve(charge_for(caller, 1)) for _ in range(40)))
        assert (await store.organization(caller.organization_id)).open == 40

    play(fragile.url, story)


def test_a_server_that_hangs_is_unavailable(fragile: Server) -> None:
    """No answer in time is StoreUnavailable; repeating the call later takes the credits once."""

    async def story(store: RedisStore) -> None:
        caller = await someone(store, 10)
        charge = charge_for(caller, 4)
        fragile.signal(signal.SIGSTOP)
        with pytest.raises(StoreUnavailable):
            await store.reserve(charge)
        with pytest.raises(StoreUnavailable):
            await store.ping()
        fragile.signal(signal.SIGCONT)
        assert await store.reserve(charge) == 6
        assert (await store.organization(caller.organization_id)).open == 4

    play(fragile.url, story, patience=0.3)


def test_a_server_that_is_gone_is_unavailable() -> None:
    """A dead Redis is StoreUnavailable, and the same store works once it is back."""
    server = RealRedis()

    async def story(store: RedisStore) -> None:
        caller = await someone(store, 10)
        server.kill()
        for asking in (store.ping(), store.identify("sk-any", None, None), store.settle("any")):
            with pytest.raises(StoreUnavailable):
                await asking
        await asyncio.to_thread(server.revive)
        assert (await store.organization(caller.organization_id)).balance == 10

    play(server.url, story, patience=0.5)
    server.close()


def test_a_server_that_refuses_is_unavailable(url: str, server: Server) -> None:
    """A Redis that answers, but not what it was asked, is no more use than one that does not."""

    async def story(store: RedisStore) -> None:
        server.tell("SET understudy:open nonsense")
        with pytest.raises(StoreUnavailable, match="WRONGTYPE"):
            await store.recover(exclusive=True)

    play(url, story)


def test_a_call_that_is_cut_off_spoils_nothing(url: str) -> None:
    """A client hangs up while its charge is on the way: later answers still belong to their questions."""

    async def story(store: RedisStore) -> None:
        caller = await someone(store, 10_000)
        for turn in range(60):
            charge = charge_for(caller, 1)
            cut = asyncio.create_task(store.reserve(charge))
            for _ in range(turn % 12):
                await asyncio.sleep(0)
            cut.cancel()
            await asyncio.gather(cut, return_exceptions=True)
            await store.release(charge.id, "cancelled")
            assert await store.accounts() == (caller.account,)
        one = await store.organization(caller.organization_id)
        assert (one.balance, one.open) == (10_000, 0)

    play(url, story)


def test_more_callers_than_connections_wait_their_turn(url: str) -> None:
    """Five hundred calls at once share a few connections, and each gets its own answer."""

    async def story(store: RedisStore) -> None:
        caller = await someone(store, 500)
        left = await asyncio.gather(*(store.reserve(charge_for(caller, 1)) for _ in range(500)))
        assert sorted(left) == list(range(500))

    play(url, story)


@pytest.mark.parametrize("address", ["localhost:6379", "http://localhost", "", "redis://host:port/0"])
def test_a_bad_address_is_a_bad_setting(address: str) -> None:
    """The message names the setting and shows right ones."""
    with pytest.raises(BadSetting, match="REDIS_URL: use redis://"):
        RedisStore(address)


def test_a_password_in_a_bad_address_is_not_shown() -> None:
    """What is wrong with an address is said without repeating it."""
    with pytest.raises(BadSetting) as refused:
        RedisStore("reddis://:hunter2@localhost")
    assert "hunter2" not in str(refused.value)

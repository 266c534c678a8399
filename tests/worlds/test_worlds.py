"""All worlds: opened by keys, bounded, closed when idle, and never mixed up."""

from __future__ import annotations

import asyncio
import random

import pytest

from app import seeds
from app.accounts.model import Charge
from app.accounts.ports import RateLimit
from app.errors import InsufficientBalance, RateLimited, UnknownKey
from app.worlds.books import Books
from app.worlds.clock import Clock
from app.worlds.journal import Entry
from app.worlds.now import Tab, current, tab
from app.worlds.opening import Bounds, Opening
from app.worlds.outcomes import Outcome
from app.worlds.rules import Asked, Effect, Match, Rule
from app.worlds.worlds import Worlds
from tests.worlds.sides import Turned


def test_a_key_opens_its_world_once(worlds: Worlds) -> None:
    """The same key is the same world, found by its id and by its organization."""
    world = worlds.open("sk-test-ada")
    assert worlds.open("sk-test-ada") is world
    assert worlds.of(world.id) is worlds.of_organization(world.organization_id) is world
    assert (worlds.of("nobody"), worlds.of_organization("org-nobody"), len(worlds)) == (None, None, 1)


def test_what_is_no_key_opens_nothing(worlds: Worlds) -> None:
    """Guessing does not fill the memory."""
    with pytest.raises(UnknownKey):
        worlds.open("nonsense")
    assert worlds.all() == ()


def test_the_world_used_longest_ago_makes_room() -> None:
    """There are never more worlds than the bound, and those in use stay."""
    worlds = Worlds(Bounds(worlds=3))
    ada, bob = worlds.open("sk-test-ada"), worlds.open("sk-test-bob")
    worlds.open("sk-test-cleo")
    worlds.open("sk-test-ada")
    worlds.open("sk-test-dora")
    assert [world.name for world in worlds.all()] == ["test-cleo", "test-ada", "test-dora"]
    assert worlds.of(bob.id) is worlds.of_organization(bob.organization_id) is None
    assert worlds.of(ada.id) is ada


def test_ten_thousand_worlds_at_most() -> None:
    """However many keys come, the number of worlds is bounded."""
    worlds = Worlds()
    for number in range(10_050):
        worlds.open(f"sk-test-{number}")
    assert len(worlds) == 10_000
    assert worlds.all()[0].name == "test-50"


def test_idle_worlds_are_closed() -> None:
    """A day without a request, and a key opens a new world; use keeps it open."""
    clock = Turned()
    worlds = Worlds(Bounds(seconds=100.0), idle_clock=clock)
    idle, busy = worlds.open("sk-test-idle"), worlds.open("sk-test-busy")
    clock.now += 60
    worlds.open("sk-test-busy")
    clock.now += 60
    assert worlds.open("sk-test-busy") is busy
    assert worlds.open("sk-test-idle") is not idle
    clock.now += 101
    worlds.expire()
    assert worlds.all() == ()


def test_a_reset_of_all_resets_each(worlds: Worlds) -> None:
    """Every world is as its key opened it."""
    ada, bob = worlds.open("sk-test-ada"), worlds.open("sk-test-bob-c5")
    for world in (ada, bob):
        world.books.set_balance(1)
    worlds.reset()
    assert [world.books.balance for world in worlds.all()] == [100_000_000, 5_000_000]


def test_500_worlds_at_once_without_a_mix_up() -> None:
    """500 keys work at the same time; each sees its own credits, seeds, rules, limit and journal, as if alone."""
    worlds = Worlds(opening=Opening(rate_limit=RateLimit(12, 10, 60)))
    books = Books(worlds)

    async def everybody() -> list[list[object]]:
        return await asyncio.gather(*(_life(worlds, books, number) for number in range(500)))

    together = asyncio.run(everybody())
    assert len(worlds) == 500
    for number in range(0, 500, 7):
        alone_worlds = Worlds(opening=Opening(rate_limit=RateLimit(12, 10, 60)))
        assert asyncio.run(_life(alone_worlds, Books(alone_worlds), number)) == together[number]
    assert len({str(life) for life in together}) == 500


async def _life(worlds: Worlds, books: Books, number: int) -> list[object]:
    """Fourteen requests through one key, with other tasks in between; everything that it sees."""
    key, price = f"sk-test-{number}-c{number % 13}", (number % 5 + 1) * 400_000
    world = worlds.open(key)
    world.clock = Clock(lambda: 1_000_000.0)
    world.rules.add(Rule(Effect(Outcome.SERVER_ERROR), Match(prompt=f"p{number % 3}"), times=None, probability=0.5))
    pauses = random.Random(number)
    seen: list[object] = [world.account.id]
    for turn in range(14):
        seen += await asyncio.ensure_future(_request(worlds, books, key, price, f"{number}-{turn}", pauses))
    books_ = world.books
    journal = [(entry.number, entry.path, entry.outcome) for entry in world.journal]
    return [*seen, books_.balance, books_.open, books_.spent, journal]


async def _request(
    worlds: Worlds, books: Books, key: str, price: int, name: str, pauses: random.Random
) -> list[object]:
    """One request as the server carries it out, in a task of its own."""
    world, bill = worlds.open(key), Tab()
    current.set(world)
    tab.set(bill)
    seeds.source.set(world.next_seed)
    path = f"/v1/generation/{name}/text-to-image"
    fired = world.rules.fire(Asked("text-to-image", "v1", "POST", path, name, (f"a fox p{len(name) % 3}",)))
    await _others(pauses)
    answer: list[object] = []
    try:
        caller = await books.identify(key, None, None)
        await _others(pauses)
        charge = Charge(name, caller.organization_id, caller.key_id, price, "e", "text-to-image", 1, 0)
        answer += [caller.account.id, caller.balance, await books.reserve(charge), seeds.source.get()()]
        await _others(pauses)
        await (books.release(name, "failed") if fired.outcome else books.settle(name))
    except (InsufficientBalance, RateLimited) as refusal:
        answer.append(str(refusal))
    now = current.get()
    assert now is world
    now.journal.add(Entry(at=0.0, method="POST", path=path, outcome=fired.outcome))
    return [*answer, fired.outcome, fired.rule_ids, bill.charged]


async def _others(pauses: random.Random) -> None:
    for _ in range(pauses.randrange(4)):
        await asyncio.sleep(0)

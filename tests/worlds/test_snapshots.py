"""Snapshots: a world, or all of them, as they were."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from app.accounts.model import Allowance, Role
from app.accounts.ports import RateLimit
from app.errors import AllowanceExhausted, RateLimited
from app.worlds.clock import Clock
from app.worlds.journal import Entry
from app.worlds.opening import Bounds
from app.worlds.outcomes import Outcome
from app.worlds.refusals import Full, NoSuchSnapshot
from app.worlds.rules import Asked, Effect, Rule
from app.worlds.snapshots import Shelf, restore, take
from app.worlds.world import World
from app.worlds.worlds import Worlds

ASKED = Asked("balance", "v1", "GET", "/v1/user/balance")
LIMIT = RateLimit(2, 10, 60)

CHANGES: dict[str, Callable[[World], object]] = {
    "balance": lambda world: world.books.set_balance(5),
    "spending": lambda world: (world.books.reserve("z", 5), world.books.settle("z")),
    "a day's credits": lambda world: (
        world.books.reserve("y", 0, Allowance("images", 9), 4),
        world.books.settle("y"),
    ),
    "role": lambda world: setattr(world, "role", Role.MEMBER),
    "engines": lambda world: setattr(world, "engines", frozenset({"e"})),
    "strictness": lambda world: setattr(world, "strict", True),
    "rate limit": lambda world: setattr(world, "rate_limit", LIMIT),
    "requests": lambda world: world.gate.enter(LIMIT, world.clock.now()),
    "clock": lambda world: world.clock.advance(60),
    "seeds": lambda world: world.next_seed(),
    "new rule": lambda world: world.rules.add(Rule(Effect(Outcome.TIMEOUT))),
    "used rule": lambda world: world.rules.fire(ASKED),
    "no rules": lambda world: world.rules.clear(),
    "journal": lambda world: world.journal.add(Entry(at=0.0, method="GET", path="/")),
    "empty journal": lambda world: world.journal.clear(),
}


@pytest.fixture
def lived_in(world: World) -> World:
    """A world in which something happened, with its clock standing still."""
    world.clock = Clock(lambda: 1_000_000.0)
    world.clock.advance(7)
    world.books.reserve("a", 10)
    world.books.settle("a")
    world.gate.enter(LIMIT, world.clock.now())
    world.rules.add(Rule(Effect(Outcome.SERVER_ERROR), times=2))
    world.rules.fire(ASKED)
    world.journal.add(Entry(at=1.0, method="POST", path="/v1/generation/e/text-to-image"))
    world.next_seed()
    return world


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_whatever_changes_comes_back(lived_in: World, change: Callable[[World], object]) -> None:
    """A change shows in the world, and is gone once the snapshot is restored."""
    before = take(lived_in)
    change(lived_in)
    assert take(lived_in) != before
    restore(lived_in, before)
    assert take(lived_in) == before


def test_what_was_spent_of_a_day_comes_back(world: World) -> None:
    """After a restore there is as much of the day's credits left as at the time of the snapshot."""
    nine = Allowance("images", 9)
    world.books.reserve("a", 6, nine, 4)
    world.books.settle("a")
    before = take(world)
    world.books.reserve("b", 2, nine, 4)

    restore(world, before)

    with pytest.raises(AllowanceExhausted) as refused:
        world.books.reserve("c", 4, nine, 4)
    assert refused.value.left == 3


def test_the_future_repeats(lived_in: World) -> None:
    """After a restore, the same requests meet the same rules, seeds, limits and numbers in the journal."""

    def future() -> list[object]:
        seen: list[object] = [lived_in.rules.fire(ASKED).outcome for _ in range(2)]
        seen += [lived_in.next_seed(), lived_in.rules.add(Rule(Effect(Outcome.TIMEOUT))).id]
        seen.append(lived_in.journal.add(Entry(at=2.0, method="GET", path="/")).number)
        lived_in.gate.enter(LIMIT, lived_in.clock.now())
        with pytest.raises(RateLimited) as refused:
            lived_in.gate.enter(LIMIT, lived_in.clock.now())
        return [*seen, refused.value.retry_after]

    before = take(lived_in)
    first = future()
    restore(lived_in, before)
    assert future() == first
    assert first[:2] == [Outcome.SERVER_ERROR, None]


def test_a_snapshot_can_be_restored_again(lived_in: World) -> None:
    """It is not used up, nor changed by what happens after it."""
    before = take(lived_in)
    for _ in range(3):
        for change in CHANGES.values():
            change(lived_in)
        restore(lived_in, before)
        assert take(lived_in) == before


def test_running_requests_are_not_part_of_it(world: World) -> None:
    """The balance comes back as it was seen; a request that runs on moves nothing any more."""
    world.books.reserve("then", 10)
    before = take(world)
    world.books.release("then")
    world.books.reserve("now", 30)
    restore(world, before)
    world.books.settle("now")
    world.books.release("then")
    books = world.books
    assert (books.balance, books.open, books.spent) == (99_999_990, 0, 0)
    assert books.granted == books.balance


def test_snapshots_outlive_a_reset(world: World) -> None:
    """A world can be prepared once, reset, and brought back."""
    world.books.set_balance(5)
    world.snapshots.keep("poor", take(world))
    world.reset()
    restore(world, world.snapshots.get("poor"))
    assert world.books.balance == 5


def test_a_world_keeps_twenty(world: World) -> None:
    """One more is refused; one of a known name takes its place."""
    shelf = Shelf(20)
    for number in range(20):
        shelf.keep(f"s{number}", take(world))
    with pytest.raises(Full) as refused:
        shelf.keep("s20", take(world))
    assert (refused.value.what, refused.value.most, len(shelf)) == ("snapshots", 20, 20)
    world.books.set_balance(5)
    shelf.keep("s0", take(world))
    assert shelf.get("s0").purse.balance == 5
    assert [name for name, _ in shelf.all()][:2] == ["s0", "s1"]


def test_a_name_that_is_not_there(world: World) -> None:
    """Neither restored nor dropped, and told by its name."""
    shelf = Shelf()
    shelf.keep("a", take(world))
    shelf.drop("a")
    for ask in (shelf.get, shelf.drop):
        with pytest.raises(NoSuchSnapshot) as refused:
            ask("a")
        assert refused.value.name == "a"


def test_all_worlds_at_once(worlds: Worlds) -> None:
    """Each comes back as it was; one that was opened since is as just opened."""
    ada, bob = worlds.open("sk-test-ada"), worlds.open("sk-test-bob")
    ada.books.set_balance(1)
    worlds.snapshot("all")
    late = worlds.open("sk-test-late")
    for world in (ada, bob, late):
        world.books.set_balance(50)
    worlds.restore("all")
    assert [world.books.balance for world in (ada, bob, late)] == [1, 100_000_000, 100_000_000]
    worlds.drop_snapshot("all")
    for ask in (worlds.restore, worlds.drop_snapshot):
        with pytest.raises(NoSuchSnapshot):
            ask("all")


def test_all_or_none() -> None:
    """Where one world has no place for a snapshot, no world takes one."""
    worlds = Worlds(Bounds(snapshots=1))
    ada, bob = worlds.open("sk-test-ada"), worlds.open("sk-test-bob")
    bob.snapshots.keep("own", take(bob))
    with pytest.raises(Full):
        worlds.snapshot("all")
    assert (len(ada.snapshots), len(bob.snapshots)) == (0, 1)

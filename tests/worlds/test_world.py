"""One world: what it opens with, its clock, its seeds, and what a reset brings back."""

from __future__ import annotations

import pytest

from app.accounts.model import Role
from app.accounts.ports import RateLimit
from app.errors import BadField, RateLimited
from app.worlds.clock import MOST, Clock
from app.worlds.gate import Gate, GateState
from app.worlds.journal import Entry
from app.worlds.opening import Opening
from app.worlds.outcomes import Outcome
from app.worlds.rules import Effect, Rule
from app.worlds.snapshots import take
from app.worlds.world import World
from app.worlds.worlds import Worlds
from engines.types import MAX_SEED


def test_a_world_opens_with_an_account_of_its_own(worlds: Worlds) -> None:
    """One administrator in one organization with 100 credits, always the same for the same key."""
    world, again = worlds.open("sk-test-ada"), Worlds().open("sk-test-ada")
    membership = world.account.memberships[0]
    assert world.account == again.account
    assert (membership.id, membership.name, membership.role) == (world.organization_id, "test-ada", Role.ADMIN)
    assert (len(world.account.id), len(world.organization_id)) == (29, 28)
    assert (world.books.balance, world.engines, world.strict, world.rate_limit) == (100_000_000, None, False, None)


def test_worlds_share_nothing(worlds: Worlds) -> None:
    """Two keys are two accounts, organizations and rows of seeds."""
    ada, bob = worlds.open("sk-test-ada"), worlds.open("sk-test-bob")
    assert ada.account.id != bob.account.id
    assert ada.organization_id != bob.organization_id
    assert [ada.next_seed() for _ in range(5)] != [bob.next_seed() for _ in range(5)]


def test_the_opening_is_what_the_server_says() -> None:
    """Credits, strictness and rate limit of new worlds are settings; a balance in the key counts more."""
    limit = RateLimit(3, 10, 60)
    worlds = Worlds(opening=Opening(7, strict=True, rate_limit=limit))
    world = worlds.open("sk-test-ada")
    assert (world.books.balance, world.strict, world.rate_limit) == (7, True, limit)
    assert worlds.open("sk-test-ada-c2").books.balance == 2_000_000


def test_seeds_are_seeds_and_repeat(world: World) -> None:
    """A run gets the same seeds as the last one, spread over everything that a seed may be."""
    first = [world.next_seed() for _ in range(200)]
    world.reset()
    assert [world.next_seed() for _ in range(200)] == first
    assert len(set(first)) == 200
    assert all(1 <= seed <= MAX_SEED for seed in first)
    assert min(first) < MAX_SEED // 10 < MAX_SEED * 9 // 10 < max(first)


def test_the_role_is_seen_in_the_account(world: World) -> None:
    """A member of the organization who may be made one who administers nothing."""
    world.role = Role.MEMBER
    assert world.account.memberships[0].role is Role.MEMBER


def test_the_clock_goes_ahead_by_hand() -> None:
    """An hour passes at once, on top of the time that passes by itself."""
    real = [1000.0]
    clock = Clock(lambda: real[0])
    assert (clock.advance(3600), clock.offset) == (4600.0, 3600)
    real[0] += 5
    assert clock.now() == 4605.0
    clock.reset()
    assert clock.now() == 1005.0


@pytest.mark.parametrize("seconds", [-1.0, float("nan"), float("inf"), MOST + 1])
def test_the_clock_takes_no_nonsense(seconds: float) -> None:
    """Time does not run backwards, nor beyond ten years."""
    clock = Clock()
    with pytest.raises(BadField):
        clock.advance(seconds)
    assert clock.offset == 0.0


def test_ten_years_are_all_there_is() -> None:
    """Small steps lead no further than one large one."""
    clock = Clock()
    clock.advance(MOST)
    with pytest.raises(BadField):
        clock.advance(1)


def test_a_lock_out_takes_no_time(world: World) -> None:
    """Advancing the clock by a minute ends it."""
    limit = RateLimit(1, 10, 60)
    world.gate.enter(limit, world.clock.now())
    with pytest.raises(RateLimited):
        world.gate.enter(limit, world.clock.now())
    world.clock.advance(60)
    world.gate.enter(limit, world.clock.now())


def test_a_smaller_limit_counts_at_once() -> None:
    """Requests that came under a generous limit count under a strict one."""
    gate = Gate()
    for _ in range(10):
        gate.enter(RateLimit(10, 10, 60), 100.0)
    with pytest.raises(RateLimited) as refused:
        gate.enter(RateLimit(2, 10, 30), 101.0)
    assert refused.value.retry_after == 30


def test_a_gate_remembers_no_more_than_it_needs() -> None:
    """However many requests come, only those are kept that a limit can ask about."""
    gate = Gate()
    for number in range(500):
        gate.enter(RateLimit(3, 1, 60), number * 10.0)
    assert len(gate.state().seen) == 3


def test_a_reset_brings_everything_back(worlds: Worlds) -> None:
    """After it, nothing tells the world from one that was just opened."""
    world, fresh = worlds.open("sk-test-ada-c5"), Worlds().open("sk-test-ada-c5")
    world.clock = fresh.clock = Clock(lambda: 1000.0)
    opened = take(fresh)
    _disturb(world)
    world.reset()
    assert take(world) == opened
    assert world.gate.state() == GateState()


def test_charges_of_running_requests_end_with_a_reset(world: World) -> None:
    """A request that was running during the reset costs nothing and gives nothing back."""
    world.books.reserve("settled", 10)
    world.books.reserve("released", 20)
    world.reset()
    world.books.settle("settled")
    world.books.release("released")
    world.books.give_back("released", 5, "filtered")
    books = world.books
    assert (books.balance, books.open, books.spent, books.granted) == (100_000_000, 0, 0, 100_000_000)


def _disturb(world: World) -> None:
    world.books.reserve("a", 10)
    world.books.settle("a")
    world.books.set_balance(77)
    world.role = Role.MEMBER
    world.engines = frozenset({"e"})
    world.strict = True
    world.rate_limit = RateLimit(1, 10, 60)
    world.gate.enter(world.rate_limit, world.clock.now())
    world.clock.advance(100)
    world.next_seed()
    world.rules.add(Rule(Effect(Outcome.TIMEOUT)))
    world.journal.add(Entry(at=0.0, method="GET", path="/"))

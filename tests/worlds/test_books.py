"""The books of a world answer what the store answers, step by step, and hold the same sums after every step."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.accounts.model import Charge
from app.errors import InsufficientBalance, NotAMember, StoreUnavailable, UnknownKey
from app.worlds.books import Books
from app.worlds.now import Tab, current, tab
from app.worlds.opening import Bounds
from app.worlds.worlds import Worlds
from tests.worlds.sides import LIMIT, Step, both

MOST = 4_000_000_000_000_000

STORIES: dict[str, tuple[Step, ...]] = {
    "reserve takes the whole amount": (("reserve", "a", 30),),
    "the last micro-credit can be spent": (("reserve", "a", 100), ("settle", "a")),
    "beyond the balance nothing is taken": (("reserve", "a", 101), ("set", 101), ("reserve", "a", 101)),
    "reserving twice takes once": (("reserve", "a", 4), ("reserve", "a", 4), ("settle", "a"), ("reserve", "a", 4)),
    "settling twice spends once": (("reserve", "a", 4), ("settle", "a"), ("settle", "a")),
    "releasing twice gives back once": (("reserve", "a", 4), ("release", "a"), ("release", "a"), ("reserve", "a", 4)),
    "a part goes back at once": (("reserve", "a", 4), ("give_back", "a", 1, "filtered"), ("settle", "a")),
    "once for each reason": (
        ("reserve", "a", 4),
        ("give_back", "a", 1, "filtered"),
        ("give_back", "a", 1, "filtered"),
        ("give_back", "a", 1, "broken"),
        ("release", "a"),
    ),
    "no more than is left": (("reserve", "a", 4), ("give_back", "a", 5, "filtered"), ("settle", "a")),
    "settled moves no more": (("reserve", "a", 4), ("settle", "a"), ("give_back", "a", 1, "x"), ("release", "a")),
    "released moves no more": (("reserve", "a", 4), ("release", "a"), ("give_back", "a", 1, "x"), ("settle", "a")),
    "a release overtaking its reserve wins": (("release", "a"), ("reserve", "a", 4), ("settle", "a")),
    "unknown charges": (("settle", "a"), ("give_back", "b", 1, "filtered"), ("reserve", "a", 4), ("reserve", "b", 4)),
    "free pictures": (("set", 0), ("reserve", "a", 0), ("reserve", "b", 0), ("settle", "a"), ("release", "b")),
    "no negative amounts": (
        ("reserve", "a", 1),
        ("reserve", "b", -1),
        ("give_back", "a", -1, "filtered"),
        ("set", -1),
    ),
    "the largest balance": (
        ("set", MOST),
        ("reserve", "a", MOST - 1),
        ("settle", "a"),
        ("set", MOST),
        ("set", MOST + 1),
    ),
    "organizations": (("identify", None), ("identify", "own"), ("identify", ""), ("identify", "org-guess")),
    "what is no key": (("stranger", ""), ("stranger", "ключ"), ("stranger", "sk-\x00"), ("stranger", "\ud800")),
}

A_DAY = 86_400.0

ALLOWED: dict[str, tuple[Step, ...]] = {
    "no more than the allowance": (
        ("reserve", "a", 6, "images", 10),
        ("reserve", "b", 5, "images", 10),
        ("reserve", "b", 4, "images", 10),
        ("reserve", "c", 1, "images", 10),
        ("reserve", "d", 1),
    ),
    "the balance is asked first": (("set", 3), ("reserve", "a", 4, "images", 2), ("reserve", "a", 3, "images", 2)),
    "what was spent stays spent": (
        ("reserve", "a", 10, "images", 10),
        ("settle", "a"),
        ("release", "a"),
        ("reserve", "b", 1, "images", 10),
    ),
    "what goes back can be spent again": (
        ("reserve", "a", 10, "images", 10),
        ("give_back", "a", 4, "filtered"),
        ("give_back", "a", 4, "filtered"),
        ("reserve", "b", 5, "images", 10),
        ("reserve", "b", 4, "images", 10),
        ("release", "a"),
        ("reserve", "c", 7, "images", 10),
        ("reserve", "c", 6, "images", 10),
    ),
    "a repetition counts once": (
        ("reserve", "a", 6, "images", 10),
        ("reserve", "a", 6, "images", 10),
        ("reserve", "b", 4, "images", 10),
    ),
    "names do not know of each other": (
        ("reserve", "a", 10, "images", 10),
        ("reserve", "b", 10, "texts", 10),
        ("reserve", "c", 1, "images", 10),
    ),
    "the next day begins with all of it": (
        ("reserve", "a", 10, "images", 10),
        ("settle", "a"),
        ("reserve", "b", 10, "images", 10),
        ("later", A_DAY),
        ("reserve", "b", 10, "images", 10),
        ("reserve", "c", 1, "images", 10),
    ),
    "what goes back goes back to its own day": (
        ("reserve", "a", 10, "images", 10),
        ("later", A_DAY),
        ("reserve", "b", 7, "images", 10),
        ("release", "a"),
        ("reserve", "c", 4, "images", 10),
        ("reserve", "c", 3, "images", 10),
    ),
    "an allowance may change": (
        ("reserve", "a", 10, "images", 10),
        ("reserve", "b", 5, "images", 15),
        ("reserve", "c", 1, "images", 8),
        ("reserve", "c", 0, "images", 8),
    ),
    "the largest allowance": (
        ("set", MOST),
        ("reserve", "a", MOST - 1, "images", MOST - 1),
        ("reserve", "b", 1, "images", MOST - 1),
        ("reserve", "b", 1, "images", MOST),
    ),
}

LIMITED: dict[str, tuple[Step, ...]] = {
    "the fourth is refused for a minute": (
        *(("identify", None),) * 4,
        ("later", 0.5),
        ("identify", None),
        ("later", 29.5),
        ("identify", None),
        ("later", 29.9),
        ("identify", None),
        ("later", 0.1),
        *(("identify", None),) * 4,
    ),
    "the window slides": (
        ("identify", None),
        ("later", 6.0),
        ("identify", None),
        ("identify", None),
        ("later", 4.0),
        ("identify", None),
        ("identify", None),
    ),
    "a steady caller is never refused": (("identify", None), ("later", 3.5)) * 10,
    "guessing organizations counts": (*(("identify", "org-guess"),) * 4, ("identify", None)),
}

NAMES = st.sampled_from("abc")
AMOUNTS = st.integers(0, 60)
CALLS = st.one_of(
    st.tuples(st.just("reserve"), NAMES, AMOUNTS),
    st.tuples(st.just("give_back"), NAMES, AMOUNTS, st.sampled_from(["filtered", "broken"])),
    st.tuples(st.just("settle"), NAMES),
    st.tuples(st.just("release"), NAMES),
    st.tuples(st.just("set"), AMOUNTS),
    st.tuples(st.just("reserve"), NAMES, AMOUNTS, st.sampled_from(["images", "texts"]), st.just(50)),
    st.tuples(st.just("later"), st.sampled_from([3_600.0, A_DAY / 2, A_DAY])),
)
KNOCKS = st.one_of(
    st.just(("identify", None)), st.tuples(st.just("later"), st.sampled_from([0.5, 3.0, 9.5, 10.0, 59.5]))
)


@pytest.mark.parametrize("steps", STORIES.values(), ids=STORIES.keys())
def test_credits_move_as_in_the_store(store_url: str, steps: tuple[Step, ...]) -> None:
    """A client cannot tell a world's ledger from the real one."""
    world, store = both(store_url, steps)
    assert world == store


@pytest.mark.parametrize("steps", ALLOWED.values(), ids=ALLOWED.keys())
def test_a_day_is_counted_as_in_the_store(store_url: str, steps: tuple[Step, ...]) -> None:
    """A client cannot tell a world's daily allowance from the real one, but for a clock that can be turned."""
    world, store = both(store_url, steps)
    assert world == store


@pytest.mark.parametrize("steps", LIMITED.values(), ids=LIMITED.keys())
def test_requests_are_limited_as_in_the_store(store_url: str, steps: tuple[Step, ...]) -> None:
    """A client cannot tell a world's rate limit from the real one, but for a clock that can be turned."""
    world, store = both(store_url, steps, limit=LIMIT)
    assert world == store


@given(steps=st.lists(CALLS, max_size=25))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_any_sequence_of_calls_moves_the_same(store_url: str, steps: list[Step]) -> None:
    """Whatever is called in whatever order, world and store answer alike and hold the same sums."""
    world, store = both(store_url, steps)
    assert world == store
    assert all(balance + open_ + spent == granted for _, _, (balance, open_, spent, granted) in world)


@given(steps=st.lists(KNOCKS, max_size=25))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_any_rhythm_is_limited_the_same(store_url: str, steps: list[Step]) -> None:
    """However requests are spread over time, world and store refuse the same ones."""
    world, store = both(store_url, steps, limit=LIMIT)
    assert world == store


def test_a_caller_is_who_the_world_says(worlds: Worlds) -> None:
    """Account, organization and balance come from the world that the key opens."""
    caller = asyncio.run(Books(worlds).identify("sk-test-ada-c25", None, None))
    world = worlds.open("sk-test-ada-c25")
    assert caller.account == world.account
    assert [one.id for one in caller.account.memberships] == [caller.organization_id] == [world.organization_id]
    assert caller.balance == 25_000_000


def test_an_unreadable_key_is_unknown(worlds: Worlds) -> None:
    """A key that is not well formed opens nothing."""
    with pytest.raises(UnknownKey):
        asyncio.run(Books(worlds).identify("ada", None, None))
    assert len(worlds) == 0


def test_the_organization_of_another_world_is_refused(worlds: Worlds) -> None:
    """A key pays from its own world only, even if it names one that exists."""
    other = worlds.open("sk-test-bob")
    with pytest.raises(NotAMember):
        asyncio.run(Books(worlds).identify("sk-test-ada", other.organization_id, None))


def test_the_price_stands_on_the_tab(worlds: Worlds) -> None:
    """A request learns what it pays: at once when it is charged, less what goes back, whichever task says so."""

    async def story() -> list[int]:
        books, world = Books(worlds), worlds.open("sk-test-ada")
        bill, seen = Tab(), []
        tab.set(bill)
        for step in (
            books.reserve(_charge(world.organization_id, 50)),
            books.give_back("charge", 20, "filtered"),
            asyncio.ensure_future(books.settle("charge")),
            books.settle("charge"),
            books.reserve(_charge(world.organization_id, 7, "another")),
            books.release("another", "failed"),
        ):
            await step
            seen.append(bill.charged)
        return seen

    assert asyncio.run(story()) == [50, 30, 30, 30, 37, 30]


def test_a_closed_world_still_pays_for_its_running_requests() -> None:
    """A request goes on with its world even if that was closed to make room meanwhile."""

    async def story() -> tuple[int, int]:
        worlds = Worlds(Bounds(worlds=1))
        books, world = Books(worlds), worlds.open("sk-test-ada")
        current.set(world)
        worlds.open("sk-test-bob")
        await books.reserve(_charge(world.organization_id, 40))
        await books.settle("charge")
        return world.books.balance, world.books.spent

    assert asyncio.run(story()) == (99_999_960, 40)


def test_nobody_pays_for_a_world_that_is_gone(worlds: Worlds) -> None:
    """Without a world there is no purse to take from."""
    with pytest.raises(StoreUnavailable):
        asyncio.run(Books(worlds).reserve(_charge("org-gone", 1)))


def test_64_at_once_on_a_balance_for_20(worlds: Worlds) -> None:
    """Exactly twenty are served and the balance ends at zero."""

    async def buy(books: Books, organization_id: str, name: str) -> bool:
        try:
            await books.reserve(_charge(organization_id, 5_000_000, name))
        except InsufficientBalance:
            return False
        await asyncio.sleep(0)
        await books.settle(name)
        return True

    async def story() -> tuple[int, int, int]:
        books, world = Books(worlds), worlds.open("sk-test-ada")
        bought = await asyncio.gather(*(buy(books, world.organization_id, f"c{i}") for i in range(64)))
        return sum(bought), world.books.balance, world.books.spent

    assert asyncio.run(story()) == (20, 0, 100_000_000)


def test_ended_charges_are_forgotten_in_the_end(worlds: Worlds) -> None:
    """Twenty thousand requests leave no more behind than the last thousand charges of a world."""

    async def story() -> int:
        books, world = Books(worlds), worlds.open("sk-test-ada")
        for number in range(20_000):
            await books.reserve(_charge(world.organization_id, 1, f"c{number}"))
            await books.settle(f"c{number}")
        return len(world.books._ended) + len(books._ended) + len(books._open)

    assert asyncio.run(story()) == 11_000


def test_the_ping_answers_and_repair_closes_idle_worlds() -> None:
    """What the server does to keep its store in order works on worlds as well."""
    worlds = Worlds(Bounds(seconds=-1.0))

    async def story() -> None:
        books = Books(worlds)
        worlds.open("sk-test-ada")
        await books.ping()
        await books.recover(exclusive=False)
        await books.close()

    asyncio.run(story())
    assert len(worlds) == 0


def _charge(organization_id: str, amount: int, name: str = "charge") -> Charge:
    return Charge(name, organization_id, "key-1", amount, "stable-diffusion-v1-6", "text-to-image", 1, 1)

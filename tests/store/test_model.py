"""The ledger against a few lines of Python that do the same sums: any sequence of calls, exactly."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from app.accounts.model import Caller
from app.errors import InsufficientBalance, StoreUnavailable
from app.store.redis_store import RedisStore
from tests.store.servers import Server, charge_for, play, someone

NAMES = st.sampled_from("abc")
AMOUNTS = st.integers(0, 60)
CALLS = st.one_of(
    st.tuples(st.just("reserve"), NAMES, AMOUNTS),
    st.tuples(st.just("give_back"), NAMES, AMOUNTS, st.sampled_from(["filtered", "broken"])),
    st.tuples(st.just("settle"), NAMES),
    st.tuples(st.just("release"), NAMES),
    st.tuples(st.just("grant"), AMOUNTS),
    st.tuples(st.just("set"), AMOUNTS),
    st.tuples(st.just("recover")),
)


@dataclass
class Books:
    """What the ledger should hold."""

    balance: int = 100
    spent: int = 0
    rest: dict[str, int] = field(default_factory=dict)
    ended: dict[str, str] = field(default_factory=dict)
    returned: set[tuple[str, str]] = field(default_factory=set)

    def reserve(self, name: str, amount: int) -> str:
        if self.ended.get(name) == "released":
            return "StoreUnavailable"
        if name in self.rest or name in self.ended:
            return "ok"
        if amount > self.balance:
            return "InsufficientBalance"
        self.balance -= amount
        self.rest[name] = amount
        return "ok"

    def give_back(self, name: str, amount: int, reason: str) -> str:
        if name not in self.rest or (name, reason) in self.returned:
            return "ok"
        if amount > self.rest[name]:
            return "ValueError"
        self.returned.add((name, reason))
        self.rest[name] -= amount
        self.balance += amount
        return "ok"

    def settle(self, name: str) -> str:
        if name in self.rest:
            self.spent += self.rest.pop(name)
            self.ended[name] = "settled"
        return "ok"

    def release(self, name: str) -> str:
        self.balance += self.rest.pop(name, 0)
        self.ended.setdefault(name, "released")
        return "ok"

    def grant(self, amount: int) -> str:
        self.balance += amount
        return "ok"

    def set(self, amount: int) -> str:
        self.balance = amount
        return "ok"

    def recover(self) -> str:
        for name in list(self.rest):
            self.release(name)
        return "ok"


async def really(store: RedisStore, caller: Caller, call: tuple) -> str:  # type: ignore[type-arg]
    org = caller.organization_id
    match call:
        case ("reserve", name, amount):
            doing = store.reserve(charge_for(caller, amount, f"{org}-{name}"))
        case ("give_back", name, amount, reason):
            doing = store.give_back(f"{org}-{name}", amount, reason)
        case ("settle", name):
            doing = store.settle(f"{org}-{name}")
        case ("release", name):
            doing = store.release(f"{org}-{name}", "failed")
        case ("grant", amount):
            doing = store.grant(org, amount)
        case ("set", amount):
            doing = store.set_balance(org, amount)
        case _:
            doing = store.recover(exclusive=True)
    try:
        await doing
    except (InsufficientBalance, StoreUnavailable, ValueError) as refusal:
        return type(refusal).__name__
    return "ok"


@given(calls=st.lists(CALLS, max_size=25))
@settings(max_examples=150, deadline=None, derandomize=True)
def test_any_sequence_of_calls_adds_up(running: Server, calls: list[tuple]) -> None:  # type: ignore[type-arg]
    """Answers, balance, set aside and spent are those of the sums done by hand, after every call."""

    async def story(store: RedisStore) -> None:
        caller, books = await someone(store, 100), Books()
        for call in calls:
            expected = getattr(books, call[0])(*call[1:])
            assert await really(store, caller, call) == expected, call
            one = await store.organization(caller.organization_id)
            assert (one.balance, one.open, one.spent) == (books.balance, sum(books.rest.values()), books.spent), call
            assert one.balance + one.open + one.spent == one.granted

    play(running.url, story)

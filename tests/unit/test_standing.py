"""Callers are remembered for a time, under the key and the organization that they came with."""

from __future__ import annotations

import pytest

from app.accounts.model import Account, Caller
from app.accounts.standing import BRIEF, KNOWN, MANY, Acquaintances
from tests.unit.clocks import HandClock

ADA = Caller(Account("user-a", "ada@example.com", "", ()), "org-a", "key-a", 7)
KEY = "sk-ada"


@pytest.fixture
def clock() -> HandClock:
    """Stands still until it is moved."""
    return HandClock()


@pytest.fixture
def known(clock: HandClock) -> Acquaintances:
    """Somebody who has just met Ada."""
    met = Acquaintances(clock)
    met.keep(KEY, None, clock(), ADA)
    return met


def test_a_caller_is_the_same_but_for_the_balance(known: Acquaintances) -> None:
    """A balance changes all the time: who wants to know it has to ask."""
    brief, proven_later = known.brief(KEY, None), known.known(KEY, None, None)

    for found in (brief, proven_later):
        assert found is not None
        assert (found.account, found.organization_id, found.key_id, found.balance) == (
            ADA.account,
            ADA.organization_id,
            ADA.key_id,
            None,
        )


def test_who_is_known_for_longer_has_to_be_proven(known: Acquaintances) -> None:
    """Each request anew: what one has shown does not count for the next."""
    first, second = known.known(KEY, None, None), known.known(KEY, None, None)

    assert first is not None
    assert second is not None
    assert first.standing is not None
    assert second.standing is not None
    first.standing.proven = True
    assert not second.standing.proven


def test_nobody_is_known_for_ever(known: Acquaintances, clock: HandClock) -> None:
    """A moment for what costs nothing, a minute for who will be proven."""
    clock.seconds += BRIEF
    assert known.brief(KEY, None) is None
    assert known.known(KEY, None, None) is not None

    clock.seconds += KNOWN - BRIEF
    assert known.known(KEY, None, None) is None


def test_time_counts_from_the_question(clock: HandClock) -> None:
    """An answer that took long to come is as old as its question."""
    slow = Acquaintances(clock)
    clock.seconds += KNOWN
    slow.keep(KEY, None, clock() - BRIEF, ADA)

    assert slow.brief(KEY, None) is None


def test_another_organization_is_another_question(known: Acquaintances) -> None:
    """Who may spend for one may not for each."""
    assert known.brief(KEY, "org-b") is None
    assert known.known(KEY, "org-b", None) is None
    assert known.known("sk-bob", None, None) is None


def test_who_was_turned_away_is_known_no_longer(known: Acquaintances) -> None:
    """The next request of that key asks the store."""
    known.forget(KEY, None)

    assert known.known(KEY, None, None) is None


def test_memory_ends_somewhere(known: Acquaintances) -> None:
    """Who was met the longest ago is forgotten first, and who is met again is not."""
    for number in range(MANY - 1):
        known.keep(f"sk-{number}", None, 0.0, ADA)
    known.keep(KEY, None, 0.0, ADA)
    known.keep("sk-one-more", None, 0.0, ADA)

    assert known.known(KEY, None, None) is not None
    assert known.known("sk-0", None, None) is None
    assert known.known("sk-1", None, None) is not None


def test_no_key_is_kept(known: Acquaintances) -> None:
    """Only what was made of it, from which it cannot be told."""
    assert KEY not in repr(vars(known))

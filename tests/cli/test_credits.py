"""`understudy credits`."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from app.cli.amounts import amount, number, shown
from app.store.embedded import EmbeddedStore
from app.store.redis_store import RedisStore
from tests.cli.checks import refused
from tests.cli.conftest import Read, Run
from tests.store.servers import charge_for, play


@pytest.fixture
def ada(read: Read) -> str:
    """An organization called Engines with 10 credits; its id."""
    words = ("--email", "ada@example.com", "--organization", "Engines", "--credits", "10")
    return str(read("accounts", "create", *words)["organizations"][0]["id"])


@pytest.fixture
def owner(served_home: tuple[Path, EmbeddedStore], run: Run) -> None:
    """The first account, as a server's first start makes it, with 1000 credits."""
    play(served_home[1].url, lambda store: store.bootstrap("sk-owner-of-it-all", 1_000_000_000))


def test_show_lists_every_balance(run: Run, ada: str) -> None:
    """A table of organizations with their credits."""
    lines = run("credits", "show").stdout.splitlines()
    assert re.fullmatch(r"Organization +Name +Balance +Set aside +Spent", lines[0])
    assert re.fullmatch(rf"{ada} +Engines +10.00 +0.00 +0.00", lines[2])


def test_show_for_scripts(read: Read, ada: str) -> None:
    """Numbers in credits, by organization."""
    expected = {"id": ada, "name": "Engines", "balance": 10.0, "open": 0.0, "spent": 0.0, "granted": 10.0}
    for words in ((), ("--organization", ada), ("--organization", "Engines"), ("--email", "ADA@example.com")):
        assert read("credits", "show", *words) == [expected]


def test_grant_adds(read: Read, ada: str) -> None:
    """Exactly what was typed, to the sixth decimal, on top of what is there."""
    assert read("credits", "grant", "--organization", "Engines", "0.000001")[0]["balance"] == 10.000001
    assert read("credits", "grant", "--email", "ada@example.com", "5")[0]["balance"] == 15.000001


def test_set_replaces(run: Run, ada: str) -> None:
    """The balance is exactly what was typed, also nothing."""
    for typed, seen in (("0", "0.00"), ("2.5", "2.50"), ("007", "7.00")):
        result = run("credits", "set", typed, "--organization", ada)
        assert re.search(rf"^{ada} +Engines +{seen} +0.00 +0.00$", result.stdout, re.MULTILINE)


def test_the_first_account_is_meant_when_none_is_named(read: Read, owner: None, ada: str) -> None:
    """`credits grant 5` is for the owner of the server."""
    assert read("credits", "grant", "5")[0]["balance"] == 1005
    assert read("credits", "set", "7")[0]["name"] == "Understudy"
    assert read("credits", "show", "--organization", ada)[0]["balance"] == 10


def test_the_journal_shows_what_became_of_charges(
    run: Run, read: Read, ada: str, served_home: tuple[Path, EmbeddedStore]
) -> None:
    """Newest first: the engine, the price, what was spent and why the rest was not."""
    secret = read("keys", "create", "--email", "ada@example.com")["secret"]

    async def story(store: RedisStore) -> None:
        caller = await store.identify(secret, None, None)
        for name in ("one", "two"):
            await store.reserve(charge_for(caller, 900_000, name))
        await store.settle("one")
        await store.release("two", "EngineFailed")

    play(served_home[1].url, story)
    two, one = read("credits", "journal", "--email", "ada@example.com")
    assert (one["id"], one["state"], one["amount"], one["spent"], one["reason"]) == ("one", "settled", 0.9, 0.9, "")
    assert (two["state"], two["spent"], two["reason"]) == ("given_back", 0, "EngineFailed")
    assert one["organization"] == ada
    lines = run("credits", "journal", "--organization", "Engines", "--count", "1").stdout.splitlines()
    assert len(lines) == 3
    assert re.search(r"stable-diffusion-v1-6 +text-to-image +1 +0.90 +0.00 +EngineFailed$", lines[2])


@pytest.mark.parametrize(
    "typed",
    [
        *("-1", "-0.5", "+1", "nan", "NaN", "inf", "1e3", "1,5", "1.", ".5", "", " 1", "0x10", "1_000", "½"),
        *("\N{ARABIC-INDIC DIGIT THREE}", "0.0000001", "1234567890123"),
    ],
)
def test_amounts_are_plain_decimals(run: Run, read: Read, ada: str, typed: str) -> None:
    """Anything else is wrong usage, and no credit moves."""
    for verb in ("grant", "set"):
        refused(run("credits", verb, "--organization", ada, typed), repr(typed), code=2)
    assert read("credits", "show")[0]["balance"] == 10


def test_amounts_survive_the_way_there_and_back() -> None:
    """What is typed is what is counted, shown and written, without rounding."""
    for micro in (0, 1, 10, 999_999, 1_000_000, 333_333, 4_000_000_000_000_000, 3_999_999_999_999_999):
        assert amount(shown(micro)) == micro
        assert round(number(micro) * 1_000_000) == micro
    assert (shown(0), shown(333_333), shown(1_000_000_000)) == ("0.00", "0.333333", "1000.00")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("grant", "5"), "say whose with --email"),
        (("show", "--organization", "org-x"), "no organization org-x"),
        (("show", "--organization", "Nowhere"), "no organization named 'Nowhere'"),
        (("journal", "--email", "nobody@example.com"), "no account nobody@example.com"),
        (("grant", "--organization", "Engines", "4000000000"), "at most 4,000,000,000 credits"),
    ],
)
def test_mistakes_are_one_line(run: Run, ada: str, words: tuple[str, ...], told: str) -> None:
    """Each mistake is named, on stderr, with exit code 1."""
    refused(run("credits", *words), told)


def test_an_ambiguous_name_asks_for_the_id(run: Run, ada: str, served_home: tuple[Path, EmbeddedStore]) -> None:
    """Two organizations of one name: the line lists both ids."""

    async def story(store: RedisStore) -> str:
        account, _ = await store.create_account("bob@example.com", organization="Engines")
        return account.memberships[0].id

    other = play(served_home[1].url, story)
    refused(run("credits", "grant", "--organization", "Engines", "1"), ada, other, "give the id")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("grant",), "AMOUNT"),
        (("grant", "1", "2"), "2"),
        (("show", "--organization", "a", "--email", "b"), "only one of --email and --organization"),
        (("journal", "--count", "0"), "0"),
    ],
)
def test_wrong_usage_is_told_apart(run: Run, words: tuple[str, ...], told: str) -> None:
    """Wrong words exit with 2."""
    refused(run("credits", *words), told, code=2)

"""Every outcome of the table, over real connections: by prompt, by engine, by key and by rule."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import requests

from app.worlds.outcomes import Outcome
from tests.double.playing import EXERCISED, PRICE, Wish, expect
from tests.running import VERSIONS, Client, Server
from understudy.testing import Understudy

BY_KEY = sorted(set(Outcome) - {Outcome.INSUFFICIENT_BALANCE})
KEY_WITHOUT_CREDITS = "sk-understudy-insufficient-balance"
"""It is no spell, but opens a world that has none."""

every_outcome = pytest.mark.parametrize("outcome", list(Outcome))


@every_outcome
@pytest.mark.parametrize("png", [False, True], ids=["json", "png"])
@pytest.mark.parametrize("version", VERSIONS)
def test_a_prompt_asks_for_an_outcome(double: Server, key: str, version: str, png: bool, outcome: Outcome) -> None:
    """Each outcome looks in each version as that version words it, and none of them costs anything."""
    wish = Wish(double.url, key, version, png, prompt=f"a fox, understudy:{outcome}, at dawn")

    expect(outcome, wish)

    assert wish.balance() == 100
    entry = Understudy(double.url, key).journal.expect(count=1, operation="text-to-image")[0]
    assert (entry.outcome, entry.version, entry.charged) == (outcome, version, 0)


@every_outcome
def test_an_engine_asks_for_an_outcome(double: Server, key: str, outcome: Outcome) -> None:
    """A client whose prompts cannot be changed may still choose its engine."""
    expect(outcome, Wish(double.url, key, png=True, engine=f"understudy-{outcome.replace('_', '-')}"))


@pytest.mark.parametrize("outcome", BY_KEY)
def test_a_key_asks_for_an_outcome(double: Server, outcome: Outcome) -> None:
    """A client whose requests cannot be changed may still be given a key."""
    expect(outcome, Wish(double.url, f"sk-understudy-{outcome.replace('_', '-')}", png=True))


@every_outcome
def test_a_rule_asks_for_an_outcome(double: Server, key: str, world: Understudy, outcome: Outcome) -> None:
    """A test that can reach the control API needs no magic, and the next request is as if nothing had been."""
    rule = world.fail_next(outcome)

    expect(outcome, Wish(double.url, key))

    with Wish(double.url, key).asked() as connection:
        assert connection.getresponse().status == 200
    assert world.balance == pytest.approx(100 - PRICE)
    first, second = world.journal.expect(count=2, operation="text-to-image")
    assert (first.rules, first.outcome, first.charged) == ([rule], outcome, 0)
    assert (second.rules, second.outcome, second.charged) == ([], None, PRICE)


def test_the_table_and_these_tests_are_alike(double: Server) -> None:
    """As many outcomes are exercised here as the server's own table has, and the same ones."""
    table = requests.get(f"{double.url}/_understudy/outcomes", timeout=30).json()["outcomes"]

    assert {row["outcome"] for row in table} == {str(outcome) for outcome in EXERCISED}
    assert len(table) == len(EXERCISED) == len(Outcome)


def test_a_key_without_credits(double: Server, client_of: Callable[[str], Client]) -> None:
    """Nothing is played on it: lists and balances work, and what costs is refused by the ledger."""
    client = client_of(KEY_WITHOUT_CREDITS)

    assert client.balance() == 0
    assert client.get("/v1/engines/list").status_code == 200
    expect(Outcome.INSUFFICIENT_BALANCE, Wish(double.url, KEY_WITHOUT_CREDITS))


@pytest.mark.parametrize("path", ["engines/list", "user/account", "user/balance"])
@pytest.mark.parametrize("version", VERSIONS)
def test_lists_and_balances_can_fail_too(client: Client, world: Understudy, version: str, path: str) -> None:
    """A rule reaches every operation, not only those that draw."""
    world.fail_next("rate_limit_exceeded", path=f"/{version}/{path}")

    refused, after = client.get(f"/{version}/{path}"), client.get(f"/{version}/{path}")

    assert (refused.status_code, refused.json()["name"]) == (429, "rate_limit_exceeded")
    assert after.status_code == 200


def test_a_browser_can_read_a_played_error(client: Client, world: Understudy) -> None:
    """Played errors carry the headers of real ones, those for browsers included; asking first is never refused."""
    world.fail_next("server_error", times=None)

    preflight = client.options(
        "/v1/user/balance", headers={"Origin": "http://localhost", "Access-Control-Request-Method": "GET"}
    )
    answer = client.get("/v1/user/balance", headers={"Origin": "http://localhost"})

    assert preflight.status_code == 204
    assert answer.status_code == 500
    assert answer.headers["Access-Control-Allow-Origin"] == "http://localhost"
    assert "Finish-Reason" in answer.headers["Access-Control-Expose-Headers"]

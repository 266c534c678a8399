"""Callers are remembered for a moment: how often the store is asked, and that nobody slips through."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from redis import Redis

from app.accounts.standing import BRIEF
from app.store.scripts import script
from tests.running import VERSIONS, Client, Server, understudy
from tests.wire.asking import path, text_to_image
from tests.wire.refusing import assert_error

INCORRECT = "Incorrect API key provided"
UNCOUNTED = ("CLIENT", "HELLO", "SCARD", f"EVALSHA {script('recover').digest}")
"""What opens a connection, what the test asks itself, and the sign of life that a server gives now and then."""
every_version = pytest.mark.parametrize("version", VERSIONS)


@pytest.fixture(autouse=True, scope="module")
def _warm(server: Server) -> None:
    """The store has seen every script once."""
    with Client(server.url) as client:
        assert text_to_image(client, "v1").status_code == 200
        assert client.balance() > 0


@pytest.fixture(scope="module")
def counting(start: Callable[..., Server]) -> Server:
    """A server that counts requests, and takes five of a key in a minute."""
    limit = {"UNDERSTUDY_RATE_REQUESTS": "5", "UNDERSTUDY_RATE_WINDOW": "60", "UNDERSTUDY_RATE_LOCKOUT": "60"}
    return start(UNDERSTUDY_RATE_LIMIT="on", **limit)


def test_a_light_request_asks_the_store_at_most_once(server: Server, other: dict[str, Any]) -> None:
    """A list of engines asks who calls, and soon after it nothing at all; a balance is always asked for."""
    with Client(server.url, other["key"]["secret"]) as member:
        with trips(server) as first:
            member.get("/v1/engines/list")
        with trips(server) as second:
            member.get("/v1/engines/list")
        with trips(server) as balance:
            assert member.balance() == 50
        time.sleep(BRIEF)
        with trips(server) as later:
            assert member.balance() == 50

    assert [len(one) for one in (first, second, balance, later)] == [1, 0, 1, 1]


@every_version
def test_a_generation_asks_the_store_twice(server: Server, other: dict[str, Any], version: str) -> None:
    """Once before the work and once after it, from the second one of a key on; only the first asks who calls."""
    with Client(server.url, other["key"]["secret"]) as member:
        with trips(server) as first:
            assert text_to_image(member, version).status_code == 200
        time.sleep(BRIEF)
        with trips(server) as second:
            assert text_to_image(member, version).status_code == 200

    assert (len(first), len(second)) == (3, 2)


def test_a_generation_that_is_counted_asks_no_more_often(counting: Server) -> None:
    """Where requests are counted, it is done on the way."""
    with Client(counting.url, counting.key) as client:
        assert text_to_image(client, "v1").status_code == 200
        with trips(counting) as second:
            assert text_to_image(client, "v1").status_code == 200
        rest = [text_to_image(client, "v1", **change).status_code for change in ({}, {"steps": 3}, {}, {})]

        refused = client.post(path("v1"), data=b"{")

    assert len(second) == 2
    assert rest == [200, 400, 200, 429]
    assert_error(refused, "v1", 429, "rate_limit_exceeded")


@every_version
def test_a_key_that_was_revoked_draws_nothing(server: Server, other: dict[str, Any], version: str) -> None:
    """From that moment on no picture is drawn for it, however lately it was used, and nothing is charged."""
    with Client(server.url, other["key"]["secret"]) as member:
        assert text_to_image(member, version).status_code == 200
        before = balance_of(server, other)
        revoke(server, other)

        answer = text_to_image(member, version)

    assert_error(answer, version, 401, "unauthorized", INCORRECT)
    assert balance_of(server, other) == before


@every_version
def test_a_revoked_key_is_not_told_what_is_wrong(server: Server, other: dict[str, Any], version: str) -> None:
    """A bad key with a bad body is a bad key, also when the key was good a moment ago."""
    secret = other["key"]["secret"]
    with Client(server.url, secret) as member:
        assert text_to_image(member, version).status_code == 200
        spare = understudy("keys", "create", "--account", other["id"], "--json", home=server.home)
        again = json.loads(spare.stdout)["secret"]
        revoke(server, other)
        time.sleep(BRIEF)
        answers = [text_to_image(member, version, steps=3)]
    with Client(server.url, again) as member:
        assert text_to_image(member, version).status_code == 200
        assert understudy("keys", "revoke", json.loads(spare.stdout)["id"], home=server.home).returncode == 0
        time.sleep(BRIEF)
        answers.append(member.post(path(version), data=b"{"))

    for answer in answers:
        assert_error(answer, version, 401, "unauthorized", INCORRECT)


@pytest.mark.parametrize("light", ["engines/list", "user/account", "user/balance"])
def test_a_revoked_key_opens_nothing_a_second_later(server: Server, other: dict[str, Any], light: str) -> None:
    """Every process of a server has forgotten it by then."""
    with Client(server.url, other["key"]["secret"]) as member:
        assert member.get(f"/v1/{light}").status_code == 200
        revoke(server, other)
        time.sleep(1)

        answer = member.get(f"/v1/{light}")

    assert_error(answer, "v1", 401, "unauthorized", INCORRECT)


def test_another_organization_pays_from_the_moment_it_is_the_default(server: Server, other: dict[str, Any]) -> None:
    """Also for who was just known to pay from the one before."""
    with Client(server.url, other["key"]["secret"]) as member:
        assert text_to_image(member, "v1").status_code == 200
        before = member.balance()
        joined = understudy("accounts", "join", other["id"], "Understudy", "--default", home=server.home)
        assert joined.returncode == 0, joined.stderr

        assert text_to_image(member, "v1").status_code == 200

    assert balance_of(server, other) == before * 1_000_000


@contextmanager
def trips(server: Server) -> Iterator[list[str]]:
    """Collects the commands that the server sends to its store meanwhile, its sign of life left out."""
    sent: list[str] = []
    with store(server) as redis, store(server) as marker:
        marker.ping()  # It is connected before anything is written down.
        with redis.monitor() as monitor:
            yield sent
            while marker.scard("understudy:open"):  # What was delivered is settled a moment later.
                time.sleep(0.01)
            sent += _until_the_end(marker, monitor)


def _until_the_end(marker: Redis, monitor: Any) -> Iterator[str]:
    marker.echo("the end")
    for command in monitor.listen():
        if "the end" in command["command"]:
            return
        if command["client_type"] != "lua" and not command["command"].startswith(UNCOUNTED):
            yield command["command"]


def store(server: Server) -> Redis:
    """The server's own store."""
    return Redis(unix_socket_path=(server.home / "store" / "socket").read_text(), decode_responses=True)


def balance_of(server: Server, account: dict[str, Any]) -> int:
    """Micro-credits of the organization that the account was made with."""
    organization = account["organizations"][0]["id"]
    with store(server) as redis:
        return int(redis.hget(f"understudy:org:{organization}", "balance"))


def revoke(server: Server, account: dict[str, Any]) -> None:
    """Revoke its first key from the command line."""
    revoked = understudy("keys", "revoke", account["key"]["id"], home=server.home)
    assert revoked.returncode == 0, revoked.stderr

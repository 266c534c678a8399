"""A thousand spoiled requests for every route: each is answered in the shape of its contract, none costs a credit."""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from tests.fuzz.books import books, resident
from tests.fuzz.judging import complaint
from tests.fuzz.requests_to_spoil import Route, routes
from tests.fuzz.spoiling import Spoiled, describe, spoil
from tests.fuzz.tally import TALLY
from tests.fuzz.wires import Exchange, exchange
from tests.running import Client, Server, rows

REQUESTS = int(os.environ.get("FUZZ_REQUESTS", "1000"))
SEED = os.environ.get("FUZZ_SEED", "1")
WORKERS = 4
GROWTH = 400_000_000
"""How many bytes of memory a server may have taken on after everything; decoding one picture takes some 100 MB."""


@dataclass(frozen=True)
class Shot:
    """One spoiled request and what came of it."""

    sent: Spoiled
    got: Exchange

    def complaints(self) -> Iterator[str]:
        """What is wrong with the answers, each with what was sent."""
        found = ["hangs"] if self.got.hung else []
        found += [wrong for reply in self.got.replies if (wrong := complaint(reply, self.sent.wire))]
        for wrong in found:
            yield f"{self.sent.way}: {wrong} <- {describe(self.sent.wire)}"

    def pictures(self) -> int:
        """How many paid answers came back whole."""
        return sum(r.complete and r.status == 200 and self.sent.wire.startswith(b"POST") for r in self.got.replies)


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that is quick to give up waiting, and whose credits nobody else spends."""
    home = tmp_path_factory.mktemp("mutations") / "home"
    settings = {
        "UNDERSTUDY_CREDITS": "1000000",
        "UNDERSTUDY_DAILY_CREDITS": "1000000",
        "UNDERSTUDY_LOG_LEVEL": "warning",
        "UNDERSTUDY_HEADER_SECONDS": "0.5",
        "UNDERSTUDY_BODY_SECONDS": "0.5",
    }
    with Server(home, **settings) as running:
        yield running


@pytest.mark.parametrize("route", routes(), ids=str)
def test_spoiled_requests_are_answered_in_shape_and_cost_nothing(target: Server, route: Route) -> None:
    """The caller sees an error of the contract, or a picture that was paid for; never a 5xx, never nothing for ever."""
    before = books(target)
    memory = resident(target)

    with ThreadPoolExecutor(WORKERS) as pool:
        shots = list(pool.map(lambda number: shoot(target, route, number), range(REQUESTS)))

    after = books(target)
    statuses = Counter(reply.status for shot in shots for reply in shot.got.replies)
    TALLY.add(f"mutations {route.version}", str(route), len(shots), statuses)
    assert [wrong for shot in shots for wrong in shot.complaints()] == []
    assert after.open == 0
    assert after.settled - before.settled == sum(shot.pictures() for shot in shots)
    assert before.balance - after.balance == after.spent - before.spent
    assert [row for row in rows(target.output()) if "trace" in row or row["level"] == "error"] == []
    assert resident(target) - memory < GROWTH
    with Client(target.url, target.key) as client:
        assert client.balance() == after.balance / 1_000_000


def shoot(target: Server, route: Route, number: int) -> Shot:
    """Send the spoiled request of this number; the same number is always the same request."""
    sent = spoil(route, target.key, random.Random(f"{SEED}/{route}/{number}"))
    return Shot(sent, exchange(target.url, sent.wire, give_up=sent.short))

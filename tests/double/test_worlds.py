"""Many worlds on one server, all at work at the same moment: nobody sees anything of anybody else."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from tests.double.playing import ENGINE, PRICE, Wish
from tests.running import Client, Server
from understudy.testing import Understudy

WORLDS = 500


@dataclass(frozen=True)
class Visit:
    """What one key saw: the status of each request, the seeds and hashes of its pictures."""

    statuses: list[int]
    seeds: list[int]
    pictures: list[str]


@dataclass(frozen=True)
class Guest:
    """One of many keys; its number stands in its balance and in its prompts, and every third has a rule."""

    url: str
    number: int

    @property
    def world(self) -> Understudy:
        """What steers its world."""
        return Understudy(self.url, f"sk-crowd-{self.number}-c{self.number + 10}")

    @property
    def unlucky(self) -> bool:
        """Whether its first request fails."""
        return self.number % 3 == 0

    @property
    def prompt(self) -> str:
        """Nobody else asks for this."""
        return f"fox number {self.number} of many"

    def visit(self, together: threading.Barrier) -> Visit:
        """Ask for two pictures without a seed, each at the same moment as everybody else."""
        if self.unlucky:
            self.world.fail_next("server_error", prompt=self.prompt)
        statuses, seeds, pictures = [], [], []
        for _ in range(2):
            together.wait(120)
            with Wish(self.url, self.world.key, prompt=self.prompt, seed=None).asked(120) as connection:
                answer = connection.getresponse()
                for artifact in json.loads(answer.read()).get("artifacts", ()):
                    seeds.append(artifact["seed"])
                    pictures.append(hashlib.sha256(base64.b64decode(artifact["base64"])).hexdigest())
                statuses.append(answer.status)
        return Visit(statuses, seeds, pictures)


@pytest.fixture(scope="module")
def guests(double: Server) -> list[Guest]:
    """Everybody."""
    return [Guest(double.url, number) for number in range(WORLDS)]


@pytest.fixture(scope="module")
def visits(guests: list[Guest]) -> list[Visit]:
    """What everybody saw, in the order of the guests."""
    together = threading.Barrier(WORLDS)
    with ThreadPoolExecutor(WORLDS) as pool:
        return list(pool.map(lambda guest: guest.visit(together), guests))


def test_rules_meet_nobody_else(guests: list[Guest], visits: list[Visit]) -> None:
    """Who has a rule fails once, and nobody else fails."""
    assert [visit.statuses for visit in visits] == [[500, 200] if guest.unlucky else [200, 200] for guest in guests]


def test_balances_are_ones_own(guests: list[Guest], visits: list[Visit]) -> None:
    """Everybody pays for their own pictures from the balance that their key opened."""
    for guest, visit in zip(guests, visits, strict=True):
        assert guest.world.balance == pytest.approx(guest.number + 10 - PRICE * len(visit.seeds))


def test_journals_are_ones_own(guests: list[Guest], visits: list[Visit]) -> None:
    """Everybody's journal holds their two requests, with their prompt, their rule and their pictures."""
    for guest, visit in zip(guests, visits, strict=True):
        entries = list(guest.world.journal)
        assert [entry.status for entry in entries] == visit.statuses
        assert {prompt for entry in entries for prompt in entry.prompts} == {guest.prompt}
        assert [rule for entry in entries for rule in entry.rules] == (["rule-1"] if guest.unlucky else [])
        assert [picture["sha256"] for entry in entries for picture in entry.pictures] == visit.pictures


def test_seeds_are_ones_own(visits: list[Visit]) -> None:
    """Worlds draw different seeds, and so different pictures."""
    seeds = [seed for visit in visits for seed in visit.seeds]
    pictures = [picture for visit in visits for picture in visit.pictures]

    assert len(set(seeds)) == len(seeds) == len(set(pictures)) == 2 * WORLDS - len(range(0, WORLDS, 3))


def test_seeds_come_again_after_a_reset(guests: list[Guest], visits: list[Visit]) -> None:
    """A test that is run again gets the same pictures, whatever others did in the meantime."""
    guest, before = guests[1], visits[1]
    guest.world.reset()

    again = guest.visit(threading.Barrier(1))

    assert again == before


def test_an_engine_that_a_world_does_not_see(
    double: Server, world: Understudy, client: Client, client_of: Callable[[str], Client], new_key: Callable[..., str]
) -> None:
    """Hidden engines are neither listed nor found, in this world alone."""
    world.change(engines=["stable-diffusion-v1-5"])

    assert [row["id"] for row in client.get("/v1/engines/list").json()] == ["stable-diffusion-v1-5"]
    with Wish(double.url, world.key).asked() as connection:
        assert connection.getresponse().status == 404
    assert ENGINE in [row["id"] for row in client_of(new_key()).get("/v1/engines/list").json()]


def test_a_lockout_takes_no_time(client: Client, world: Understudy) -> None:
    """The rate limit of a world goes by its clock, which can be put forward; steering it counts as nothing."""
    world.change(rate_limit={"requests": 2, "window": 10, "lockout": 60})
    statuses = [client.get("/v1/user/balance").status_code for _ in range(3)]
    assert world.balance == 100

    world.advance(61)

    assert statuses == [200, 200, 429]
    assert client.get("/v1/user/balance").status_code == 200
    assert [entry.status for entry in world.journal] == [200, 200, 429, 200]

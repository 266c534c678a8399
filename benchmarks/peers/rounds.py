"""The measuring itself: all contestants are up, each work is sent to one after the other, in turning order."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.peers.load import Figures, Shot, fire
from benchmarks.peers.probe import NotDone, Seen, hold, probe
from benchmarks.peers.running import Running
from benchmarks.peers.work import Work

WARM = 0.3
"""Seconds of load before the first measurement of each work on each contestant, which do not count."""
FIRST, STRIDE = 1_000_000_000, 1_000_000
"""Where the numbers of varied requests begin, and how many each measurement has for itself."""

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Sample:
    """One measurement. ``processor`` and ``store`` are microseconds of processor time for each request."""

    contestant: str
    processes: int
    work: str
    connections: int
    figures: Figures
    processor: float
    store: float

    @property
    def rate(self) -> float:
        """Requests per second."""
        return self.figures.requests / self.figures.seconds


@dataclass(frozen=True, slots=True)
class Proof:
    """What was checked on one contestant for one work."""

    contestant: str
    processes: int
    work: str
    status: int
    size: int
    """Bytes of an answer, head included."""
    type: str
    picture: int | None
    """A checksum of the picture's file."""
    charged: int
    """Micro-credits that went out of the store, exactly as many as the answers cost."""
    requests: int
    """Answers that were counted, each with the status and the size of the one that was looked at."""
    refusals: int
    """Wrong keys and wrong bodies that were refused."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to measure; ``requests`` is a folder for the requests as they go over the wire."""

    works: Sequence[Work]
    connections: Sequence[int]
    rounds: int
    seconds: float
    requests: Path


class Match:
    """Runs a plan over servers that are up. Raises ``NotDone`` as soon as one did not do the work."""

    def __init__(self, servers: Sequence[Running], plan: Plan, tell: Tell) -> None:
        self._servers = servers
        self._plan = plan
        self._tell = tell
        self._numbers = itertools.count(FIRST, STRIDE)
        self._seen: dict[tuple[str, str], Seen] = {}
        self._tallies: dict[tuple[str, str], list[int]] = {}

    def samples(self) -> Iterator[Sample]:
        """Every measurement, round by round."""
        for work in self._plan.works:
            for server in self._taking(work):
                self._warm(server, work)
        for number in range(self._plan.rounds):
            self._tell(f"round {number + 1} of {self._plan.rounds}")
            for work, connections in itertools.product(self._plan.works, self._plan.connections):
                servers = self._taking(work)
                turn = number % max(1, len(servers))
                for server in (*servers[turn:], *servers[:turn]):
                    yield self._measure(server, work, connections)

    def proofs(self) -> list[Proof]:
        """What was checked, when all is measured. Raises ``NotDone`` where two drew different pictures."""
        proofs = []
        for server in self._servers:
            who = server.contestant
            for work in self._plan.works:
                seen = self._seen.get((who.id, work.name))
                if seen is None:
                    continue
                requests, charged, refusals = self._tallies[who.id, work.name]
                facts = (seen.status, seen.size, seen.type, seen.picture)
                proofs.append(Proof(who.name, who.processes, work.name, *facts, charged, requests, refusals))
        _same_pictures([proof for proof in proofs if proof.work != "drawn"])
        return proofs

    def _taking(self, work: Work) -> list[Running]:
        return [server for server in self._servers if work.name not in server.contestant.cannot]

    def _warm(self, server: Running, work: Work) -> None:
        who = server.contestant
        self._look(server, work)
        self._tallies[who.id, work.name] = [0, 0, hold(who, server.port, work)]
        fire(server.port, self._shot(server, work, max(self._plan.connections), min(WARM, self._plan.seconds)))

    def _measure(self, server: Running, work: Work, connections: int) -> Sample:
        who = server.contestant
        shot = self._shot(server, work, connections, self._plan.seconds)
        seen = self._look(server, work)
        paid, used = 0 if who.mocks else server.balance(), server.usage()
        figures = fire(server.port, shot)
        spent = server.usage()
        charged = 0 if who.mocks else paid - server.balance()
        self._prove(server, work, figures, charged)
        if self._look(server, work).size != seen.size and not work.varied:
            raise NotDone(f"{who.title}, {work.title}: after the load the answer has another size")
        each = 1e6 / figures.requests
        processor = (spent.processor - used.processor) * each
        store = (spent.store_processor - used.store_processor) * each
        return Sample(who.name, who.processes, work.name, connections, figures, processor, store)

    def _look(self, server: Running, work: Work) -> Seen:
        """Send the work once, check it, and remember it."""
        seen = probe(server.contestant, server.port, work, next(self._numbers))
        self._seen[server.contestant.id, work.name] = seen
        return seen

    def _shot(self, server: Running, work: Work, connections: int, seconds: float) -> Shot:
        path = self._plan.requests / f"{server.contestant.id}-{work.name}.http"
        if not path.exists():
            path.write_bytes(work.wire(server.contestant.base))
        return Shot(path, connections, seconds, next(self._numbers) if work.varied else None)

    def _prove(self, server: Running, work: Work, figures: Figures, charged: int) -> None:
        """Hold what wrk and the store counted against the answer that was looked at."""
        who, seen = server.contestant, self._seen[server.contestant.id, work.name]
        refused = figures.requests if work.status >= 400 else 0
        size = figures.bytes if work.varied else figures.requests * seen.size
        price = 0 if who.mocks else work.price
        counted = (figures.lost, figures.refused, figures.bytes, charged)
        expected = (0, refused, size, figures.requests * price)
        if counted != expected:
            raise NotDone(
                f"{who.title}, {work.title}, {figures.requests} requests: lost, refused, bytes and credits are "
                f"{counted}, which should be {expected}"
            )
        tally = self._tallies[who.id, work.name]
        tally[0] += figures.requests
        tally[1] += charged


def _same_pictures(proofs: Sequence[Proof]) -> None:
    for name in {proof.work for proof in proofs}:
        pictures = {proof.picture for proof in proofs if proof.work == name and proof.picture is not None}
        if len(pictures) > 1:
            raise NotDone(f"{name}: contestants answered different pictures")

"""Everything that a run found out, and the medians and ratios that are shown of it."""

from __future__ import annotations

import dataclasses
import json
import os
import platform
import shutil
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any

from benchmarks.peers.contestants import PRISM
from benchmarks.peers.load import Figures
from benchmarks.peers.rounds import Proof, Sample
from benchmarks.peers.sizes import Size


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes that the processes of a contestant hold after all load, and its store."""

    own: int
    store: int


@dataclass(frozen=True, slots=True)
class Score:
    """Medians over all rounds: requests per second, latencies in microseconds, processor microseconds per request."""

    rate: float
    p50: float
    p99: float
    processor: float
    store: float


@dataclass(slots=True)
class Results:
    """One run. ``starts`` and ``memory`` are by the ids of contestants, ``sizes`` by their names."""

    machine: Mapping[str, str]
    samples: list[Sample] = field(default_factory=list)
    proofs: list[Proof] = field(default_factory=list)
    starts: dict[str, list[float]] = field(default_factory=dict)
    memory: dict[str, Memory] = field(default_factory=dict)
    sizes: dict[str, Size] = field(default_factory=dict)
    pictures: dict[str, str] = field(default_factory=dict)

    def of(self, contestant: str, processes: int, work: str, connections: int) -> list[Sample]:
        """Its measurements, in the order of rounds."""
        wanted = (contestant, processes, work, connections)
        return [one for one in self.samples if (one.contestant, one.processes, one.work, one.connections) == wanted]

    def score(self, contestant: str, processes: int, work: str, connections: int) -> Score | None:
        """The medians; None where nothing was measured."""
        found = self.of(contestant, processes, work, connections)
        return _score(found) if found else None

    def known(self, name: str) -> list[Any]:
        """The different values of a field of samples, in their order."""
        return list(dict.fromkeys(getattr(sample, name) for sample in self.samples))

    def plain(self) -> dict[str, Any]:
        """The same for a program to read."""
        return dataclasses.asdict(self)

    @classmethod
    def of_plain(cls, plain: Mapping[str, Any]) -> Results:
        """What ``plain`` gave."""
        return cls(
            plain["machine"],
            [Sample(**{**one, "figures": Figures(**one["figures"])}) for one in plain["samples"]],
            [Proof(**one) for one in plain["proofs"]],
            plain["starts"],
            {name: Memory(**one) for name, one in plain["memory"].items()},
            {name: Size(**one) for name, one in plain["sizes"].items()},
            plain["pictures"],
        )


def ratio(ours: Sequence[Sample], theirs: Sequence[Sample], value: Callable[[Sample], float]) -> float | None:
    """The median over rounds of our value divided by theirs; None where one of them was not measured.

    The two of a round were measured one soon after the other, so that an hour of a slower machine is in both.
    """
    pairs = [(value(one), value(other)) for one, other in zip(ours, theirs, strict=False)]
    return statistics.median(mine / other for mine, other in pairs) if pairs else None


def machine() -> dict[str, str]:
    """Where and with what it was measured."""
    versions = {name: version(name) for name in ("connexion", "starlette", "uvicorn", "uvloop", "redis")}
    return {
        "date": time.strftime("%Y-%m-%d"),
        "system": f"{platform.system()} {platform.machine()}",
        "cores": str(os.cpu_count() or 1),
        "python": platform.python_version(),
        **versions,
        "node": _said("node", "--version").removeprefix("v"),
        "prism": _prism(),
    }


def _score(found: Sequence[Sample]) -> Score:
    return Score(
        statistics.median(one.rate for one in found),
        statistics.median(one.figures.p50 for one in found),
        statistics.median(one.figures.p99 for one in found),
        statistics.median(one.processor for one in found),
        statistics.median(one.store for one in found),
    )


def _prism() -> str:
    package = PRISM / "@stoplight" / "prism-cli" / "package.json"
    return str(json.loads(package.read_bytes())["version"]) if package.exists() else "-"


def _said(program: str, *arguments: str) -> str:
    found = shutil.which(program)
    if found is None:
        return "-"
    return subprocess.run([found, *arguments], capture_output=True, text=True, check=False).stdout.strip()  # noqa: S603 -- asks for a version

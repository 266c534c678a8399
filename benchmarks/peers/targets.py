"""What Understudy wants to reach beside its peers, and whether this run did."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.peers.results import Results, ratio
from benchmarks.peers.rounds import Sample
from benchmarks.peers.work import works

CONNECTIONS = 8
"""Where processor time is compared."""
BUSY = 32
"""Where two processes are compared with one: with less, one of them may get most of the connections."""
SHARES = (
    ("engines", "asyncapp", 1 / 3, "1/3"),
    ("engines", "prism", 2 / 3, "2/3"),
    ("balance", "asyncapp", 1 / 2, "1/2"),
    ("refused", "asyncapp", 1 / 3, "1/3"),
    ("json", "asyncapp", 1 / 5, "1/5"),
    ("png", "asyncapp", 1 / 3, "1/3"),
    ("form", "asyncapp", 1 / 3, "1/3"),
)
"""Work, peer, and the most processor time per request that Understudy may take of what the peer takes."""
NAMES = {"asyncapp": "AsyncApp", "prism": "Prism"}
TWO_PROCESSES = 1.7
START = 0.5


@dataclass(frozen=True, slots=True)
class Verdict:
    """A target in words, the figure that was measured, and whether that is good enough."""

    target: str
    measured: str
    holds: bool


def verdicts(results: Results) -> Iterator[Verdict]:
    """Every target that this run says something about."""
    titles = {work.name: work.title for work in works()}
    for work, peer, limit, words in SHARES:
        ours, theirs = (results.of(name, 1, work, CONNECTIONS) for name in ("understudy", peer))
        share = ratio(ours, theirs, lambda sample: sample.processor)
        if share is not None:
            yield Verdict(f"{titles[work]}: at most {words} of {NAMES[peer]}", f"{share:.2f}", share <= limit)
    yield from _scaling(results)
    starts = results.starts.get("understudy-1")
    if starts:
        median = statistics.median(starts)
        yield Verdict(f"start to the first answer: at most {START} s", f"{median:.2f} s", median <= START)


def _scaling(results: Results) -> Iterator[Verdict]:
    """Requests per second of two processes over those of one, in the median of all works that were measured."""
    shares = []
    for work in results.known("work"):
        two, one = (results.of("understudy", count, work, BUSY) for count in (2, 1))
        share = ratio(two, one, _rate)
        if share is not None:
            shares.append((share, work))
    if shares:
        median = statistics.median(share for share, _ in shares)
        (least, where), (most, best) = min(shares), max(shares)
        words = f"{median:.2f} in the median of all work; {least:.2f} ({where}) to {most:.2f} ({best})"
        yield Verdict(f"two processes: at least {TWO_PROCESSES} times the requests", words, median >= TWO_PROCESSES)


def _rate(sample: Sample) -> float:
    return sample.rate

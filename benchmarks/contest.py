"""Ours and the stock code in turn: the same weights, the same noise, one picture each per round."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import numpy as np

from benchmarks.gauges import Gauge, Usage
from engines.types import Pixels

Tell = Callable[[str], None]


class Laps:
    """Notes when the first and when the last step ended; in between nobody waits for the device."""

    def __init__(self, steps: int, now: Callable[[], float]) -> None:
        self._steps = steps
        self._now = now
        self._ends: list[float] = []

    def ended(self, done: int) -> None:
        """So many steps are done."""
        if done in {1, self._steps}:
            self._ends.append(self._now())

    @property
    def seconds(self) -> float | None:
        """Seconds for one step, the first not counted; None where there was no second."""
        if len(self._ends) < 2:
            return None
        return (self._ends[-1] - self._ends[0]) / (self._steps - 1)


class Contestant(Protocol):
    """One way to make a picture."""

    name: str

    def prepare(self) -> None:
        """Bring what is shared into the state that this one needs; not measured."""
        ...

    def draw(self, seed: int, steps: int, laps: Laps) -> Pixels:
        """The picture of this seed."""
        ...


@dataclass(frozen=True, slots=True)
class Score:
    """What one picture of one contestant takes: medians of time, the most memory, in seconds and bytes."""

    name: str
    seconds: float
    per_step: float | None
    processor: float
    memory: int
    total: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """One contest. Differences are between pictures of the same seed, in levels of 0 to 255, over all rounds."""

    what: str
    scores: tuple[Score, ...]
    largest: int
    mean: float
    spread: float
    """The standard deviation of the first contestant's pictures: below 1 they would be blank, and equal for nothing."""


@dataclass(frozen=True, slots=True)
class Rules:
    """How often and how long."""

    rounds: int
    steps: int
    warm: bool
    """Whether each makes a picture in one step first, which is not counted."""


def compete(what: str, contestants: Sequence[Contestant], rules: Rules, gauge: Gauge, tell: Tell) -> Outcome:
    """Two contestants, each in turn the first of a round."""
    for contestant in contestants if rules.warm else ():
        tell(f"{what}: {contestant.name}, to warm up")
        contestant.prepare()
        contestant.draw(1, 1, Laps(1, gauge.now))
    rounds = [_round(what, contestants, number, rules, gauge, tell) for number in range(1, rules.rounds + 1)]
    names = [contestant.name for contestant in contestants]
    first, second = ([turns[name].pixels.astype(int) for turns in rounds] for name in names)
    apart = [np.abs(one - other) for one, other in zip(first, second, strict=True)]
    return Outcome(
        what,
        tuple(_score(name, [turns[name] for turns in rounds]) for name in names),
        max(int(each.max()) for each in apart),
        statistics.fmean(float(each.mean()) for each in apart),
        statistics.fmean(float(each.std()) for each in first),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Turn:
    pixels: Pixels
    usage: Usage
    per_step: float | None


def _round(
    what: str, contestants: Sequence[Contestant], number: int, rules: Rules, gauge: Gauge, tell: Tell
) -> dict[str, _Turn]:
    """One picture by each, of a seed that nobody drew before."""
    shift = (number - 1) % len(contestants)
    turns = {}
    for contestant in (*contestants[shift:], *contestants[:shift]):
        contestant.prepare()
        laps = Laps(rules.steps, gauge.now)
        pixels, usage = gauge.measure(partial(contestant.draw, number + 1, rules.steps, laps))
        turns[contestant.name] = _Turn(pixels, usage, laps.seconds)
        taken = f"{usage.seconds:.2f} s, {usage.processor:.2f} s of the processor, {usage.memory / 1e6:.0f} MB"
        tell(f"{what}: {contestant.name}, round {number} of {rules.rounds}, {taken}")
    return turns


def _score(name: str, turns: Sequence[_Turn]) -> Score:
    laps = [turn.per_step for turn in turns if turn.per_step is not None]
    usages = [turn.usage for turn in turns]
    return Score(
        name,
        statistics.median(usage.seconds for usage in usages),
        statistics.median(laps) if laps else None,
        statistics.median(usage.processor for usage in usages),
        max(usage.memory for usage in usages),
        max(usage.total for usage in usages),
    )

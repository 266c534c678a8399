"""What one call costs: by the clock, and of the processor."""

from __future__ import annotations

import statistics
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass

from benchmarks.subject import processor


@dataclass(frozen=True, slots=True)
class Cost:
    """Microseconds for one call: the median by the clock, and of the processor the mean in each process watched."""

    clock: float
    processors: tuple[float, ...]

    def __str__(self) -> str:
        return " / ".join(f"{figure:,.0f}" for figure in (self.clock, *self.processors))


class Meter:
    """Watches these processes while calls are made one after the other."""

    def __init__(self, pids: Sequence[int]) -> None:
        self._pids = pids
        self._clocks: list[float] = []

    def of(self, work: Callable[[int], object], numbers: Iterable[int]) -> Cost:
        """The cost of ``work`` for one number."""
        before = self._spent()
        for number in numbers:
            began = time.perf_counter()
            work(number)
            self._clocks.append(time.perf_counter() - began)
        return self._cost(before)

    async def of_calls(self, work: Callable[[int], Awaitable[object]], numbers: Iterable[int]) -> Cost:
        """The same for what is awaited."""
        before = self._spent()
        for number in numbers:
            began = time.perf_counter()
            await work(number)
            self._clocks.append(time.perf_counter() - began)
        return self._cost(before)

    def _spent(self) -> list[float]:
        self._clocks.clear()
        return [processor(pid) for pid in self._pids]

    def _cost(self, before: list[float]) -> Cost:
        spent = (after - first for first, after in zip(before, self._spent_now(), strict=True))
        calls = len(self._clocks)
        return Cost(statistics.median(self._clocks) * 1e6, tuple(seconds / calls * 1e6 for seconds in spent))

    def _spent_now(self) -> list[float]:
        return [processor(pid) for pid in self._pids]

"""Counts what the fuzz tests sent, for one line at the end of a run and for what must hold of all of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass
class Tally:
    """Cases by what was tested, and the statuses they were answered with by operation as well."""

    cases: Counter[str] = field(default_factory=Counter)
    answers: dict[str, dict[str, Counter[int]]] = field(default_factory=dict)

    def add(self, what: str, operation: str, cases: int, statuses: Counter[int]) -> None:
        """An operation was tested with so many cases more, which were answered with these statuses."""
        self.cases[what] += cases
        self.answers.setdefault(what, {}).setdefault(operation, Counter()).update(statuses)

    def operations(self, what: str) -> set[str]:
        """Which operations were tested."""
        return set(self.answers.get(what, {}))

    def statuses(self, what: str) -> Counter[int]:
        """How often each status was the answer, whatever the operation."""
        return sum(self.answers.get(what, {}).values(), Counter())

    def broken(self) -> list[str]:
        """The operations that were ever answered with a 5xx, each after what was tested."""
        return [
            f"{what}: {operation}"
            for what, operations in self.answers.items()
            for operation, statuses in operations.items()
            if any(status >= 500 for status in statuses)
        ]

    def lines(self) -> list[str]:
        """One line for each thing that was tested."""
        return [
            f"{what}: {len(self.operations(what))} operations, {self.cases[what]} cases; answers "
            + ", ".join(f"{status}: {count}" for status, count in sorted(self.statuses(what).items()))
            for what in self.answers
        ]


TALLY = Tally()

"""Counts what the fuzz tests sent, for one line at the end of a run."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass
class Tally:
    """Operations, cases and answers, by what was tested."""

    operations: dict[str, set[str]] = field(default_factory=dict)
    cases: Counter[str] = field(default_factory=Counter)
    answers: dict[str, Counter[int]] = field(default_factory=dict)

    def add(self, what: str, operation: str, cases: int, statuses: Counter[int]) -> None:
        """An operation was tested with so many cases more, which were answered with these statuses."""
        self.operations.setdefault(what, set()).add(operation)
        self.cases[what] += cases
        self.answers.setdefault(what, Counter()).update(statuses)

    def lines(self) -> list[str]:
        """One line for each thing that was tested."""
        return [
            f"{what}: {len(operations)} operations, {self.cases[what]} cases; answers "
            + ", ".join(f"{status}: {count}" for status, count in sorted(self.answers[what].items()))
            for what, operations in self.operations.items()
        ]


TALLY = Tally()

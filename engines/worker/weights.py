"""Where a family finds weights, and how it complains to the owner about those that it does not find."""

from __future__ import annotations

import time
from typing import Protocol

from engines.weights.setup import Located, Source
from engines.worker import journal

_QUIET = 60.0


class Disk(Protocol):
    """Where weights lie."""

    def locate(self, source: Source) -> Located | None:
        """The weights as files, or None where they, or some of them, are not on the disk."""
        ...

    def problem(self, source: Source) -> str | None:
        """A sentence that says what is missing, None when nothing is."""
        ...


class Complaints:
    """Names missing weights in the log; once a minute for each name is enough."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk
        self._made: dict[str, float] = {}

    def missing(self, name: str, engine_id: str, source: Source) -> None:
        """The weights called ``name``, which the engine needs, are not on the disk."""
        if self._due(name):
            journal.missing(name, engine_id, source, self._disk.problem(source))

    def unconfigured(self, task: str) -> None:
        """No weights are named for the analyst of this task."""
        if self._due(task):
            journal.unconfigured(task)

    def _due(self, name: str) -> bool:
        now = time.monotonic()
        due = now - self._made.get(name, -_QUIET) >= _QUIET
        if due:
            self._made[name] = now
        return due

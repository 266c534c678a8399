"""When a worker may be started: at once, later after it failed to start, and when to give up for the time being."""

from __future__ import annotations

import time
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a supervisor waits for its worker, in seconds."""

    start: float = 300.0
    """Until it is ready; importing torch for the first time on a machine takes most of a minute."""
    cancel: float = 30.0
    """Until a cancelled job is stopped, or three times the job's slowest step where that is longer."""
    first: float = 300.0
    """The same before the first step is done: weights may be loading and code compiling."""
    pause: float = 0.5
    """After the first start that failed; doubled with each further one."""
    longest_pause: float = 8.0
    tries: int = 3
    """Starts that may fail in a row before waiting jobs fail with them."""


class Starts:
    """Counts the starts that failed in a row and spaces out the next."""

    def __init__(self, patience: Patience) -> None:
        self._patience = patience
        self._failed = 0
        self.next = 0.0
        """When the next start may be, on the clock of ``time.monotonic``."""

    def succeeded(self) -> None:
        """The worker is ready."""
        self._failed = 0
        self.next = 0.0

    def failed(self) -> bool:
        """The worker ended before it was ready; whether to give up on the jobs that wait for it."""
        pause = min(self._patience.pause * 2**self._failed, self._patience.longest_pause)
        self.next = time.monotonic() + pause
        self._failed += 1
        return self._failed >= self._patience.tries

"""A job as its supervisor keeps it: with the future that somebody waits for, and how far it is."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from typing import Generic, TypeVar

from engines.errors import EngineFailed
from engines.worker.messages import Errand, Progress

T = TypeVar("T")


class Ticket(Generic[T]):
    """Its future stays cancellable until the job is done; ``cancelled`` is then called in the caller's thread."""

    def __init__(self, job: Errand, cancelled: Callable[[int], object]) -> None:
        self.job = job
        self.future: Future[T] = Future()
        self.step = 0
        self.steps = 0
        self._heard = 0.0
        self._slowest = 0.0
        self._cancelled = cancelled
        self.future.add_done_callback(self._settled)

    def progressed(self, progress: Progress) -> None:
        """Remember how far the job is and the longest time that it was silent between two steps."""
        now = time.monotonic()
        if self.step:
            self._slowest = max(self._slowest, now - self._heard)
        self.step, self.steps, self._heard = progress.step, progress.steps, now

    def patience(self, first: float, cancel: float) -> float:
        """How many seconds the worker has to answer a cancel."""
        return max(cancel, 3 * self._slowest) if self.step else first

    def finish(self, result: T) -> None:
        """Hand over what the job made, unless nobody wants it any more."""
        with suppress(InvalidStateError):
            self.future.set_result(result)

    def fail(self, message: str) -> None:
        """End the future with an ``EngineFailed``, unless it was cancelled."""
        with suppress(InvalidStateError):
            self.future.set_exception(EngineFailed(message))

    def _settled(self, future: Future[T]) -> None:
        if future.cancelled():
            future.set_running_or_notify_cancel()  # Wakes those who wait for it.
            self._cancelled(self.job.id)

"""Many futures as one: the pictures of a request in order, failing and cancelled together."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from functools import partial
from threading import Lock

from engines.errors import EngineFailed
from engines.types import Picture


def gather(parts: Iterable[Future[Picture]]) -> Future[tuple[Picture, ...]]:
    """One future of all pictures in the order of ``parts``.

    It stays cancellable until the last part is done, and cancelling it cancels the parts that have not
    started. The first part that fails makes it fail with an ``EngineFailed`` and cancels the others.
    """
    return _Gathering(list(parts)).whole


class _Gathering:
    """Futures never forget whom they told: without ``_stop`` their pictures would stay until garbage is looked for."""

    def __init__(self, parts: list[Future[Picture]]) -> None:
        self.whole: Future[tuple[Picture, ...]] = Future()
        self._parts = parts
        self._missing = len(parts)
        self._lock = Lock()
        self.whole.add_done_callback(partial(_stop, parts))
        for part in tuple(parts):
            part.add_done_callback(self._arrived)

    def _arrived(self, part: Future[Picture]) -> None:
        with self._lock:
            self._missing -= 1
            last = self._missing == 0
        if part.cancelled():
            self.whole.cancel()
            return
        # The outcome may have been decided by another part or by the caller in the meantime.
        with suppress(InvalidStateError):
            if error := part.exception():
                self.whole.set_exception(_failure(error))
            elif last and not self.whole.done():
                self.whole.set_result(tuple(done.result() for done in self._parts))


def _stop(parts: list[Future[Picture]], whole: Future[tuple[Picture, ...]]) -> None:
    if whole.cancelled():
        whole.set_running_or_notify_cancel()  # wakes those who wait for it
    for part in tuple(parts):
        part.cancel()
    parts.clear()


def _failure(error: BaseException) -> EngineFailed:
    failure = EngineFailed(f"a picture failed: {error!r}")
    failure.__cause__ = error
    return failure

"""One thread that handles one event after another, so that what they change is changed by nobody else."""

from __future__ import annotations

import functools
import queue
import threading
from collections.abc import Callable
from typing import ParamSpec

Event = Callable[[], None]
Facts = ParamSpec("Facts")


class Events:
    """The thread starts with the first event; ``tell`` and ``close`` may be called from any thread.

    In the thread, ``advance`` is called before each wait for an event, ``due`` says in how many seconds it is to be
    called even without one (None: not before one comes), and ``leave`` is called last, whatever ended the thread.
    """

    def __init__(self, name: str, advance: Event, due: Callable[[], float | None], leave: Event) -> None:
        self._name = name
        self._advance = advance
        self._due = due
        self._leave = leave
        self._inbox: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._door = threading.Lock()
        self._closed = False
        self._thread: threading.Thread | None = None

    def tell(self, event: Callable[Facts, None], *facts: Facts.args, **more: Facts.kwargs) -> bool:
        """Have the event handled, with its facts, after all that were told before; False when the door is closed."""
        with self._door:
            if self._closed:
                return False
            self._inbox.put(functools.partial(event, *facts, **more))
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                self._thread.start()
            return True

    def close(self) -> None:
        """Take no more events; returns when those that were told are handled and ``leave`` has returned."""
        with self._door:
            self._closed, thread = True, self._thread
            self._inbox.put(_nothing)  # Wakes the thread, which then sees the door closed.
        if thread is not None:
            thread.join()

    def _run(self) -> None:
        try:
            while not self._closed:
                self._advance()
                self._next()()
        finally:
            with self._door:
                self._closed = True
            while not self._inbox.empty():
                self._inbox.get()()
            self._leave()

    def _next(self) -> Event:
        """The next event, or nothing when something else is due."""
        try:
            return self._inbox.get(timeout=self._due())
        except queue.Empty:
            return _nothing


def _nothing() -> None:
    """The event that only wakes the thread."""

"""Picture work and the thread that answers, on a machine with less processors than both would like."""

from __future__ import annotations

import os
import sys
import threading

import pytest

from app.hands import BEHIND, open_hands


def niceness() -> int:
    """Of the thread that asks."""
    return os.getpriority(os.PRIO_PROCESS, threading.get_native_id() if sys.platform == "linux" else 0)


def test_picture_work_stands_behind_the_thread_that_answers() -> None:
    """A balance is answered first; also of the threads that picture work itself starts none stands further behind."""
    behind = BEHIND if sys.platform == "linux" else 0
    with open_hands(2) as hands:
        first = hands.submit(lambda: (niceness(), hands.submit(niceness))).result()
        assert (first[0], first[1].result()) == (niceness() + behind, niceness() + behind)


def test_pictures_are_made_where_threads_may_not_stand_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sandbox that forbids to change priorities costs nobody a picture."""

    def forbid(*_: int) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "setpriority", forbid)
    with open_hands(1) as hands:
        assert hands.submit(lambda: "a picture").result() == "a picture"

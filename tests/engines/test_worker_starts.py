"""When a worker that does not start is tried again, and when those who wait for it are told."""

from __future__ import annotations

import pytest

from engines.worker import starts
from engines.worker.starts import Patience, Starts


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> Starts:
    """A count of starts on a clock that stands still."""
    monkeypatch.setattr(starts.time, "monotonic", lambda: 100.0)
    return Starts(Patience(pause=0.5, longest_pause=1.5, tries=3))


def test_pauses_grow_up_to_the_longest(begun: Starts) -> None:
    """A machine that cannot start a worker is not kept busy with trying."""
    pauses = []
    for _ in range(4):
        begun.failed()
        pauses.append(begun.next - 100.0)

    assert pauses == [0.5, 1.0, 1.5, 1.5]


def test_only_failures_in_a_row_count(begun: Starts) -> None:
    """A worker that was ready in between starts the count anew, and the next may start at once."""
    assert [begun.failed(), begun.failed()] == [False, False]
    begun.succeeded()

    assert begun.next == 0.0
    assert [begun.failed(), begun.failed(), begun.failed()] == [False, False, True]

"""The client under test, pointed at the world of the test that asks for it."""

from __future__ import annotations

import pytest
from artist import Artist

from understudy.testing import Understudy


@pytest.fixture
def artist(understudy: Understudy, monkeypatch: pytest.MonkeyPatch) -> Artist:
    """The client as a program would make it: from its environment, with little patience."""
    for name, value in understudy.env.items():
        monkeypatch.setenv(name, value)
    return Artist(seconds=2.0)

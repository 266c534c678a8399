"""A clock that is moved by hand."""

from __future__ import annotations


class HandClock:
    """Gives ``seconds`` to whoever calls it."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds

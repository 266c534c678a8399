"""What the web needs from a dialect besides its handlers."""

from __future__ import annotations

from typing import Protocol

from app.web.answer import Answer


class Dialect(Protocol):
    """One contract's way of speaking. Its handlers are the methods its contract's operations name."""

    contract: str
    """The contract's file in ``spec/`` without ``.yaml``; its server entry is where its paths begin."""

    def word(self, error: Exception) -> Answer:
        """The answer for an error, as this contract words it; anything unknown is a server error."""
        ...

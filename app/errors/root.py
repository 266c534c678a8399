"""The root of everything that the counter raises on purpose."""

from __future__ import annotations


class CounterError(Exception):
    """The root of the counter's errors; ``code`` never changes, wording does."""

    code = "internal"

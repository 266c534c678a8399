"""Where seeds come from that a request leaves to us."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextvars import ContextVar

from engines.types import MAX_SEED


def _any() -> int:
    return random.randint(1, MAX_SEED)  # noqa: S311 -- a seed is no secret


source: ContextVar[Callable[[], int]] = ContextVar("seeds", default=_any)
"""Gives a seed in 1..2^32 - 1; whoever wants repeatable ones sets another for the requests of its context."""


def counted(seed: int) -> int:
    """The seed as engines count it, from 1 on. A 0 that a service takes for a seed is drawn as the last one."""
    return seed or MAX_SEED

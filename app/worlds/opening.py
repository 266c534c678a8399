"""What a new world starts with, and how much all worlds together may hold."""

from __future__ import annotations

from dataclasses import dataclass

from app.accounts.ports import RateLimit
from engines.prices import MICRO


@dataclass(frozen=True, slots=True)
class Opening:
    """A world as it is when its key is first seen; ``credits`` in micro-credits, unless the key says others."""

    credits: int = 100 * MICRO
    strict: bool = False
    rate_limit: RateLimit | None = None


@dataclass(frozen=True, slots=True)
class Bounds:
    """How many worlds there are, for how many idle seconds each is kept, and what each may hold."""

    worlds: int = 10_000
    seconds: float = 86_400.0
    journal: int = 1_000
    rules: int = 100
    snapshots: int = 20

"""The rate limit of a world, on the world's own clock."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

from app.accounts.ports import RateLimit
from app.errors import RateLimited


@dataclass(frozen=True, slots=True)
class GateState:
    """When the last requests came (ms, newest first) and until when all are refused (ms), for a snapshot."""

    seen: tuple[int, ...] = ()
    until: int = 0


class Gate:
    """A sliding window: the n-th request is one too many when the one n places before it is still inside."""

    def __init__(self) -> None:
        self._seen: deque[int] = deque()
        self._until = 0

    def enter(self, limit: RateLimit, now: float) -> None:
        """Count one request at ``now``, in Unix seconds. Raises ``RateLimited``."""
        ms = int(now * 1000)
        if self._until <= ms and self._full(limit, ms):
            self._until = ms + limit.lockout * 1000
            self._seen.clear()
        if ms < self._until:
            raise RateLimited(max(1, math.ceil((self._until - ms) / 1000)))
        self._seen.appendleft(ms)
        while len(self._seen) > limit.requests:
            self._seen.pop()

    def open(self) -> None:
        """Forget every request."""
        self.restore(GateState())

    def state(self) -> GateState:
        """Everything, as it is now."""
        return GateState(tuple(self._seen), self._until)

    def restore(self, state: GateState) -> None:
        """Everything as it was."""
        self._seen = deque(state.seen)
        self._until = state.until

    def _full(self, limit: RateLimit, ms: int) -> bool:
        return len(self._seen) >= limit.requests and ms - self._seen[limit.requests - 1] < limit.window * 1000

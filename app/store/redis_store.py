"""The store: accounts, keys, credits and rate limits in one Redis or Valkey."""

from __future__ import annotations

import time
from collections.abc import Callable

from app.store.administration import AdministrationCalls
from app.store.directory import DirectoryCalls
from app.store.ledger import LedgerCalls
from app.store.line import Line
from app.store.tokens import token

JOURNAL_LENGTH = 100_000
PATIENCE = 5.0


class RedisStore(DirectoryCalls, LedgerCalls, AdministrationCalls):
    """Speaks to Redis 7 or Valkey at ``url``; creating one connects to nothing yet.

    Every call is one atomic script and raises ``StoreUnavailable`` when no answer comes within
    ``patience`` seconds. ``owner`` names this process in the charges it opens; ``journal_length``
    is about how many ended charges an organization keeps. Raises ``BadSetting`` for a bad address.
    """

    def __init__(
        self,
        url: str,
        *,
        clock: Callable[[], float] = time.time,
        owner: str | None = None,
        journal_length: int = JOURNAL_LENGTH,
        patience: float = PATIENCE,
    ) -> None:
        self._line = Line(url, patience)
        self._clock = clock
        self._owner = owner or token("server-")
        self._journal_length = journal_length

    async def ping(self) -> None:
        """Return when the store answers. Raises ``StoreUnavailable``."""
        await self._line.ask("PING")

    async def close(self) -> None:
        """Close every connection; the store must not be used afterwards."""
        await self._line.close()

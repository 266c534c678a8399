"""From the headers of a request to its caller."""

from __future__ import annotations

from collections.abc import Mapping

from app.accounts.model import Caller
from app.accounts.ports import Directory, RateLimit
from app.errors import NoKey, UnknownKey

MAX_KEY = 512


class Guard:
    """Identifies callers by the ``Authorization`` and ``Organization`` headers."""

    def __init__(self, directory: Directory, limit: RateLimit | None) -> None:
        self._directory = directory
        self._limit = limit

    async def identify(self, headers: Mapping[str, str], organizations: bool) -> Caller:
        """The caller. Raises ``NoKey``, ``UnknownKey``, ``NotAMember`` or ``RateLimited``.

        ``organizations`` says whether the operation takes the ``Organization`` header; elsewhere it is ignored.
        """
        key = bare_key(headers.get("authorization", ""))
        if not key:
            raise NoKey
        if len(key) > MAX_KEY:
            raise UnknownKey
        organization = headers.get("organization") if organizations else None
        return await self._directory.identify(key, organization or None, self._limit)


def bare_key(header: str) -> str:
    """The key itself: clients send it bare or behind ``Bearer``, in any case."""
    word, _, rest = header.strip().partition(" ")
    return rest.strip() if word.lower() == "bearer" else header.strip()

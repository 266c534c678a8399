"""From the headers of a request to its caller."""

from __future__ import annotations

from collections.abc import Mapping

from app.accounts.model import Caller
from app.accounts.ports import Directory, RateLimit
from app.accounts.standing import Acquaintances
from app.errors import NoKey, TurnedAway, UnknownKey

MAX_KEY = 512


class Guard:
    """Identifies callers by the ``Authorization`` and ``Organization`` headers.

    With ``acquaintances`` not every request asks the directory, as long as that makes no difference to anybody.
    """

    def __init__(
        self, directory: Directory, limit: RateLimit | None, acquaintances: Acquaintances | None = None
    ) -> None:
        self._directory = directory
        self._limit = limit
        self._acquaintances = acquaintances

    async def identify(self, headers: Mapping[str, str], organizations: bool) -> Caller:
        """The caller, by the directory. Raises ``NoKey``, ``UnknownKey``, ``NotAMember`` or ``RateLimited``.

        ``organizations`` says whether the operation takes the ``Organization`` header; elsewhere it is ignored.
        """
        return await self._asked(*_claim(headers, organizations))

    async def glance(self, headers: Mapping[str, str], organizations: bool) -> Caller:
        """The same, or one who was identified a moment ago; where requests are counted, each one asks."""
        claim = _claim(headers, organizations)
        if self._acquaintances is not None and self._limit is None and (seen := self._acquaintances.brief(*claim)):
            return seen
        return await self._asked(*claim)

    async def admit(self, headers: Mapping[str, str], organizations: bool) -> Caller:
        """The same, or one who was identified lately and whose ``standing`` is not proven yet."""
        claim = _claim(headers, organizations)
        if self._acquaintances is not None and (known := self._acquaintances.known(*claim, self._limit)):
            return known
        return await self._asked(*claim)

    async def prove(self, caller: Caller, headers: Mapping[str, str], organizations: bool) -> None:
        """Make sure of a caller who was remembered, as ``glance`` does. Raises what ``identify`` does."""
        if caller.standing and not caller.standing.proven:
            await self.glance(headers, organizations)
            caller.standing.proven = True

    def forget(self, headers: Mapping[str, str], organizations: bool) -> None:
        """Know a caller no longer who was turned away."""
        if self._acquaintances is not None:
            self._acquaintances.forget(*_claim(headers, organizations))

    async def _asked(self, key: str, organization: str | None) -> Caller:
        known = self._acquaintances
        began = known.now() if known else 0.0
        try:
            caller = await self._directory.identify(key, organization, self._limit)
        except TurnedAway:
            if known:
                known.forget(key, organization)
            raise
        if known:
            known.keep(key, organization, began, caller)
        return caller


def _claim(headers: Mapping[str, str], organizations: bool) -> tuple[str, str | None]:
    """The key and the organization that is to pay."""
    key = bare_key(headers.get("authorization", ""))
    if not key:
        raise NoKey
    if len(key) > MAX_KEY:
        raise UnknownKey
    organization = headers.get("organization") if organizations else None
    return key, organization or None


def bare_key(header: str) -> str:
    """The key itself: clients send it bare or behind ``Bearer``, in any case."""
    word, _, rest = header.strip().partition(" ")
    return rest.strip() if word.lower() == "bearer" else header.strip()

"""Turns an API key into a caller, within the rate limit."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from app.accounts.model import Account, Caller, Membership, Role
from app.accounts.ports import RateLimit
from app.accounts.standing import digest
from app.errors import CallerChanged, NotAMember, RateLimited, TurnedAway, UnknownKey
from app.store.line import Line

LONGEST_REFUSAL = 2
"""Elements of the longest answer that is a refusal; every other has more."""


class DirectoryCalls:
    """The ``Directory`` port on Redis."""

    _line: Line
    _clock: Callable[[], float]

    async def identify(self, key: str, organization: str | None, limit: RateLimit | None) -> Caller:
        """Who holds ``key``, paying from ``organization`` or the default one.

        Every call with a known key counts against ``limit``. Raises ``UnknownKey`` (also once
        revoked), ``RateLimited`` or ``NotAMember``.
        """
        answer = await self._line.run(
            "identify",
            digest(key),
            (organization or "").encode("utf-8", "surrogatepass"),
            int(self._clock() * 1000),
            *in_numbers(limit),
        )
        if len(answer) <= LONGEST_REFUSAL:
            raise refusal(answer)
        _, key_id, account, email, picture, default, chosen, balance, *rows = answer
        memberships = read_memberships(rows, default)
        return Caller(Account(account, email, picture, memberships), chosen, key_id, balance)


def in_numbers(limit: RateLimit | None) -> tuple[int, int, int]:
    """A rate limit as the scripts want it: requests, or 0 for no limit, and two times in ms."""
    return (limit.requests, limit.window * 1000, limit.lockout * 1000) if limit else (0, 0, 0)


def refusal(answer: Sequence[Any]) -> TurnedAway:
    """Why a script turned a caller away."""
    match answer:
        case ["unknown_key"]:
            return UnknownKey()
        case ["not_a_member"]:
            return NotAMember()
        case ["rate_limited", int(left)]:
            return RateLimited(max(1, math.ceil(left / 1000)))
    return CallerChanged()


def read_memberships(rows: Sequence[str], default: str) -> tuple[Membership, ...]:
    """Memberships from (organization, name, role) after one another; the default one first."""
    found = (
        Membership(org, name, Role(role), org == default)
        for org, name, role in zip(rows[::3], rows[1::3], rows[2::3], strict=True)
    )
    return tuple(sorted(found, key=lambda one: (not one.is_default, one.name, one.id)))

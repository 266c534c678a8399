"""Accounts, organizations, keys and charges as frozen data."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field

from app.accounts.standing import Standing

DAY = 86_400_000
"""Milliseconds in a day."""


class Role(enum.StrEnum):
    """What a member may do in an organization."""

    ADMIN = "ADMIN"
    MEMBER = "MEMBER"


@dataclass(frozen=True, slots=True)
class Membership:
    """One organization of an account."""

    id: str
    name: str
    role: Role
    is_default: bool


@dataclass(frozen=True, slots=True)
class Account:
    """A person with an e-mail address; ids look like ``user-…`` and ``org-…``."""

    id: str
    email: str
    picture: str
    memberships: tuple[Membership, ...]


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sent a request and which organization pays.

    ``balance`` in micro-credits, as just read; None of a caller who was remembered. ``standing`` is what such a
    one may still have to show.
    """

    account: Account
    organization_id: str
    key_id: str
    balance: int | None
    standing: Standing | None = None


@dataclass(frozen=True, slots=True)
class Key:
    """An API key as it can be shown: never the secret, only what tells it from others."""

    id: str
    account_id: str
    label: str
    hint: str
    created: int
    revoked: bool


class ChargeState(enum.StrEnum):
    """The life of a charge: open while the work is going on, then settled or given back."""

    OPEN = "open"
    SETTLED = "settled"
    GIVEN_BACK = "given_back"


@dataclass(frozen=True, slots=True)
class Allowance:
    """What an organization may spend in one UTC day under this name, in micro-credits; the balance pays it."""

    name: str
    amount: int


@dataclass(frozen=True, slots=True)
class Charge:
    """Credits set aside for one piece of work; ``amount`` in micro-credits, ``at`` in Unix ms.

    ``standing`` is that of the caller, if it is to be proven while the credits are taken.
    """

    id: str
    organization_id: str
    key_id: str
    amount: int
    engine_id: str
    task: str
    samples: int
    at: int
    allowance: Allowance | None = None
    standing: Standing | None = field(default=None, compare=False)

    @property
    def day(self) -> int:
        """The UTC day of the charge, counted from 1970."""
        return self.at // DAY


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """How a charge ended: ``spent`` of ``amount`` micro-credits, and why the rest went back."""

    charge: Charge
    state: ChargeState
    spent: int
    reason: str
    ended: int


@dataclass(frozen=True, slots=True)
class Organization:
    """Who pays. In micro-credits, and always ``balance + open + spent == granted``.

    ``open`` is set aside for work that is going on.
    """

    id: str
    name: str
    balance: int
    open: int
    spent: int
    granted: int


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key at the only moment when its secret can be seen."""

    key: Key
    secret: str

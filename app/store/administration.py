"""Creates accounts, organizations, memberships and keys, and changes balances."""

from __future__ import annotations

from collections.abc import Callable

from app.accounts.model import Account, Key, NewKey, Organization, Role
from app.accounts.names import DEFAULT_PICTURE, OWNER_EMAIL, OWNER_ORGANIZATION, checked_email, checked_name
from app.accounts.refusals import (
    BalanceTooLarge,
    EmailTaken,
    KeyUnusable,
    NoSuchAccount,
    NoSuchKey,
    NoSuchOrganization,
)
from app.accounts.standing import digest
from app.store.directory import read_memberships
from app.store.line import Line
from app.store.listing import every, every_key
from app.store.tokens import hint, secret_key, token

MOST = 4_000_000_000_000_000
"""The largest balance and sum of grants, in micro-credits.

Lua counts in doubles, exact up to 2^53, and a JSON number of credits tells micro-credits apart up to 2^32 credits.
"""


class AdministrationCalls:
    """Changes to who exists and what they own. All calls are atomic, except that lists are read in pages."""

    _line: Line
    _clock: Callable[[], float]

    async def bootstrap(self, key: str, credits: int) -> None:
        """Make sure that the first account exists and that ``key`` is one of its keys.

        The opening balance, in micro-credits, is given when the account is created and never
        again, however many processes ask at once. Raises ``KeyUnusable``.
        """
        answer = await self._line.run(
            "bootstrap",
            OWNER_EMAIL,
            token("user-"),
            DEFAULT_PICTURE,
            token("org-"),
            OWNER_ORGANIZATION,
            _checked_amount(credits),
            digest(key),
            token("key-"),
            "first key",
            hint(key),
            self._now(),
        )
        if answer[0] == "revoked":
            raise KeyUnusable(f"the API key {hint(key)} was revoked: set UNDERSTUDY_API_KEY to another one")
        if answer[0] == "of_another":
            raise KeyUnusable(
                f"the API key {hint(key)} belongs to another account: set UNDERSTUDY_API_KEY to another one"
            )

    async def create_account(
        self, email: str, *, organization: str | None = None, role: Role = Role.ADMIN, credits: int = 0
    ) -> tuple[Account, NewKey]:
        """A new account with a first key.

        ``organization`` is the id of one that exists (``org-…``), or the name of a new one with
        ``credits`` micro-credits; none is a new one named after the address. Raises
        ``EmailTaken``, ``NoSuchOrganization``, ``BadEmail``, ``BadName`` or ``BalanceTooLarge``.
        """
        address = checked_email(email)
        org, name = _organization(organization or address)
        fresh = self._new_key(token("user-"), "first key")
        answer = await self._line.run(
            "create_account",
            fresh.key.account_id,
            address,
            DEFAULT_PICTURE,
            org,
            name,
            role,
            _checked_amount(credits),
            fresh.key.created,
            digest(fresh.secret),
            fresh.key.id,
            fresh.key.label,
            fresh.key.hint,
        )
        if answer[0] == "email_taken":
            raise EmailTaken(address)
        if answer[0] == "no_organization":
            raise NoSuchOrganization(org)
        return await self.account(fresh.key.account_id), fresh

    async def join(
        self, account: str, organization: str, role: Role = Role.MEMBER, *, default: bool = False, credits: int = 0
    ) -> Account:
        """Make an account a member, or change its role. ``organization`` as for ``create_account``.

        Raises ``NoSuchAccount``, ``NoSuchOrganization``, ``BadName`` or ``BalanceTooLarge``.
        """
        member = await self.account(account)
        org, name = _organization(organization)
        answer = await self._line.run(
            "join", member.id, org, name, role, "1" if default else "0", _checked_amount(credits), self._now()
        )
        if answer[0] == "no_organization":
            raise NoSuchOrganization(org)
        return await self.account(member.id)

    async def accounts(self) -> tuple[Account, ...]:
        """Every account, oldest first."""
        return tuple(map(_account, await every(self._line, "accounts")))

    async def account(self, wanted: str) -> Account:
        """The account with this id or e-mail address. Raises ``NoSuchAccount``."""
        rows = await self._line.run("accounts", wanted) if wanted else []
        if not rows:
            raise NoSuchAccount(wanted)
        return _account(rows[0])

    async def create_key(self, account: str, label: str = "") -> NewKey:
        """A new key for an account id or e-mail address; the secret cannot be seen again.

        Raises ``NoSuchAccount`` or ``BadName``.
        """
        owner = await self.account(account)
        fresh = self._new_key(owner.id, checked_name(label, "a label") if label else "")
        key = fresh.key
        await self._line.run("create_key", digest(fresh.secret), key.id, owner.id, key.label, key.hint, key.created)
        return fresh

    async def keys(self, account: str | None = None) -> tuple[Key, ...]:
        """The keys of one account or of all, oldest first. Raises ``NoSuchAccount``."""
        owner = (await self.account(account)).id if account else ""
        rows = await every_key(self._line, owner)
        found = (Key(row[0], row[1], row[2], row[3], int(row[4]), row[5] != "0") for row in rows)
        return tuple(sorted(found, key=lambda key: (key.created, key.id)))

    async def revoke_key(self, key_id: str) -> None:
        """From now on the key is unknown to ``identify``. Raises ``NoSuchKey``."""
        if (await self._line.run("revoke_key", key_id))[0] == "no_key":
            raise NoSuchKey(key_id)

    async def organizations(self) -> tuple[Organization, ...]:
        """Every organization with its balance, oldest first."""
        return tuple(Organization(*row) for row in await every(self._line, "organizations"))

    async def organization(self, organization_id: str) -> Organization:
        """One organization with its balance. Raises ``NoSuchOrganization``."""
        rows = await self._line.run("organizations", organization_id) if organization_id else []
        if not rows:
            raise NoSuchOrganization(organization_id)
        return Organization(*rows[0])

    async def grant(self, organization_id: str, amount: int) -> int:
        """Add micro-credits; the new balance. Raises ``NoSuchOrganization`` or ``BalanceTooLarge``."""
        return await self._change(organization_id, "grant", amount)

    async def set_balance(self, organization_id: str, amount: int) -> int:
        """Replace the balance; open charges are not touched. Raises as ``grant`` does."""
        return await self._change(organization_id, "set", amount)

    async def _change(self, organization_id: str, how: str, amount: int) -> int:
        arguments = (organization_id, how, _checked_amount(amount), token("", 24), MOST)
        match await self._line.run("balance", *arguments):
            case ["ok", int(balance)]:
                return balance
            case ["too_much", _]:
                raise BalanceTooLarge(MOST)
        raise NoSuchOrganization(organization_id)

    def _new_key(self, account_id: str, label: str) -> NewKey:
        secret = secret_key()
        return NewKey(Key(token("key-"), account_id, label, hint(secret), self._now(), False), secret)

    def _now(self) -> int:
        return int(self._clock() * 1000)


def _organization(wanted: str) -> tuple[str, str]:
    """An id with no name for one that exists, a fresh id and a name for a new one."""
    if wanted.startswith("org-"):
        return wanted, ""
    return token("org-"), checked_name(wanted, "an organization's name")


def _checked_amount(amount: int) -> int:
    if amount < 0:
        raise ValueError("an amount cannot be negative")
    if amount > MOST:
        raise BalanceTooLarge(MOST)
    return amount


def _account(row: list[str]) -> Account:
    account, email, picture, default, *rows = row
    return Account(account, email, picture, read_memberships(rows, default))

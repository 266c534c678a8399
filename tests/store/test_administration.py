"""Accounts, organizations, keys and balances as an owner manages them."""

from __future__ import annotations

import asyncio
import re

import pytest

from app.accounts.model import Role
from app.accounts.refusals import (
    BadEmail,
    BadName,
    BalanceTooLarge,
    EmailTaken,
    NoSuchAccount,
    NoSuchKey,
    NoSuchOrganization,
)
from app.store.redis_store import RedisStore
from tests.store.servers import play


def test_names_look_as_clients_expect(url: str) -> None:
    """`user-` and `org-` with 24 letters or digits, `sk-` with 48."""

    async def story(store: RedisStore) -> None:
        account, fresh = await store.create_account("ada@example.com")
        assert re.fullmatch(r"user-[A-Za-z0-9]{24}", account.id)
        assert re.fullmatch(r"org-[A-Za-z0-9]{24}", account.memberships[0].id)
        assert re.fullmatch(r"sk-[A-Za-z0-9]{48}", fresh.secret)

    play(url, story)


def test_an_account_is_found_by_id_or_address(url: str) -> None:
    """The case of the address does not matter; what was typed is shown."""

    async def story(store: RedisStore) -> None:
        account, _ = await store.create_account(" Ada@Example.com ")
        assert account.email == "Ada@Example.com"
        assert await store.account(account.id) == account
        assert await store.account("ADA@example.COM") == account
        assert await store.accounts() == (account,)

    play(url, story)


@pytest.mark.parametrize("wanted", ["", "nobody@example.com", "user-nobody"])
def test_missing_accounts_are_named(url: str, wanted: str) -> None:
    """Asking for somebody who is not there says so."""

    async def story(store: RedisStore) -> None:
        for asking in (store.account(wanted), store.create_key(wanted, "x"), store.join(wanted, "New")):
            with pytest.raises(NoSuchAccount):
                await asking

    play(url, story)


def test_an_address_has_one_account(url: str) -> None:
    """Also when many ask at once, and whatever the case; a refused one leaves nothing behind."""

    async def story(store: RedisStore) -> None:
        asking = (store.create_account(email) for email in ("ada@example.com", "ADA@example.com", "Ada@Example.com"))
        answers = await asyncio.gather(*asking, return_exceptions=True)
        assert sum(isinstance(answer, EmailTaken) for answer in answers) == 2
        assert len(await store.accounts()) == len(await store.organizations()) == len(await store.keys()) == 1

    play(url, story)


@pytest.mark.parametrize(
    "email",
    [
        *(
            "",
            "ada",
            "@example.com",
            "ada@",
            "a b@example.com",
            "ada@exa mple.com",
            "a@b@c",
            "a@b\n.c",
            "ä@example.com",
        ),
        *(".a@b.c", "a..b@c.d", "a" * 65 + "@example.com", "a@" + "b." * 130 + "c"),
    ],
)
def test_bad_addresses_are_refused(url: str, email: str) -> None:
    """What cannot be an e-mail address makes no account."""

    async def story(store: RedisStore) -> None:
        with pytest.raises(BadEmail):
            await store.create_account(email)
        assert await store.accounts() == ()

    play(url, story)


@pytest.mark.parametrize("name", ["   ", "x" * 101, "bell\a"])
def test_names_must_be_showable(url: str, name: str) -> None:
    """Names of organizations and labels of keys can always be printed."""

    async def story(store: RedisStore) -> None:
        with pytest.raises(BadName):
            await store.create_account("ada@example.com", organization=name)
        account, _ = await store.create_account("ada@example.com")
        with pytest.raises(BadName):
            await store.create_key(account.id, name)

    play(url, story)


def test_an_account_can_join_what_exists(url: str) -> None:
    """Two accounts then pay from the same balance."""

    async def story(store: RedisStore) -> None:
        ada, _ = await store.create_account("ada@example.com", organization="Engines", credits=5)
        org = ada.memberships[0].id
        bob, fresh = await store.create_account("bob@example.com", organization=org, role=Role.MEMBER)
        assert bob.memberships[0].role is Role.MEMBER
        caller = await store.identify(fresh.secret, None, None)
        assert (caller.organization_id, caller.balance) == (org, 5)

    play(url, story)


def test_joining_what_does_not_exist_is_refused(url: str) -> None:
    """A mistyped id makes neither an organization nor an account."""

    async def story(store: RedisStore) -> None:
        with pytest.raises(NoSuchOrganization):
            await store.create_account("ada@example.com", organization="org-nowhere")
        assert await store.accounts() == ()
        ada, _ = await store.create_account("ada@example.com")
        with pytest.raises(NoSuchOrganization):
            await store.join(ada.id, "org-nowhere")

    play(url, story)


def test_a_membership_can_change(url: str) -> None:
    """Joining again changes the role, and may make the organization the default one."""

    async def story(store: RedisStore) -> None:
        ada, _ = await store.create_account("ada@example.com", organization="One")
        joined = await store.join(ada.email, "Two")
        two = joined.memberships[1]
        assert (two.name, two.role, two.is_default) == ("Two", Role.MEMBER, False)
        changed = await store.join(ada.id, two.id, Role.ADMIN, default=True)
        facts = [(one.name, one.role, one.is_default) for one in changed.memberships]
        assert facts == [("Two", Role.ADMIN, True), ("One", Role.ADMIN, False)]

    play(url, story)


def test_keys_are_listed_without_their_secrets(url: str) -> None:
    """A key shows its label, a hint and whether it was revoked; the secret is shown only at its birth."""
    moments = iter(range(1000, 2000))

    async def story(store: RedisStore) -> None:
        ada, first = await store.create_account("ada@example.com")
        await store.create_account("bob@example.com")
        second = await store.create_key("ada@example.com", "laptop")
        await store.revoke_key(first.key.id)
        one, two = await store.keys(ada.id)
        assert (one.id, one.revoked, two.revoked) == (first.key.id, True, False)
        assert two == second.key
        assert (two.label, two.hint) == ("laptop", f"{second.secret[:5]}…{second.secret[-4:]}")
        assert len(await store.keys()) == 3

    play(url, story, clock=lambda: float(next(moments)))


def test_an_unknown_key_cannot_be_revoked(url: str) -> None:
    """A mistyped id says so."""

    async def story(store: RedisStore) -> None:
        with pytest.raises(NoSuchKey):
            await store.revoke_key("key-nowhere")

    play(url, story)


def test_grants_add_and_set_replaces(url: str) -> None:
    """Both answer the new balance; open charges and what was spent are not touched."""

    async def story(store: RedisStore) -> None:
        ada, _ = await store.create_account("ada@example.com", credits=5)
        org = ada.memberships[0].id
        assert await store.grant(org, 7) == 12
        assert await store.set_balance(org, 3) == 3
        assert await store.set_balance(org, 4) == 4
        one = await store.organization(org)
        assert (one.balance, one.granted) == (4, 4)

    play(url, story)


def test_balances_have_a_largest_value(url: str) -> None:
    """Beyond four thousand million credits sums would no longer be exact: refused, and nothing changes."""

    async def story(store: RedisStore) -> None:
        most = 4_000_000_000_000_000
        ada, _ = await store.create_account("ada@example.com", credits=most)
        org = ada.memberships[0].id
        for asking in (store.grant(org, 1), store.set_balance(org, most + 1)):
            with pytest.raises(BalanceTooLarge):
                await asking
        with pytest.raises(BalanceTooLarge):
            await store.create_account("bob@example.com", credits=most + 1)
        assert (await store.organization(org)).balance == most

    play(url, story)


def test_only_organizations_that_exist_have_balances(url: str) -> None:
    """A mistyped organization is named, and none is made."""

    async def story(store: RedisStore) -> None:
        for asking in (store.grant("org-nowhere", 1), store.set_balance("org-nowhere", 1), store.organization("")):
            with pytest.raises(NoSuchOrganization):
                await asking
        assert await store.organizations() == ()

    play(url, story)

"""From a key to a caller."""

from __future__ import annotations

import pytest

from app.accounts.model import Role
from app.errors import NotAMember, UnknownKey
from app.store.redis_store import RedisStore
from tests.store.servers import Server, play


def test_a_key_names_its_account_and_balance(url: str) -> None:
    """The caller carries account, key, the default organization and what it can spend."""

    async def story(store: RedisStore) -> None:
        account, fresh = await store.create_account("ada@example.com", organization="Engines", credits=7)
        caller = await store.identify(fresh.secret, None, None)
        assert caller.account == account
        assert (caller.key_id, caller.balance) == (fresh.key.id, 7)
        assert caller.organization_id == account.memberships[0].id
        assert [(one.name, one.role, one.is_default) for one in account.memberships] == [("Engines", Role.ADMIN, True)]

    play(url, story)


@pytest.mark.parametrize("key", ["", "sk-unknown", "sk-\x00", "ключ", "\ud800", "x" * 100_000])
def test_unknown_keys_are_refused(url: str, key: str) -> None:
    """Whatever text is sent as a key, it is simply not one of ours."""

    async def story(store: RedisStore) -> None:
        with pytest.raises(UnknownKey):
            await store.identify(key, None, None)

    play(url, story)


def test_the_named_organization_pays(url: str) -> None:
    """A member of two organizations chooses; the default one pays when none is named."""

    async def story(store: RedisStore) -> None:
        account, fresh = await store.create_account("ada@example.com", organization="One", credits=1)
        both = await store.join(account.id, "Two", Role.MEMBER, credits=2)
        one, two = both.memberships
        assert (one.name, two.name) == ("One", "Two")
        assert (await store.identify(fresh.secret, two.id, None)).balance == 2
        assert (await store.identify(fresh.secret, one.id, None)).balance == 1
        assert (await store.identify(fresh.secret, "", None)).balance == 1
        assert (await store.identify(fresh.secret, None, None)).balance == 1

    play(url, story)


@pytest.mark.parametrize("organization", ["org-nobody", "Two", "\x00", "\ud800", "ü"])
def test_other_organizations_are_refused(url: str, organization: str) -> None:
    """An organization that the caller does not belong to cannot pay, whether it exists or not."""

    async def story(store: RedisStore) -> None:
        _, fresh = await store.create_account("ada@example.com", organization="One")
        await store.create_account("bob@example.com", organization="Two")
        with pytest.raises(NotAMember):
            await store.identify(fresh.secret, organization, None)

    play(url, story)


def test_somebody_elses_organization_is_refused(url: str) -> None:
    """Knowing the id of an organization is not enough."""

    async def story(store: RedisStore) -> None:
        _, fresh = await store.create_account("ada@example.com")
        other, _ = await store.create_account("bob@example.com")
        with pytest.raises(NotAMember):
            await store.identify(fresh.secret, other.memberships[0].id, None)

    play(url, story)


def test_a_revoked_key_is_unknown_at_once(url: str) -> None:
    """Revoking refuses this key only, for every process that shares the store."""

    async def story(store: RedisStore) -> None:
        account, first = await store.create_account("ada@example.com")
        second = await store.create_key(account.id, "other")
        other_process = RedisStore(url)
        await store.revoke_key(first.key.id)
        with pytest.raises(UnknownKey):
            await other_process.identify(first.secret, None, None)
        assert (await other_process.identify(second.secret, None, None)).account == account
        await other_process.close()

    play(url, story)


def test_secrets_are_never_written(server: Server) -> None:
    """A copy of the store's files does not let anybody call: keys are kept as hashes."""

    async def story(store: RedisStore) -> str:
        account, fresh = await store.create_account("ada@example.com")
        secret = (await store.create_key(account.id, "other")).secret
        await store.identify(fresh.secret, None, None)
        await store.bootstrap("sk-chosen-by-the-owner", 0)
        return secret

    secret = play(server.url, story)
    written = b"".join(path.read_bytes() for path in server.folder.rglob("*") if path.is_file())
    assert b"ada@example.com" in written
    assert secret.encode() not in written
    assert b"sk-chosen-by-the-owner" not in written

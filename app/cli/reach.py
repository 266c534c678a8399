"""Reaches the store for one command, wherever it is."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TypeVar

from app.accounts.model import Account
from app.accounts.names import OWNER_EMAIL
from app.accounts.refusals import NoSuchAccount, Refused
from app.settings import Settings
from app.store.attach import attach
from app.store.redis_store import RedisStore

T = TypeVar("T")


def with_store(env: Mapping[str, str], work: Callable[[RedisStore], Awaitable[T]]) -> T:
    """What ``work`` answers, on REDIS_URL, on the running server's store, or on one started for the moment."""

    async def session(url: str) -> T:
        store = RedisStore(url)
        try:
            return await work(store)
        finally:
            await store.close()

    with _address(Settings.from_mapping(env)) as url:
        return asyncio.run(session(url))


async def chosen_organization(store: RedisStore, organization: str | None, account: str | None) -> str:
    """The id of the organization meant: by id or name, or the default one of an account, or of the first account.

    Raises ``Refused`` when there is none, or several of that name.
    """
    if organization is None:
        return (await chosen_account(store, account)).memberships[0].id
    if organization.startswith("org-"):
        return (await store.organization(organization)).id
    named = await organizations_named(store, organization)
    if not named:
        raise Refused(f"there is no organization named {organization!r}; see `understudy credits show`")
    if len(named) > 1:
        raise Refused(f"several organizations are named {organization!r}: {', '.join(named)}; give the id")
    return named[0]


async def chosen_account(store: RedisStore, account: str | None) -> Account:
    """The account with this id or address, or the first account. Raises ``Refused``."""
    try:
        return await store.account(account or OWNER_EMAIL)
    except NoSuchAccount as missing:
        if account:
            raise
        raise Refused("there is no first account before the server's first start; say whose with --email") from missing


async def organizations_named(store: RedisStore, name: str) -> list[str]:
    """The ids of all organizations with this name."""
    return [one.id for one in await store.organizations() if one.name == name.strip()]


@contextmanager
def _address(settings: Settings) -> Iterator[str]:
    if settings.redis_url:
        yield settings.redis_url
        return
    with attach(settings.home) as url:
        yield url

"""Lists that are longer than one page, as an owner reads them."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from app.store.line import Line
from app.store.listing import PAGE, every
from app.store.redis_store import RedisStore
from tests.store.servers import play


def test_a_long_list_of_accounts_is_whole(url: str) -> None:
    """Every account and every organization is there once, the oldest first."""

    async def story(store: RedisStore) -> None:
        oldest, _ = await store.create_account("oldest@example.com")
        await asyncio.gather(*(store.create_account(f"a{number}@example.com") for number in range(2 * PAGE)))
        accounts, organizations = await store.accounts(), await store.organizations()
        assert accounts[0] == oldest
        assert organizations[0].id == oldest.memberships[0].id
        assert len(accounts) == len({account.email for account in accounts}) == 2 * PAGE + 1
        assert len(organizations) == len({one.id for one in organizations}) == 2 * PAGE + 1

    play(url, story, patience=30.0)


def test_a_long_list_of_keys_is_whole(url: str) -> None:
    """Whether one account has very many or very many have one each, all are there once, the oldest first."""

    async def story(store: RedisStore) -> None:
        rich, first = await store.create_account("rich@example.com")
        more = await asyncio.gather(*(store.create_key(rich.id, "more") for _ in range(2 * PAGE)))
        others = await asyncio.gather(*(store.create_account(f"a{number}@example.com") for number in range(PAGE)))
        of_rich = {first.key.id, *(fresh.key.id for fresh in more)}
        assert sorted(key.id for key in await store.keys(rich.id)) == sorted(of_rich)
        listed = await store.keys()
        assert sorted(key.id for key in listed) == sorted(of_rich | {fresh.key.id for _, fresh in others})
        assert list(listed) == sorted(listed, key=lambda key: (key.created, key.id))

    play(url, story, patience=30.0)


class Meddled:
    """A line on which somebody with a slow clock makes an account after each page."""

    def __init__(self, store: RedisStore, line: Line) -> None:
        self._store = store
        self._line = line
        self._made = 0

    async def run(self, name: str, *arguments: str | int) -> Any:
        answer = await self._line.run(name, *arguments)
        self._made += 1
        await self._store.create_account(f"slow{self._made}@example.com")
        return answer


def test_what_is_made_meanwhile_hides_nobody(url: str) -> None:
    """Accounts that come in front of those already read move the others by one: none is left out, none comes twice."""

    async def story(store: RedisStore) -> None:
        await asyncio.gather(*(store.create_account(f"a{number}@example.com") for number in range(2 * PAGE)))
        slow, line = RedisStore(url, clock=lambda: 1.0), Line(url, 30.0)
        try:
            rows = list(await every(cast("Line", Meddled(slow, line)), "accounts"))
        finally:
            await slow.close()
            await line.close()
        emails = [row[1] for row in rows]
        assert {f"a{number}@example.com" for number in range(2 * PAGE)} <= set(emails)
        assert len(emails) == len(set(emails))

    play(url, story, patience=30.0)

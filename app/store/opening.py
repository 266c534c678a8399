"""Opens the store that the settings name; redis is loaded only then."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.settings import Settings

if TYPE_CHECKING:
    from app.store.redis_store import RedisStore


def open_store(settings: Settings) -> RedisStore:
    """The store at the address in the settings, not connected yet."""
    if settings.redis_url is None:
        raise ValueError("the server needs the address of its store")
    from app.store.redis_store import RedisStore  # noqa: PLC0415 -- test mode has no store

    return RedisStore(settings.redis_url)


async def prepare(settings: Settings, key: str, *, exclusive: bool) -> None:
    """Before the first worker starts: the first account, and the repair of what a crash left open."""
    store = open_store(settings)
    try:
        await store.bootstrap(key, round(settings.credits * 1_000_000))
        await store.recover(exclusive=exclusive)
    finally:
        await store.close()

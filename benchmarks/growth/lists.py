"""Lists of everything, which cost in proportion, and how long one of their scripts keeps everybody else waiting."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sized

from app.store.redis_store import RedisStore
from benchmarks.growth.filled import Filled

COLUMNS = "seconds for the whole list / the longest that Redis was busy with a part of it, in ms"


def measure(redis: Filled) -> Mapping[str, str]:
    """The three lists."""
    lists: dict[str, Callable[[RedisStore], Awaitable[Sized]]] = {
        "accounts": lambda store: store.accounts(),
        "organizations": lambda store: store.organizations(),
        "keys": lambda store: store.keys(),
    }
    return {f"list of all {name}": _listed(redis, ask) for name, ask in lists.items()}


def _listed(redis: Filled, ask: Callable[[RedisStore], Awaitable[Sized]]) -> str:
    redis.client.config_set("slowlog-log-slower-than", 0)
    redis.client.config_set("slowlog-max-len", 100_000)
    redis.client.slowlog_reset()
    seconds, rows = asyncio.run(_timed(redis, ask))
    if rows < redis.accounts:
        raise SystemExit(f"a list has {rows} rows, not {redis.accounts}")
    longest = max(int(command["duration"]) for command in redis.client.slowlog_get(100_000))
    redis.client.config_set("slowlog-log-slower-than", -1)
    return f"{seconds:.2f} / {longest / 1000:.1f}"


async def _timed(redis: Filled, ask: Callable[[RedisStore], Awaitable[Sized]]) -> tuple[float, int]:
    store = RedisStore(redis.url)
    try:
        began = time.perf_counter()
        rows = len(await ask(store))
        return time.perf_counter() - began, rows
    finally:
        await store.close()

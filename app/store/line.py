"""The line to Redis: a bounded pool, scripts in one round trip, and failures under our own name."""

from __future__ import annotations

import asyncio
from typing import Any

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.exceptions import ConnectionError as ConnectionLost
from redis.exceptions import NoScriptError, RedisError
from redis.exceptions import TimeoutError as TooSlow

from app.errors import StoreUnavailable
from app.settings import BadSetting
from app.store.scripts import script

CONNECTIONS = 32
RETRIES = 6
FIRST_PAUSE = 0.02
LONGEST_PAUSE = 0.3


class Line:
    """Calls scripts. A lost connection is tried again, which is safe because every script may be repeated.

    ``patience`` bounds a whole call in seconds, waiting for a free connection and retries included.
    """

    def __init__(self, url: str, patience: float) -> None:
        self._patience = patience
        retry = Retry(ExponentialBackoff(LONGEST_PAUSE, FIRST_PAUSE), RETRIES, (ConnectionLost, TooSlow))
        try:
            pool = BlockingConnectionPool.from_url(
                url,
                max_connections=CONNECTIONS,
                timeout=patience,
                socket_timeout=patience,
                socket_connect_timeout=patience,
                retry=retry,
                protocol=2,
                decode_responses=True,
            )
        except ValueError:
            # The address is not repeated: it may hold a password.
            raise BadSetting("REDIS_URL: use redis://host:6379/0, rediss://host:6379/0 or unix:///path") from None
        self._redis = Redis.from_pool(pool)

    async def run(
        self, name: str, *arguments: str | bytes | int
    ) -> Any:  # redis-py does not know what a script answers
        """What the script ``name`` answers. Raises ``StoreUnavailable``."""
        wanted = script(name)
        try:
            return await self.ask("EVALSHA", wanted.digest, 0, *arguments)
        except NoScriptError:  # a fresh or restarted server
            return await self.ask("EVAL", wanted.source, 0, *arguments)

    async def ask(self, *command: str | bytes | int) -> Any:  # the answer's type depends on the command
        """What Redis answers to any command. Raises ``StoreUnavailable``."""
        try:
            async with asyncio.timeout(self._patience):
                return await self._redis.execute_command(*command)  # type: ignore[no-untyped-call]
        except NoScriptError:
            raise
        except (RedisError, OSError) as error:  # TimeoutError is an OSError
            raise StoreUnavailable(str(error) or type(error).__name__) from error

    async def close(self) -> None:
        """Close every connection."""
        await self._redis.aclose()

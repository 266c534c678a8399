"""Opens connections to the address of a store; redis-py is loaded only where more than a socket is named."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from urllib.parse import unquote

from app.settings import BadSetting
from app.store.wire import Wire

SOCKET = re.compile(r"unix://(/[^?#@]+)")
"""The address of an embedded store: nothing but the path of its socket."""

Dial = Callable[[], Awaitable[Wire]]
"""Opens a connection. Raises ``OSError`` or ``Lost``."""


def dial_for(url: str, patience: float) -> Dial:
    """What opens a connection to this address within so many seconds. Raises ``BadSetting`` for a bad address."""
    if plain := SOCKET.fullmatch(url):
        path = unquote(plain[1])
        return lambda: _socket(path, patience)
    try:
        from app.store.dialing_redis import by_redis  # noqa: PLC0415 -- see above

        return by_redis(url, patience)
    except ValueError:
        # The address is not repeated: it may hold a password.
        raise BadSetting("REDIS_URL: use redis://host:6379/0, rediss://host:6379/0 or unix:///path") from None


async def _socket(path: str, patience: float) -> Wire:
    async with asyncio.timeout(patience):
        _, wire = await asyncio.get_running_loop().create_unix_connection(Wire, path)
        return wire

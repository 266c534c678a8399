"""The one who fetches pictures from URLs that callers give, within bounds of the owner's.

Nothing is loaded for it before the first URL comes: httpx and the authorities it trusts take a while.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable
from typing import TYPE_CHECKING

from app.errors import FetchFailed

if TYPE_CHECKING:
    from app.fetching.asking import Asker, Resolve


AT_ONCE = 16
"""How many URLs are asked for at the same time; whoever comes then waits, and his seconds begin after that."""


async def look_up(host: str, port: int) -> tuple[str, ...]:
    """All addresses that the system knows for a name, the best first. Raises ``OSError`` and ``UnicodeError``."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(place[0]) for *_, place in found))


class Fetcher:
    """Fetches bodies over http and https, of at most ``most_bytes``, within ``seconds`` from name to last byte.

    With ``allow_private`` it asks addresses and ports of private networks too, and of this computer. Proxies,
    passwords and certificates of the environment are left alone, cookies are not kept.
    """

    def __init__(
        self,
        allow_private: bool,
        most_bytes: int,
        seconds: float,
        redirects: int = 5,
        *,
        resolve: Resolve = look_up,
        trust: Callable[[], ssl.SSLContext] | None = None,
    ) -> None:
        self._allow_private = allow_private
        self._most_bytes = most_bytes
        self._seconds = seconds
        self._redirects = redirects
        self._resolve = resolve
        self._trust = trust
        self._asker: Asker | None = None
        self._places = asyncio.Semaphore(AT_ONCE)

    async def fetch(self, url: str) -> bytes:
        """The body behind ``url``, as it was sent.

        Raises ``FetchRefused`` for what is not asked for or not taken, ``FetchFailed`` where the host gave no
        answer of status 200 in time.
        """
        if self._asker is None:
            self._asker = await asyncio.to_thread(self._load)
        try:
            async with self._places, asyncio.timeout(self._seconds):
                return await self._asker.get(url)
        except TimeoutError:
            raise FetchFailed("slow", f"the answer did not arrive within {self._seconds:g} seconds") from None

    def _load(self) -> Asker:
        from app.fetching.asking import Asker, usual_trust  # noqa: PLC0415

        trust = (self._trust or usual_trust)()
        return Asker(self._allow_private, self._most_bytes, self._redirects, self._resolve, trust)

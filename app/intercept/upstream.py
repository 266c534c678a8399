"""The Understudy that intercepted requests go to."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from app.intercept.head import PORTS, normal
from app.settings import BadSetting


@dataclass(frozen=True, slots=True)
class Upstream:
    """Where Understudy listens."""

    host: str
    port: int
    tls: ssl.SSLContext | None = None

    @classmethod
    def parse(cls, url: str, intercepted: Iterable[str]) -> Upstream:
        """From ``http://host:port`` or ``https://host``.

        Raises ``BadSetting`` for anything else, and for an intercepted host: that is the real service,
        which must not be reached, or ourselves.
        """
        wrong = BadSetting(f"--to {url!r}: use the address of an Understudy, such as http://127.0.0.1:8080")
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port
        except ValueError:
            raise wrong from None
        plain = parts.path in {"", "/"} and not (parts.query or parts.fragment or parts.username)
        if parts.scheme not in PORTS or not host or not plain:
            raise wrong
        if normal(host) in intercepted:
            raise BadSetting(f"--to {url!r}: this is the host that is to be intercepted; name an Understudy")
        context = ssl.create_default_context() if parts.scheme == "https" else None
        return cls(host, port or PORTS[parts.scheme], context)

    async def open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection. Raises ``OSError``, which ``ssl.SSLError`` is one of."""
        return await asyncio.open_connection(
            self.host, self.port, ssl=self.tls, server_hostname=self.host if self.tls else None
        )

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.tls else 'http'}://{host}:{self.port}"

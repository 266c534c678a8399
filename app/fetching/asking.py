"""One URL and where it leads: each step resolved once, checked, and asked for at an address that was checked.

The connection goes to that address and to no other, so a name that means something else a moment later (DNS
rebinding) changes nothing. What the far end sees, and what its certificate must show, is the name.
"""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

import httpx

from app.errors import FetchFailed, FetchRefused
from app.fetching.addresses import Address, may_be_asked
from app.fetching.target import Target, aim

CONNECT_SECONDS = 5.0
"""After which the next address of the same host is tried."""
MOST_ADDRESSES = 4
"""How many addresses of one host are tried."""
MOVED = frozenset({301, 302, 303, 307, 308})
HEADERS = {"accept": "image/*", "accept-encoding": "identity", "connection": "close", "user-agent": "understudy"}

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""All addresses of a name. Raises ``OSError``, which ``socket.gaierror`` is one of, or ``UnicodeError``."""


def usual_trust() -> ssl.SSLContext:
    """The authorities that browsers trust; files named in the environment are left alone."""
    return httpx.create_ssl_context(trust_env=False)


@dataclass(frozen=True, slots=True)
class Asker:
    """Asks for URLs under one set of rules."""

    allow_private: bool
    most_bytes: int
    redirects: int
    resolve: Resolve
    trust: ssl.SSLContext

    async def get(self, url: str) -> bytes:
        """The body of the answer, however long it takes. Raises ``FetchRefused`` and ``FetchFailed``."""
        target = aim(url, None, every_port=self.allow_private)
        for _ in range(self.redirects + 1):
            async with AsyncExitStack() as stack:
                answer = await self._open(target, await self._addresses(target), stack)
                if answer.status_code not in MOVED:
                    return await self._body(answer)
                location = answer.headers.get("location", "")
            target = self._next(target, location)
        raise FetchRefused("redirects", f"the URL leads on and on; {self.redirects} redirects are followed")

    def _next(self, target: Target, location: str) -> Target:
        if not location:
            raise FetchFailed("status", "the host redirects without saying where")
        following = aim(location, target.url, every_port=self.allow_private)
        if target.secure and not following.secure:
            raise FetchRefused("downgrade", "the host redirects from https to http")
        return following

    async def _addresses(self, target: Target) -> tuple[Address, ...]:
        """Where the target may be asked for: nowhere if only one of its host's addresses is not for callers.

        The refusal does not say whether the host exists, so that it tells nothing about names of the owner's network.
        """
        refused = FetchRefused("host", "the host of the URL does not exist, or is none that may be asked from here")
        found: tuple[Address, ...] = (target.address,) if target.address else ()
        if not found:
            try:
                names = await self.resolve(target.host, target.port)
                found = tuple(ipaddress.ip_address(name) for name in names)
            except (OSError, ValueError):  # which UnicodeError is one of
                raise refused from None
        if not found or not all(may_be_asked(address, private=self.allow_private) for address in found):
            raise refused
        return found[:MOST_ADDRESSES]

    async def _open(self, target: Target, addresses: Sequence[Address], stack: AsyncExitStack) -> httpx.Response:
        """The answer's head from the first address that takes a connection; ``stack`` closes it."""
        # A client for each step: connections are pooled by address, and the next name at the same address
        # would be served by a connection whose certificate was checked for this one.
        client = await stack.enter_async_context(
            httpx.AsyncClient(verify=self.trust, trust_env=False, timeout=httpx.Timeout(None, connect=CONNECT_SECONDS))
        )
        headers = {"host": target.header, **HEADERS}
        for address in addresses:
            request = client.build_request(
                "GET", target.at(address), headers=headers, extensions={"sni_hostname": target.host}
            )
            try:
                answer = await client.send(request, stream=True)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                continue
            except (httpx.RequestError, ssl.SSLError):
                raise _broken() from None
            stack.push_async_callback(answer.aclose)
            return answer
        raise FetchFailed("unreachable", "no connection to the host could be made")

    async def _body(self, answer: httpx.Response) -> bytes:
        if answer.status_code != httpx.codes.OK:
            raise FetchFailed("status", f"the host answered with status {answer.status_code}")
        if answer.headers.get("content-encoding", "identity").strip().lower() not in {"", "identity"}:
            raise FetchRefused("encoded", "the host sent a compressed answer, which is not unpacked")
        announced = answer.headers.get("content-length", "")
        too_large = FetchRefused("too_large", f"the answer has more than {self.most_bytes} bytes")
        if announced.isdecimal() and int(announced) > self.most_bytes:
            raise too_large
        body = bytearray()
        try:
            async for chunk in answer.aiter_raw():
                body += chunk
                if len(body) > self.most_bytes:
                    raise too_large
        except (httpx.RequestError, ssl.SSLError):
            raise _broken() from None
        return bytes(body)


def _broken() -> FetchFailed:
    return FetchFailed("broken", "the connection broke, or the answer is no HTTP")

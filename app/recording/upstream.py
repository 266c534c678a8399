"""The real service: one request to it with the owner's key, and its answer."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import httpx

from app.errors import UpstreamFailed, UpstreamTooSlow
from app.web.answer import Answer

CONNECT_SECONDS = 10.0
ANSWER_BYTES = 256_000_000
"""More than ten pictures of four megapixels in base64."""

SENT = ("accept", "content-type", "organization", "stability-client-id", "stability-client-version")
"""Headers of a caller that the service gets to see."""

PASSED_ON = ("allow", "finish-reason", "goa-error", "retry-after", "seed")
"""Headers of an answer that mean something to a caller, besides its type; all others change with every answer."""


class Upstream:
    """Asks the service at ``url``. An answer has ``seconds``; redirects are not followed, TLS is verified."""

    def __init__(self, url: str, key: str, seconds: float) -> None:
        self.url = url
        self._key = key
        self._seconds = seconds
        # Proxies and certificates of the environment are left alone: settings are the only thing that we go by.
        self._client = httpx.AsyncClient(
            trust_env=False,
            follow_redirects=False,
            timeout=httpx.Timeout(seconds, connect=CONNECT_SECONDS),
            headers={"accept-encoding": "identity", "user-agent": "understudy"},
        )

    async def ask(self, method: str, target: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        """The answer to a request, ``target`` being its path and query as they were sent.

        Raises ``UpstreamFailed``, which says whether the service may have got the request.
        """
        sent = [(name.encode(), headers[name].encode("latin-1")) for name in SENT if name in headers]
        request = self._client.build_request(
            method,
            self.url + target,
            headers=[*sent, (b"authorization", f"Bearer {self._key}".encode())],
            content=body,
        )
        try:
            async with asyncio.timeout(self._seconds):
                return await self._answer(request)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as problem:
            raise UpstreamFailed(f"{self.url} cannot be reached ({problem or 'timeout'})", asked=False) from problem
        except (TimeoutError, httpx.TimeoutException) as problem:
            raise UpstreamTooSlow(f"nothing came within {self._seconds:g} seconds", asked=True) from problem
        except httpx.RequestError as problem:
            raise UpstreamFailed(f"the connection broke ({type(problem).__name__})", asked=True) from problem

    async def close(self) -> None:
        """End all connections."""
        await self._client.aclose()

    async def _answer(self, request: httpx.Request) -> Answer:
        response = await self._client.send(request, stream=True)
        try:
            if response.is_redirect:
                raise UpstreamFailed("it redirects elsewhere, which is not followed", asked=False)
            return self._plain(response, await _body(response))
        finally:
            await response.aclose()

    def _plain(self, response: httpx.Response, body: bytes) -> Answer:
        """The answer as it is passed on, without the key, should it quote that."""
        headers = tuple((name, response.headers[name]) for name in PASSED_ON if name in response.headers)
        media = response.headers.get("content-type", "application/octet-stream")
        return Answer(response.status_code, body.replace(self._key.encode(), b"(key)"), media, headers)


async def _body(response: httpx.Response) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > ANSWER_BYTES:
            raise UpstreamFailed(f"its answer has more than {ANSWER_BYTES} bytes", asked=True)
    return bytes(body)

"""How each outcome looks to a client, over a connection of its own."""

from __future__ import annotations

import base64
import http.client
import io
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest
from PIL import Image

from app.worlds.outcomes import Outcome

PATIENCE = 30.0
IMPATIENCE = 0.5
"""For answers that never come."""
ENGINE = "stable-diffusion-v1-6"
PRICE = 0.9
ENVOY = b"upstream connect error or disconnect/reset before headers. reset reason: connection termination"

ERRORS: Mapping[Outcome, int] = {
    Outcome.INVALID_PROMPTS: 400,
    Outcome.BAD_REQUEST: 400,
    Outcome.INVALID_HEIGHT_OR_WIDTH: 400,
    Outcome.INVALID_SDXL_V1_DIMENSIONS: 400,
    Outcome.INVALID_SDXL_V222_DIMENSIONS: 400,
    Outcome.INVALID_PIXEL_COUNT: 400,
    Outcome.INVALID_SAMPLES: 400,
    Outcome.INVALID_FILE_SIZE: 400,
    Outcome.INVALID_MIME_TYPE: 400,
    Outcome.INVALID_IMAGE_DIMENSIONS: 400,
    Outcome.INVALID_MASK_IMAGE: 400,
    Outcome.UNAUTHORIZED: 401,
    Outcome.PERMISSION_DENIED: 403,
    Outcome.NOT_FOUND: 404,
    Outcome.METHOD_NOT_ALLOWED: 405,
    Outcome.REQUEST_TIMEOUT: 408,
    Outcome.CONTENT_TOO_LARGE: 413,
    Outcome.UNSUPPORTED_MEDIA_TYPE: 415,
    Outcome.INSUFFICIENT_BALANCE: 429,
    Outcome.RATE_LIMIT_EXCEEDED: 429,
    Outcome.TOO_MANY_REQUESTS: 429,
    Outcome.HEADERS_TOO_LARGE: 431,
    Outcome.SERVER_ERROR: 500,
}
RETRIED = {Outcome.RATE_LIMIT_EXCEEDED, Outcome.TOO_MANY_REQUESTS}


@dataclass(frozen=True)
class Wish:
    """A picture that is asked for: in which version, by which key and engine, as PNG or as JSON, with which prompt."""

    url: str
    key: str
    version: str = "v1"
    png: bool = False
    engine: str = ENGINE
    prompt: str = "a fox"
    seed: int | None = 7

    @contextmanager
    def asked(self, patience: float = PATIENCE) -> Iterator[http.client.HTTPConnection]:
        """Send it on a connection of its own, with nothing read yet."""
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=patience)
        size = {"width": 320, "height": 320} if self.engine == ENGINE else {}
        body = {"text_prompts": [{"text": self.prompt}], "steps": 10, **size}
        body |= {} if self.seed is None else {"seed": self.seed}
        path = f"/{self.version}/generation/{self.engine}/text-to-image"
        accept = "image/png" if self.png else "application/json"
        headers = {"Authorization": self.key, "Content-Type": "application/json", "Accept": accept}
        with closing(connection):
            connection.request("POST", path, json.dumps(body), headers)
            yield connection

    def balance(self) -> float:
        """What the key's world has left."""
        with closing(http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=PATIENCE)) as connection:
            connection.request("GET", f"/{self.version}/user/balance", headers={"Authorization": self.key})
            return float(json.loads(connection.getresponse().read())["credits"])


def expect(outcome: Outcome, wish: Wish) -> None:
    """Fail unless the wish ends in this outcome."""
    WATCHERS.get(outcome, _error)(outcome, wish)


def _error(outcome: Outcome, wish: Wish) -> None:
    with wish.asked() as connection:
        answer = connection.getresponse()
        body = json.loads(answer.read())

    assert (answer.status, body["name"]) == (ERRORS[outcome], outcome)
    assert answer.getheader("Content-Type") == "application/json"
    assert (answer.getheader("Retry-After") is not None) == (outcome in RETRIED)
    if wish.version == "v1alpha":
        assert answer.getheader("goa-error") == outcome
        assert set(body) == {"id", "name", "message", "temporary", "timeout", "fault"}
    else:
        assert set(body) == {"id", "name", "message"}


def _filtered(_: Outcome, wish: Wish) -> None:
    with wish.asked() as connection:
        answer = connection.getresponse()
        body = answer.read()

    assert answer.status == 200
    assert picture(body, wish)
    if wish.png:
        assert (answer.getheader("Finish-Reason"), answer.getheader("Seed")) == ("CONTENT_FILTERED", "7")
    else:
        assert [artifact["finishReason"] for artifact in json.loads(body)["artifacts"]] == ["CONTENT_FILTERED"]


def _unavailable(_: Outcome, wish: Wish) -> None:
    with wish.asked() as connection:
        answer = connection.getresponse()
        body = answer.read()

    assert (answer.status, answer.getheader("Content-Type"), body) == (503, "text/plain", ENVOY)


def _timeout(_: Outcome, wish: Wish) -> None:
    with wish.asked(IMPATIENCE) as connection, pytest.raises(TimeoutError):
        connection.getresponse()


def _reset(_: Outcome, wish: Wish) -> None:
    with wish.asked() as connection, pytest.raises(ConnectionResetError) as caught:
        connection.getresponse()

    assert not isinstance(caught.value, http.client.RemoteDisconnected)


def _empty(_: Outcome, wish: Wish) -> None:
    with wish.asked() as connection, pytest.raises(http.client.RemoteDisconnected):
        connection.getresponse()


def _truncated(_: Outcome, wish: Wish) -> None:
    length, body = _cut_short(wish)

    assert len(body) == length // 2
    assert body.startswith(b"\x89PNG" if wish.png else b'{"artifacts":[{"base64":"iVBORw0KGgo')


def _wrong_length(_: Outcome, wish: Wish) -> None:
    length, body = _cut_short(wish)

    assert len(body) == length - 64
    assert picture(body, wish)


def _cut_short(wish: Wish) -> tuple[int, bytes]:
    """What a 200 promised, and all that came of it."""
    with wish.asked() as connection:
        answer = connection.getresponse()
        assert answer.status == 200
        with pytest.raises(http.client.IncompleteRead) as caught:
            answer.read()
    return int(answer.headers["Content-Length"]), caught.value.partial


def picture(body: bytes, wish: Wish) -> Image.Image:
    """The picture in an answer, decoded to its last pixel."""
    data = body if wish.png else base64.b64decode(json.loads(body)["artifacts"][0]["base64"])
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


WATCHERS: Mapping[Outcome, Callable[[Outcome, Wish], None]] = {
    Outcome.CONTENT_FILTERED: _filtered,
    Outcome.UNAVAILABLE: _unavailable,
    Outcome.TIMEOUT: _timeout,
    Outcome.CONNECTION_RESET: _reset,
    Outcome.EMPTY_REPLY: _empty,
    Outcome.TRUNCATED_PICTURE: _truncated,
    Outcome.WRONG_CONTENT_LENGTH: _wrong_length,
}
EXERCISED = frozenset(ERRORS) | frozenset(WATCHERS)

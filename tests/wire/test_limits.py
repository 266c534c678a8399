"""What happens when there is too much at once: rates, queues, time, bytes and pixels."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
import requests
from PIL import Image

from tests.pictures import png
from tests.running import KEY, VERSIONS, Client, Server, understudy
from tests.wire.asking import credits_of, every_version, image_to_image, path, text_to_image, words
from tests.wire.raw import FORM_TYPE, Connection, exchange, form, part, request
from tests.wire.refusing import assert_error

AUTH = f"Authorization: {KEY}"


@pytest.fixture(scope="module")
def limited(start: Callable[..., Server]) -> Server:
    """A server that takes five requests of a key."""
    return start(
        "--rate-limit",
        UNDERSTUDY_RATE_REQUESTS="5",
        UNDERSTUDY_RATE_WINDOW="3600",
        UNDERSTUDY_RATE_LOCKOUT="3000",
    )


@every_version
def test_rate_limit(limited: Server, version: str) -> None:
    """Past so many requests a key is refused with ``Retry-After``, whatever it asks; other keys are not."""
    with Client(limited.url, _new_key(limited)) as client, Client(limited.url, _new_key(limited)) as colleague:
        before = [client.get(f"/{version}/user/balance").status_code for _ in range(5)]
        listed, drawn = client.get(f"/{version}/engines/list"), text_to_image(client, version)

        assert before == [200] * 5
        for answer in (listed, drawn):
            seconds = int(answer.headers["Retry-After"])
            assert 0 < seconds <= 3000
            text = f"You have exceeded the rate limit, please try again in {seconds} seconds."
            assert_error(answer, version, 429, "rate_limit_exceeded", text)
        assert colleague.get(f"/{version}/user/balance").status_code == 200


def _new_key(server: Server) -> str:
    made = understudy("keys", "create", "--json", home=server.home)
    return str(json.loads(made.stdout)["secret"])


def test_rate_limit_is_off_unless_switched_on(client: Client) -> None:
    """200 requests in a row are fine."""
    assert {client.get("/v1/user/balance").status_code for _ in range(200)} == {200}


def _slow_delivery(version: str, noise: bytes) -> bytes:
    """A request whose answer is larger than any socket takes at once."""
    fields = words(samples=10)
    if version == "v1alpha":
        parts = [part("options", json.dumps(fields | {"step_schedule_start": 0}))]
    else:
        parts = [part("text_prompts[0][text]", "a"), part("samples", "10"), part("image_strength", "1")]
    body = form(part("init_image", noise), *parts)
    return request("POST", path(version, "image-to-image"), AUTH, f"Content-Type: {FORM_TYPE}", body=body)


@pytest.fixture(scope="module")
def noise(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A picture that cannot be compressed."""
    file = tmp_path_factory.mktemp("noise") / "noise.png"
    Image.fromarray(np.random.default_rng(5).integers(0, 256, (1024, 1024, 3), dtype=np.uint8), "RGB").save(file)
    return file.read_bytes()


@pytest.fixture(scope="module")
def narrow(start: Callable[..., Server]) -> Server:
    """A server with one place and no queue."""
    return start(UNDERSTUDY_GENERATIONS="1", UNDERSTUDY_QUEUE="0")


@every_version
def test_full_queue(narrow: Server, version: str) -> None:
    """Of six at once some get 429 with ``Retry-After`` and pay nothing; the others get their pictures."""
    large = {"width": 1024, "height": 1024, "samples": 5, "steps": 30}
    with ThreadPoolExecutor(6) as together, Client(narrow.url) as client:
        before = credits_of(client, version)
        asked = [together.submit(_ask_alone, narrow, version, large) for _ in range(6)]
        answers = [one.result() for one in asked]
        spent = before - credits_of(client, version)

    refused = [answer for answer in answers if answer.status_code == 429]
    assert 0 < len(refused) < 6
    assert spent == (6 - len(refused)) * Decimal("4.5")
    for answer in refused:
        text = f"All engines are busy, please try again in {answer.headers['Retry-After']} seconds."
        assert_error(answer, version, 429, "too_many_requests", text)


def _ask_alone(server: Server, version: str, asked: dict[str, Any]) -> requests.Response:
    with Client(server.url) as client:
        return text_to_image(client, version, **asked)


@every_version
def test_client_that_hangs_up_pays_nothing(narrow: Server, noise: bytes, version: str) -> None:
    """Whoever leaves in the middle of the answer gets the credits back."""
    with Client(narrow.url) as client:
        before = credits_of(client, version)
        with Connection(narrow.url, receive_buffer=4096) as slow:
            slow.send(_slow_delivery(version, noise))
            assert slow.line() == b"HTTP/1.1 200 OK"

        assert _comes_back(client, version, before)


def _comes_back(client: Client, version: str, balance: Decimal) -> bool:
    """Whether the balance is what it was, sooner or later."""
    for _ in range(500):
        if credits_of(client, version) == balance:
            return True
        time.sleep(0.02)
    return False


@pytest.fixture(scope="module")
def hurried(start: Callable[..., Server]) -> Server:
    """A server that gives a generation no time."""
    return start(UNDERSTUDY_REQUEST_SECONDS="0.01")


@every_version
def test_generation_that_takes_too_long(hurried: Server, version: str) -> None:
    """500 with the documented text, and the credits come back."""
    with Client(hurried.url) as client:
        before = credits_of(client, version)
        answer = text_to_image(client, version, "stable-diffusion-v1-5", width=1024, height=1024, samples=10)

        text = "An unexpected server error occurred, please try again."
        assert_error(answer, version, 500, "server_error", text)
        assert credits_of(client, version) == before


def test_small_limits(make_server: Callable[..., Server]) -> None:
    """Parts, fields, pixels and headers are limited by settings."""
    server = make_server(
        UNDERSTUDY_MAX_PARTS="5",
        UNDERSTUDY_MAX_FIELD="1024",
        UNDERSTUDY_MAX_PIXELS="262144",
        UNDERSTUDY_MAX_HEADER="1024",
    )
    with Client(server.url) as client:
        for version in VERSIONS:
            pixels = image_to_image(client, version, png(512, 576))
            parts = client.post(path(version, "image-to-image"), files=[(f"f{n}", (None, "")) for n in range(6)])
            field = image_to_image(client, version, png(), text_prompts=[{"text": "x" * 1100}])
            header = client.get(f"/{version}/user/balance", headers={"X-Long": "x" * 1100})

            assert_error(pixels, version, 400, "invalid_pixel_count")
            assert_error(parts, version, 400, "bad_request", "body: more than 5 parts")
            assert_error(field, version, 400, "bad_request")
            assert_error(header, version, 431, "headers_too_large")


def test_slow_senders(make_server: Callable[..., Server]) -> None:
    """Headers and bodies that do not arrive in time are 408 in the shape of the version."""
    server = make_server(UNDERSTUDY_HEADER_SECONDS="0.05", UNDERSTUDY_BODY_SECONDS="0.05")
    for version in VERSIONS:
        head = request("POST", path(version), AUTH, "Content-Type: application/json", "Content-Length: 9", length=False)

        header = exchange(server.url, f"GET /{version}/engines/list HTTP/1.1\r\nHost: a\r\n".encode())
        body = exchange(server.url, head + b"{")

        assert_error(header, version, 408, "request_timeout")
        assert_error(body, version, 408, "request_timeout")

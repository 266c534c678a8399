"""aithriving: every failure with code -1, its reason, and a status that fits."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from app.dialects.aithriving.wording import word
from app.errors import Ignored, NotAMember
from engines.errors import EngineNotReady
from tests.running import KEY, Client, Server
from tests.wire.aithriving_asking import PATH, ask, assert_failure
from tests.wire.asking import credits_of
from tests.wire.raw import exchange, request

AUTH = f"Authorization: {KEY}"
JSON = "Content-Type: application/json"


def test_no_key(server: Server) -> None:
    """401 that says where it belongs."""
    with Client(server.url, key=None) as client:
        assert_failure(ask(client), 401, "The header Authorization is missing.")


def test_a_key_in_the_header_authentication(server: Server) -> None:
    """401: the document's table calls the header so, its example does not, and the example is what runs."""
    with Client(server.url, key=None) as client:
        answer = ask(client, headers={"Authentication": KEY})

    assert_failure(answer, 401, "The header Authorization is missing.")


@pytest.mark.parametrize("key", ["sk-" + "x" * 48, "your-auth-token", "x" * 4000])
def test_wrong_key(server: Server, key: str) -> None:
    """401, whatever the key looks like, and whatever else is wrong with the request."""
    with Client(server.url, key=None) as client:
        answer = ask(client, prompt=..., headers={"Authorization": key})

    assert_failure(answer, 401, "The API key is not valid.")


@pytest.mark.parametrize("field", ["prompt", "negative_prompt"])
def test_refused_prompt(client: Client, field: str) -> None:
    """400; negative prompts are read too."""
    assert_failure(ask(client, **{field: "A Snuff-Film!"}), 400, "The prompt was refused by the content filter.")


@pytest.mark.parametrize(
    "path", ["/api", "/api/", "/api/generate", "/api/generate/ultra", "/api/generate/core/", "/api/x/y"]
)
def test_unknown_path(client: Client, path: str) -> None:
    """404 in aithriving's shape for whatever lies under its paths."""
    assert_failure(client.post(path), 404, "There is nothing at this path.")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
def test_unknown_method(client: Client, method: str) -> None:
    """405 with the method that would do."""
    answer = client.request(method, PATH)

    assert_failure(answer, 405, "Use POST here.")
    assert answer.headers["Allow"] == "POST"


def test_a_form_where_json_is_wanted(client: Client) -> None:
    """415 that says which would do and which came."""
    answer = client.post(PATH, files={"prompt": (None, "a fox")})

    assert_failure(answer, 415, "Content-Type must be application/json, but we received multipart/form-data")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "body: not valid JSON"),
        (b"{", "body: not valid JSON"),
        (b"{'prompt': 'a'}", "body: not valid JSON"),
        (b'{"prompt":"a",}', "body: not valid JSON"),
        (b'{"prompt":"a","seed":NaN}', "body: not valid JSON"),
        (b'{"prompt":"\xff"}', "body: not valid UTF-8"),
        (b"[" * 9_000, "body: nested too deeply"),
        (b"null", "body: must be an object"),
        (b"[]", "body: must be an object"),
        (b'"text"', "body: must be an object"),
        (b"prompt=a", "body: not valid JSON"),
    ],
    ids=lambda value: repr(value[:24]),
)
def test_body_that_is_not_the_json_wanted(client: Client, body: bytes, reason: str) -> None:
    """Always 400 with what is wrong with it."""
    answer = client.post(PATH, data=body, headers={"Content-Type": "application/json"})

    assert_failure(answer, 400, reason)


@pytest.fixture(scope="module")
def small(start: Callable[..., Server]) -> Server:
    """A server that reads two thousand bytes, waits for nothing and reads short headers."""
    return start(
        UNDERSTUDY_MAX_BODY="2000",
        UNDERSTUDY_BODY_SECONDS="0.05",
        UNDERSTUDY_HEADER_SECONDS="0.05",
        UNDERSTUDY_MAX_HEADER="2048",
    )


def test_body_that_is_too_large(small: Server) -> None:
    """413 with the limit."""
    with Client(small.url) as client:
        answer = ask(client, prompt="x" * 5000)

    assert_failure(answer, 413, "The request body is too large (at most 2000 bytes).")


def test_body_that_is_too_slow(small: Server) -> None:
    """408 in aithriving's shape."""
    head = request("POST", PATH, AUTH, JSON, "Content-Length: 9", length=False)

    text = "The request body was not received within 0.05 seconds."
    assert_failure(exchange(small.url, head + b"{"), 408, text)


def test_header_that_is_too_slow(small: Server) -> None:
    """408 as well."""
    assert_failure(exchange(small.url, f"POST {PATH} HTTP/1.1\r\nHost: a\r\n".encode()), 408)


def test_header_that_is_too_long(small: Server) -> None:
    """431 with the limit."""
    answer = exchange(small.url, request("POST", PATH, AUTH, "X-Long: " + "x" * 3000))

    assert_failure(answer, 431, "The request headers are too large (at most 2048 bytes).")


def test_bytes_that_are_no_http(server: Server) -> None:
    """400 in aithriving's shape, since its path can be made out."""
    answer = exchange(server.url, f"POST {PATH} HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n".encode())

    assert_failure(answer, 400, "The request could not be understood.")


def test_rate_limit(start: Callable[..., Server]) -> None:
    """429 with `Retry-After`, and the same seconds in the reason."""
    server = start("--rate-limit", UNDERSTUDY_RATE_REQUESTS="2", UNDERSTUDY_RATE_LOCKOUT="3000")
    with Client(server.url) as client:
        answers = [ask(client, prompt=...) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [400, 400, 429]
    seconds = int(answers[2].headers["Retry-After"])
    assert 0 < seconds <= 3000
    assert_failure(answers[2], 429, f"Too many requests. Try again in {seconds} seconds.")


def test_full_queue(start: Callable[..., Server]) -> None:
    """Of six at once some get 429 with `Retry-After` and pay nothing; the others get their pictures."""
    server = start(UNDERSTUDY_GENERATIONS="1", UNDERSTUDY_QUEUE="0")
    with ThreadPoolExecutor(6) as together, Client(server.url) as client:
        before = credits_of(client)
        answers = list(together.map(lambda _: _ask_alone(server), range(6)))
        spent = before - credits_of(client)

    refused = [answer for answer in answers if answer.status_code == 429]
    assert 0 < len(refused) < 6
    assert spent == 6 * (6 - len(refused))
    for answer in refused:
        seconds = answer.headers["Retry-After"]
        assert_failure(answer, 429, f"The service is busy. Try again in {seconds} seconds.")


def _ask_alone(server: Server) -> requests.Response:
    with Client(server.url) as client:
        return ask(client, width=1536, height=1536)


def test_a_picture_that_takes_too_long(start: Callable[..., Server]) -> None:
    """500 that tells nothing, and the credits come back."""
    with Client(start(UNDERSTUDY_REQUEST_SECONDS="0.01").url) as client:
        before = credits_of(client)

        answer = ask(client, width=1536, height=1536)

        assert_failure(answer, 500, "The picture could not be made. Nothing was charged.")
        assert credits_of(client) == before


def test_errors_that_need_another_server_or_test_mode() -> None:
    """An engine without weights, a foreign organization and an ignored field have words here too."""
    missing, member, ignored = (
        word(EngineNotReady("sd-core")),
        word(NotAMember()),
        word(Ignored("body", "n", "is not known")),
    )

    assert (missing.status, missing.message) == (503, "The engine of this service is not available.")
    assert member.status == 403
    assert (ignored.status, ignored.message) == (400, "n: is not known")

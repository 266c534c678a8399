"""Errors of Stativerse's endpoints: all of them in its envelope, whoever notices them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import requests

from tests.running import Client, Server
from tests.wire.raw import exchange, request
from tests.wire.stativerse_asking import BASE, CLASSIFY, DRAW, EDIT, ask, data, every_endpoint, refused
from understudy.testing import Understudy

JSON = "Content-Type: application/json"


@every_endpoint
def test_no_key(server: Server, endpoint: str) -> None:
    """401 that says where the key belongs."""
    with Client(server.url, key=None) as client:
        answer = ask(client, endpoint)

    refused(answer, 401, "unauthorized", "Send your API key in the header Authorization: Bearer <key>.")


@every_endpoint
@pytest.mark.parametrize("key", ["Bearer sk-wrong", "sk-wrong", "Basic dXNlcjpwYXNz"])
def test_a_wrong_key(server: Server, endpoint: str, key: str) -> None:
    """401, before anything is said of the body."""
    with Client(server.url, key=None) as client:
        answer = client.post(f"{BASE}/{endpoint}", data="{", headers={"Authorization": key})

    refused(answer, 401, "unauthorized", "This API key is not known, or was revoked.")


@pytest.mark.parametrize("prefix", ["Bearer ", "bearer ", ""])
def test_the_key_as_it_may_be_sent(server: Server, prefix: str) -> None:
    """After Bearer, in any case, and bare as well."""
    with Client(server.url, key=None) as client:
        client.headers["Authorization"] = f"{prefix}{server.key}"

        assert data(ask(client, CLASSIFY))["output"]


@every_endpoint
@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"{", "The body cannot be read: not valid JSON."),
        (b"", "The body cannot be read: not valid JSON."),
        (b"\xff\xfe", "The body cannot be read: not valid UTF-8."),
        (b'{"prompt": NaN}', "The body cannot be read: not valid JSON."),
        (b"[" * 5000, "The body cannot be read: nested too deeply."),
        (b"[]", "body must be an object."),
        (b'"text"', "body must be an object."),
    ],
)
def test_a_malformed_body(client: Client, endpoint: str, body: bytes, message: str) -> None:
    """400 that says what is wrong with it."""
    answer = client.post(f"{BASE}/{endpoint}", data=body, headers={"Content-Type": "application/json"})

    refused(answer, 400, "invalid_request", message)


@every_endpoint
def test_a_form(client: Client, endpoint: str) -> None:
    """415: only JSON is read."""
    answer = client.post(f"{BASE}/{endpoint}", files={"prompt": (None, "a fox")})

    message = "Send the body as application/json, not as multipart/form-data."
    refused(answer, 415, "unsupported_media_type", message)


@pytest.mark.parametrize("path", ["", "/", "/nothing", "/image-generation/", "/image-generation/x", "/v2"])
def test_an_unknown_path(client: Client, path: str) -> None:
    """404 below its base path and beside its endpoints."""
    refused(client.post(BASE + path, json={}), 404, "not_found", "There is no such endpoint.")


@every_endpoint
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
def test_another_method(client: Client, endpoint: str, method: str) -> None:
    """405 with the method that is right."""
    answer = client.request(method, f"{BASE}/{endpoint}")

    refused(answer, 405, "method_not_allowed", "Use POST here.")
    assert answer.headers["Allow"] == "POST"


def test_headers_that_are_too_long(server: Server) -> None:
    """431, from the socket itself."""
    answer = exchange(server.url, f"POST {BASE}/sentence HTTP/1.1\r\nHost: a\r\nX: {'x' * 40_000}\r\n\r\n".encode())

    assert answer.status == 431
    assert json.loads(answer.body) == {
        "ok": False,
        "data": None,
        "error": {"code": "headers_too_large", "message": "The headers may have at most 32768 bytes."},
    }


def test_no_http(server: Server) -> None:
    """400, from the socket itself."""
    answer = exchange(server.url, f"POST {BASE}/sentence HTTP/9.9\r\n\r\n".encode())

    assert answer.status == 400
    assert json.loads(answer.body)["error"]["code"] == "invalid_request"


@pytest.fixture(scope="module")
def narrow(start: Callable[..., Server]) -> Server:
    """A server that reads little, in little time, and not often."""
    return start(
        UNDERSTUDY_MAX_BODY="2000",
        UNDERSTUDY_BODY_SECONDS="0.2",
        UNDERSTUDY_HEADER_SECONDS="0.5",
        UNDERSTUDY_RATE_LIMIT="on",
        UNDERSTUDY_RATE_REQUESTS="40",
    )


@every_endpoint
def test_a_body_that_is_too_large(narrow: Server, endpoint: str) -> None:
    """413 with the limit."""
    with Client(narrow.url) as client:
        answer = client.post(f"{BASE}/{endpoint}", json={"prompt": "x" * 3000})

    refused(answer, 413, "payload_too_large", "The body may have at most 2000 bytes.")


def test_a_body_that_is_too_slow(narrow: Server) -> None:
    """408: it was announced and did not come."""
    head = request(
        "POST", f"{BASE}/{DRAW}", f"Authorization: Bearer {narrow.key}", JSON, "Content-Length: 50", length=False
    )
    answer = exchange(narrow.url, head)

    assert answer.status == 408
    assert json.loads(answer.body)["error"] == {
        "code": "request_timeout",
        "message": "The body was not received within 0.2 seconds.",
    }


def test_headers_that_are_too_slow(narrow: Server) -> None:
    """408 as well."""
    answer = exchange(narrow.url, f"POST {BASE}/{DRAW} HTTP/1.1\r\nHost:".encode())

    assert answer.status == 408
    assert json.loads(answer.body)["error"]["message"] == "The headers were not received within 0.5 seconds."


def test_too_many_requests(narrow: Server) -> None:
    """429 with the seconds to wait."""
    with Client(narrow.url) as client:
        answers = [ask(client, CLASSIFY) for _ in range(41)]
    last = answers[-1]

    refused(last, 429, "rate_limited", f"Too many requests; try again in {last.headers['Retry-After']} seconds.")


@pytest.fixture(scope="module")
def double(start: Callable[..., Server]) -> Server:
    """A server in test mode, which fails as it is told to."""
    return start("--test")


@every_endpoint
@pytest.mark.parametrize(
    ("outcome", "status", "code", "message"),
    [
        ("permission_denied", 403, "forbidden", "This API key may not do that."),
        ("too_many_requests", 429, "busy", "All models are busy; try again in 5 seconds."),
        ("server_error", 500, "model_failed", "The model could not finish this; nothing was charged."),
    ],
)
def test_what_the_server_cannot_help(
    double: Server, endpoint: str, outcome: str, status: int, code: str, message: str
) -> None:
    """Failures that no request brings about by itself, played by test mode: worded like all others."""
    key = f"sk-test-{endpoint}-{code}"
    Understudy(double.url, key).fail_next(outcome)
    with Client(double.url, key) as client:
        answer = ask(client, endpoint)

    refused(answer, status, code, message)
    assert answer.headers.get("Retry-After") == ("5" if code == "busy" else None)


def test_a_model_that_takes_too_long(start: Callable[..., Server]) -> None:
    """504, and nothing is charged."""
    server = start(UNDERSTUDY_REQUEST_SECONDS="0.01")
    with Client(server.url) as client:
        before = client.balance()
        answer = ask(client, DRAW, resolution=[2048, 2048], steps=150)

        refused(answer, 504, "timeout", "The model was not finished within 0.01 seconds; nothing was charged.")
        assert client.balance() == before


def test_a_model_that_cannot_edit(start: Callable[..., Server]) -> None:
    """503 where the owner chose an engine that draws from text alone; drawing works."""
    server = start(UNDERSTUDY_MODELS="stativerse/image=sd-core")
    with Client(server.url) as client:
        assert data(ask(client, DRAW))["output"]
        refused(ask(client, EDIT), 503, "model_unavailable", "The model for this is not installed on this server.")


@pytest.fixture(scope="module")
def without_vision(start: Callable[..., Server], tmp_path_factory: pytest.TempPathFactory) -> Server:
    """A server in whose environment the library that cuts out backgrounds is not installed."""
    folder: Path = tmp_path_factory.mktemp("site")
    (folder / "sitecustomize.py").write_text("import sys\nsys.modules['cv2'] = None\n")
    return start(PYTHONPATH=str(folder))


@pytest.mark.parametrize("endpoint", [DRAW, EDIT])
@pytest.mark.parametrize("prompt", ["a fox", ...])
def test_an_analyst_that_is_not_installed(without_vision: Server, endpoint: str, prompt: object) -> None:
    """503 without a charge, and the log tells the owner what to install; the rest goes on working."""
    if endpoint == DRAW and prompt is ...:
        prompt = "an owl"
    with Client(without_vision.url) as client:
        before = client.balance()
        answer = ask(client, endpoint, prompt=prompt, remove_background=True)

        refused(answer, 503, "model_unavailable", "The model for this is not installed on this server.")
        assert client.balance() == before
        assert data(ask(client, endpoint, prompt=prompt))["output"]
    assert "pip install '.[vision]'" in without_vision.output()


def test_an_error_is_for_browsers_too(client: Client) -> None:
    """Scripts of other sites may read it."""
    answer = requests.post(
        f"{client.url}{BASE}/{DRAW}", json={}, headers={"Origin": "http://localhost"}, timeout=client.patience
    )

    refused(answer, 401, "unauthorized")
    assert answer.headers["Access-Control-Allow-Origin"] == "http://localhost"

"""What the service gets to see, and what a caller gets when the service gives no proper answer."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
import requests

from tests.recording.conftest import OWNERS, Caller, exchanges
from tests.recording.services import scripted
from tests.running import KEY, Client, Server

TEXT = "/v1/generation/stable-diffusion-v1-5/text-to-image"
ALPHA = TEXT.replace("v1/", "v1alpha/", 1)
BODY = {"text_prompts": [{"text": "a barn"}], "steps": 10}


def ask(client: Client, path: str = TEXT, **headers: str) -> requests.Response:
    """A generation, with headers of one's own; no contract has the answers that are looked at here."""
    sent = {"Authorization": KEY} | {name.replace("_", "-"): value for name, value in headers.items()}
    return requests.post(client.url + path, json=BODY, headers=sent, timeout=30)


def test_the_service_gets_the_owners_key(record: Callable[..., Caller]) -> None:
    """The caller's key stays here; body, Accept and the headers of the API go on as they were sent, others do not."""
    with scripted((200, {}, b'{"artifacts":[]}')) as service:
        ask(record(service.url), TEXT + "?a=1", Accept="image/png", Organization="org-1", Cookie="c=1", X_Own="1")

    method, path, headers, body = service.asked[0]
    assert (method, path) == ("POST", TEXT + "?a=1")
    assert json.loads(body) == BODY
    assert headers["authorization"] == f"Bearer {OWNERS}"
    assert (headers["accept"], headers["organization"]) == ("image/png", "org-1")
    assert not {"cookie", "x-own"} & set(headers)


def test_a_caller_without_a_key_costs_nothing(record: Callable[..., Caller], tape: Path) -> None:
    """Only callers with a key of this server are served; the service hears of no other."""
    with scripted((200, {}, b'{"artifacts":[]}')) as service:
        answer = ask(record(service.url), Authorization="sk-somebody-elses-key")

    assert answer.status_code == 401
    assert service.asked == []
    assert exchanges(tape) == []


def test_headers_that_change_with_every_answer_stay_out(record: Callable[..., Caller], tape: Path) -> None:
    """Cookies and traces of the service are neither passed on nor kept."""
    extra = {"Set-Cookie": "session=1", "X-Request-Id": "7", "Retry-After": "3"}
    with scripted((429, extra, b'{"id":"0","message":"later","name":"rate_limit_exceeded"}')) as service:
        answer = ask(record(service.url))

    kept = json.loads((tape / "0001-post-text-to-image" / "response.json").read_text())
    assert answer.headers["Retry-After"] == "3"
    assert not {"Set-Cookie", "X-Request-Id"} & set(answer.headers)
    assert kept["headers"] == {"content-type": "application/json", "retry-after": "3"}


def test_a_service_that_quotes_the_key_does_not_give_it_away(record: Callable[..., Caller], tape: Path) -> None:
    """The owner's key is struck out of answers, and the callers' out of what is kept of requests."""
    with scripted((401, {}, b'{"id":"0","message":"no key %b","name":"unauthorized"}' % OWNERS.encode())) as service:
        recorder = record(service.url)
        answer = requests.post(
            f"{recorder.url}{TEXT}?key={KEY}", json={"text_prompts": [{"text": KEY}]}, headers={"Authorization": KEY}
        )

    files = b"".join(path.read_bytes() for path in tape.rglob("*.json"))
    assert answer.json()["message"] == "no key (key)"
    assert OWNERS.encode() not in files
    assert KEY.encode() not in files


def test_any_text_is_replayed_to_the_byte(record: Callable[..., Caller], replay: Callable[..., Caller]) -> None:
    """JSON in a layout of its own and the plain text of a proxy: replayed as they came, in order."""
    bodies = [b'{"artifacts": [{"base64": "iVBORw0KGgo=", "seed": 1.50}]}\n', b"upstream connect error", b""]
    with scripted(*((503, {"Content-Type": "text/plain"}, body) for body in bodies)) as service:
        recorder = record(service.url)
        recorded = [ask(recorder) for _ in bodies]
    client = replay()

    replayed = [ask(client) for _ in bodies]

    assert [one.content for one in recorded] == [one.content for one in replayed] == bodies
    assert {one.headers["Content-Type"] for one in replayed} == {"text/plain"}


def test_a_service_that_is_down(record: Callable[..., Caller], tape: Path) -> None:
    """Nobody listens: 502 `upstream_failed` in the words of the version; nothing is kept or counted."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    recorder = record(f"http://127.0.0.1:{port}")

    answer, old = ask(recorder), ask(recorder, ALPHA)

    assert (answer.status_code, answer.json()["name"]) == (502, "upstream_failed")
    assert f"http://127.0.0.1:{port} cannot be reached" in answer.json()["message"]
    assert old.headers["goa-error"] == "upstream_failed"
    assert exchanges(tape) == []
    assert json.loads((tape / "spending.json").read_text()) == {"spent": 0, "open": 0}


def test_a_service_that_gives_no_answer(record: Callable[..., Caller], tape: Path) -> None:
    """A connection cut, a redirect, silence: each is an error that says so, and no recording."""
    with scripted(None, (307, {"Location": "http://127.0.0.1:1/elsewhere"}, b""), 2.0) as service:
        recorder = record(service.url, UNDERSTUDY_REQUEST_SECONDS="1")
        answers = [ask(recorder) for _ in range(3)]

    told = [answer.json()["message"] for answer in answers]
    assert [answer.status_code for answer in answers] == [502, 502, 504]
    assert "the connection broke" in told[0]
    assert "it redirects elsewhere, which is not followed" in told[1]
    assert "nothing came within 1 seconds" in told[2]
    assert exchanges(tape) == []


@pytest.mark.parametrize(
    ("key", "env", "status", "name"),
    [
        ("sk-wrong-key-of-the-owner", {}, 401, "unauthorized"),
        (OWNERS, {"UNDERSTUDY_CREDITS": "0"}, 429, "insufficient_balance"),
        (OWNERS, {"UNDERSTUDY_RATE_LIMIT": "on", "UNDERSTUDY_RATE_REQUESTS": "1"}, 429, "rate_limit_exceeded"),
    ],
)
def test_refusals_of_the_owner_are_recorded(
    make_server: Callable[..., Server],
    record: Callable[..., Caller],
    replay: Callable[..., Caller],
    key: str,
    env: dict[str, str],
    status: int,
    name: str,
) -> None:
    """A wrong key, no credits, too many requests: what the service has against its owner is an answer like others."""
    service = make_server(home="service", UNDERSTUDY_API_KEY=OWNERS, **env)
    recorder = record(service.url, key=key)
    recorder.get("/v1/engines/list")
    recorded = ask(recorder)
    service.kill()

    replayed = ask(replay())

    assert (replayed.status_code, replayed.json()["name"]) == (status, name)
    assert replayed.content == recorded.content
    assert replayed.headers.get("Retry-After") == recorded.headers.get("Retry-After")


def test_paths_without_a_contract_are_not_forwarded(record: Callable[..., Caller]) -> None:
    """Only operations whose price is known reach the service, by whatever detour they are written."""
    paths = ("/v2beta/stable-image/generate/core", "/v1/other", "/v1/generation/%2e%2e/text-to-image")
    with scripted((200, {}, b"{}")) as service:
        recorder = record(service.url)
        answers = [requests.post(recorder.url + path, json={}, headers={"Authorization": KEY}) for path in paths]

    assert [answer.status_code for answer in answers] == [404, 404, 404]
    assert service.asked == []

"""The journal of a world, as a test reads it after its client has done its work."""

from __future__ import annotations

import base64
import hashlib
import json
import socket
import time
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
import requests

from tests.double.playing import PRICE, Wish
from tests.pictures import png
from tests.running import VERSIONS, Client, Server
from understudy.testing import Understudy

ENGINE = "stable-diffusion-v1-6"
PATH = f"/v1/generation/{ENGINE}/text-to-image"
WORDS = {
    "text_prompts": [{"text": "a fox"}, {"text": "snow", "weight": -0.5}],
    "steps": 10,
    "width": 320,
    "height": 320,
}


@pytest.mark.parametrize("version", VERSIONS)
def test_a_generation_is_written_down(client: Client, world: Understudy, version: str) -> None:
    """What was asked, what came back, and what it cost."""
    answer = client.post(f"/{version}/generation/{ENGINE}/text-to-image", json=WORDS | {"samples": 2})

    (entry,) = world.journal
    artifacts = answer.json()["artifacts"]
    assert (entry.number, entry.method, entry.path) == (1, "POST", f"/{version}/generation/{ENGINE}/text-to-image")
    assert (entry.operation, entry.version, entry.engine) == ("text-to-image", version, ENGINE)
    assert entry.fields == WORDS | {"samples": 2}
    assert entry.prompts == ["a fox", "snow"]
    assert (entry.status, entry.charged, entry.outcome) == (200, 2 * PRICE, None)
    assert [one["seed"] for one in entry.pictures] == [one["seed"] for one in artifacts]
    assert [one["sha256"] for one in entry.pictures] == [_sha256(base64.b64decode(one["base64"])) for one in artifacts]
    assert {(one["width"], one["height"], one["finish_reason"]) for one in entry.pictures} == {(320, 320, "SUCCESS")}
    assert "iVBORw0KGgo" not in json.dumps(entry.facts)


def test_a_png_is_written_down(client: Client, world: Understudy) -> None:
    """A picture that comes as it is has a note like one that comes in JSON."""
    answer = client.post(PATH, json=WORDS | {"seed": 9}, headers={"Accept": "image/png"})

    entry = world.journal[-1]
    assert entry.answer is None
    assert entry.answer_headers["seed"] == "9"
    assert entry.pictures == [
        {
            "sha256": _sha256(answer.content),
            "bytes": len(answer.content),
            "width": 320,
            "height": 320,
            "seed": 9,
            "finish_reason": "SUCCESS",
        }
    ]


@pytest.mark.parametrize("version", VERSIONS)
def test_uploads_are_notes(client: Client, world: Understudy, version: str) -> None:
    """Forms are read as the version has them; pictures are told by hash and size."""
    init = png(320, 320)
    words = {"text_prompts[0][text]": "a fox", "steps": "10"}
    if version == "v1alpha":
        words = {"options": json.dumps({"text_prompts": [{"text": "a fox"}], "steps": 10})}

    answer = client.post(f"/{version}/generation/{ENGINE}/image-to-image", files={"init_image": init}, data=words)

    entry = world.journal[-1]
    assert answer.status_code == 200
    assert entry.prompts == ["a fox"]
    assert (entry.fields.get("options") or entry.fields)["steps"] == 10
    assert entry.fields["init_image"]["sha256"] == _sha256(init)
    assert (entry.fields["init_image"]["width"], entry.fields["init_image"]["bytes"]) == (320, len(init))


def test_reading_is_written_down(client: Client, world: Understudy) -> None:
    """Lists, accounts and balances are requests as well, in the order in which they came."""
    for path in ("engines/list", "user/account", "user/balance"):
        client.get(f"/v1/{path}")

    assert [entry.operation for entry in world.journal] == ["list-engines", "account", "balance"]
    assert world.journal[-1].answer == {"credits": 100}


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"json": {"text_prompts": []}}, 400),
        ({"data": b"{", "headers": {"Content-Type": "application/json"}}, 400),
        ({"files": {"init_image": b"x"}}, 415),
        ({"json": WORDS, "headers": {"Organization": "org-other"}}, 403),
    ],
)
def test_refusals_are_written_down(client: Client, world: Understudy, sent: dict[str, object], status: int) -> None:
    """A request that the server refuses of itself is there with its error, free of charge."""
    answer = client.post(PATH, **sent)  # type: ignore[arg-type]

    entry = world.journal[-1]
    assert (answer.status_code, entry.status, entry.charged) == (status, status, 0)
    assert entry.answer == answer.json()


@pytest.mark.parametrize(("path", "method", "status"), [("/v1/nowhere", "GET", 404), (PATH, "GET", 405)])
def test_paths_that_do_not_exist(client: Client, world: Understudy, path: str, method: str, status: int) -> None:
    """A client that calls the wrong path finds that in the journal."""
    client.request(method, path)

    assert (world.journal[-1].path, world.journal[-1].status, world.journal[-1].operation) == (path, status, None)


def test_a_body_that_is_too_large(double: Server, world: Understudy) -> None:
    """Whether it announces its size or not, it is refused as ever and written down without its content."""
    headers = {"Authorization": world.key, "Content-Type": "application/json"}
    pieces = (b" " * 1_000_000 for _ in range(26))

    announced = requests.post(double.url + PATH, data=b" " * 26_000_000, headers=headers, timeout=30)
    in_pieces = requests.post(double.url + PATH, data=pieces, headers=headers, timeout=30)

    assert announced.status_code == in_pieces.status_code == 413
    assert announced.json()["name"] == in_pieces.json()["name"] == "content_too_large"
    assert [(entry.status, entry.fields) for entry in world.journal] == [(413, {}), (413, {})]


def test_no_key_is_written_down(double: Server, key: str, world: Understudy) -> None:
    """Wherever a client puts its key or a cookie, neither is to be found in the journal."""
    requests.post(
        f"{double.url}{PATH}?api_key={key}",
        json=WORDS | {"api_key": key, "extras": {key: [f"Bearer {key}"]}},
        headers={"Authorization": f"Bearer {key}", "Cookie": "session=secret-cookie", "X-Note": key},
        timeout=30,
    )

    written = json.dumps(world.journal[-1].facts)
    assert key not in written
    assert "secret-cookie" not in written
    assert world.journal[-1].headers["authorization"].startswith("sha256:")


def test_keys_that_are_none_open_no_world(double: Server) -> None:
    """Without a key, or with one that is not well formed, the answer is the usual 401."""
    for headers in ({}, {"Authorization": "Bearer nonsense"}, {"Authorization": "sk-"}):
        answer = requests.get(f"{double.url}/v1/user/balance", headers=headers, timeout=30)
        assert (answer.status_code, answer.json()["name"]) == (401, "unauthorized")


def test_an_answer_in_time_is_charged_and_one_too_late_is_not(double: Server, key: str, world: Understudy) -> None:
    """A client that does not wait out a latency pays nothing, and the journal has its request without an answer."""
    world.latency(600, times=1)
    with Wish(double.url, key).asked(0.3) as connection, pytest.raises(TimeoutError):
        connection.getresponse()
    with Wish(double.url, key).asked() as connection:
        assert connection.getresponse().status == 200

    late, good = world.journal
    assert (late.status, late.charged, late.latency, late.rules) == (None, 0, 600, ["rule-1"])
    assert (good.status, good.charged, good.latency) == (200, PRICE, 0)
    assert world.balance == pytest.approx(100 - PRICE)


@pytest.mark.parametrize("prompt", ["understudy:latency=0.2", "understudy:latency=0.2 understudy:server_error"])
def test_an_answer_is_held_back(double: Server, key: str, world: Understudy, prompt: str) -> None:
    """The journal says for how long a prompt held its answer back, and that it did."""
    with Wish(double.url, key, prompt=prompt).asked() as connection:
        connection.getresponse().read()

    assert world.journal[-1].latency == 0.2
    assert world.journal[-1].seconds >= 0.2


def test_a_waiting_request_is_there_already(double: Server, key: str, world: Understudy) -> None:
    """While the client waits, its request stands in the journal without an answer."""
    world.fail_next("timeout")
    with Wish(double.url, key).asked() as connection:
        _until(lambda: len(world.journal) == 1)
        assert connection.sock is not None
        assert (world.journal[0].status, world.journal[0].seconds, world.journal[0].outcome) == (None, None, "timeout")

    _until(lambda: world.journal[0].seconds is not None)
    assert world.journal[0].status is None


def test_requests_behind_one_another(double: Server, new_key: Callable[..., str]) -> None:
    """Requests of two worlds on one connection, sent without waiting, are each played in their own world."""
    first, second = Understudy(double.url, new_key("-c5")), Understudy(double.url, new_key("-c7"))
    first.fail_next("server_error", operation="balance")
    with socket.create_connection((urlsplit(double.url).hostname, urlsplit(double.url).port), 30) as wire:
        for one in (first, second, first):
            wire.sendall(f"GET /v1/user/balance HTTP/1.1\r\nHost: x\r\nAuthorization: {one.key}\r\n\r\n".encode())
        received = b""
        while received.count(b"}") < 3:
            received += wire.recv(65536)

    bodies = [json.loads(b"{" + piece.partition(b"{")[2] + b"}") for piece in received.split(b"}")[:3]]
    assert (bodies[0]["name"], bodies[1], bodies[2]) == ("server_error", {"credits": 7}, {"credits": 5})
    assert [entry.status for entry in first.journal] == [500, 200]
    assert [entry.status for entry in second.journal] == [200]


def _until(true: Callable[[], bool]) -> None:
    """Wait for what is bound to happen."""
    for _ in range(3000):
        if true():
            return
        time.sleep(0.01)
    raise AssertionError("it did not happen")


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()

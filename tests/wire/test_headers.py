"""Keys, negotiation, continuation, connections and CORS: what the headers of clients do."""

from __future__ import annotations

import json

import pytest

from tests.running import KEY, Client, Server
from tests.wire.asking import SMALL, SMALL_SIZE, every_version, path, text_to_image, words
from tests.wire.raw import Connection, chunked, exchange, request
from tests.wire.refusing import assert_error

AUTH = f"Authorization: {KEY}"
JSON = "Content-Type: application/json"
BODY = json.dumps(words(**SMALL_SIZE)).encode()
ORIGIN = {"Origin": "https://app.example"}


@every_version
@pytest.mark.parametrize("prefix", ["", "Bearer ", "bearer ", "BEARER ", "bEaReR   "])
def test_key_bare_or_with_bearer_in_any_case(server: Server, version: str, prefix: str) -> None:
    """Every way clients send the key is taken."""
    with Client(server.url, key=None) as client:
        answer = client.get(f"/{version}/user/account", headers={"Authorization": prefix + KEY})

    assert answer.status_code == 200


@every_version
@pytest.mark.parametrize(
    "accept",
    [
        None,
        "",
        "*/*",
        "application/json",
        "application/*",
        "APPLICATION/JSON; charset=utf-8",
        "application/json, text/plain, */*",
        "application/vnd.goa.error",
        "text/html",
        "image/jpeg",
        "image/webp, text/plain",
        "application/json, image/png",
        "nonsense",
        ";;,,=",
    ],
)
def test_accept_that_means_json(client: Client, version: str, accept: str | None) -> None:
    """Absent, wild, unknown or broken: JSON, never 406."""
    answer = text_to_image(client, version, SMALL, **SMALL_SIZE, headers={"Accept": accept})

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"


@every_version
@pytest.mark.parametrize(
    "accept",
    ["image/png", "IMAGE/PNG", "image/png; q=0.9", " image/png ", "image/png;charset=x", "image/png, */*; q=0.8"],
)
def test_accept_that_means_png(client: Client, version: str, accept: str) -> None:
    """``image/png``, in any case and with parameters: PNG."""
    answer = text_to_image(client, version, SMALL, **SMALL_SIZE, headers={"Accept": accept.strip()})

    assert answer.headers["content-type"] == "image/png"


@every_version
@pytest.mark.parametrize(
    ("first", "second", "media"),
    [
        ("application/json", "application/json", "application/json"),
        ("application/json", "application/vnd.goa.error", "application/json"),
        ("*/*", "application/json", "application/json"),
        ("image/png", "image/png", "image/png"),
    ],
)
def test_doubled_accept(server: Server, version: str, first: str, second: str, media: str) -> None:
    """Two headers are one list, and no error."""
    data = request("POST", path(version, engine=SMALL), AUTH, JSON, f"Accept: {first}", f"Accept: {second}", body=BODY)
    answer = exchange(server.url, data)

    assert (answer.status, answer.headers["content-type"]) == (200, media)


@every_version
@pytest.mark.parametrize("media", ["application/json; charset=utf-8", "Application/JSON", "application/json;", None])
def test_parameters_of_the_media_type_are_ignored(client: Client, version: str, media: str | None) -> None:
    """``; charset=utf-8`` changes nothing, nor does a missing type."""
    answer = client.post(path(version, engine=SMALL), data=BODY, headers={"Content-Type": media} if media else {})

    assert answer.status_code == 200


@every_version
def test_get_may_carry_a_content_type(client: Client, version: str) -> None:
    """Clients set ``Content-Type: application/json`` on every request."""
    for rest in ("engines/list", "user/account", "user/balance"):
        answer = client.get(f"/{version}/{rest}", headers={"Content-Type": "application/json"})
        assert answer.status_code == 200


@every_version
def test_client_headers_are_taken(client: Client, version: str) -> None:
    """``Stability-Client-ID`` and ``Stability-Client-Version`` are optional and change nothing."""
    plain = text_to_image(client, version, SMALL, **SMALL_SIZE)
    named = text_to_image(
        client,
        version,
        SMALL,
        **SMALL_SIZE,
        headers={"Stability-Client-ID": "my-plugin", "Stability-Client-Version": "1.2.1"},
    )

    assert named.content == plain.content


@every_version
def test_expect_is_answered_before_the_body_is_sent(server: Server, version: str) -> None:
    """``100 Continue`` comes while the client still holds its body back."""
    head = request(
        "POST",
        path(version, engine=SMALL),
        AUTH,
        JSON,
        "Expect: 100-continue",
        f"Content-Length: {len(BODY)}",
        length=False,
    )
    with Connection(server.url) as connection:
        connection.send(head)
        assert connection.line() == b"HTTP/1.1 100 Continue"
        assert connection.line() == b""

        connection.send(BODY)
        assert connection.answer().status == 200


@every_version
def test_expect_with_a_wrong_key_is_refused_at_once(server: Server, version: str) -> None:
    """A client that asks first learns of its mistake before it sends anything."""
    head = request(
        "POST", path(version, engine=SMALL), JSON, "Expect: 100-continue", "Content-Length: 1000000", length=False
    )

    assert_error(exchange(server.url, head), version, 401, "unauthorized")


@every_version
def test_connection_survives_errors(server: Server, version: str) -> None:
    """After 400, 401, 404, 405 and 415 the same connection goes on, unread bodies included."""
    errors = [
        (400, request("POST", path(version, engine=SMALL), AUTH, JSON, body=b"{")),
        (401, request("POST", path(version, engine=SMALL), JSON, body=b"x" * 200_000)),
        (404, request("GET", f"/{version}/nothing")),
        (404, request("POST", f"/{version}/nothing", body=b"x" * 200_000)),
        (405, request("DELETE", f"/{version}/engines/list", AUTH)),
        (
            415,
            request(
                "POST", path(version, engine=SMALL), AUTH, "Content-Type: multipart/form-data", body=b"x" * 200_000
            ),
        ),
    ]
    with Connection(server.url) as connection:
        for status, data in errors:
            connection.send(data)
            assert connection.answer().status == status
        connection.send(request("GET", f"/{version}/engines/list", AUTH))
        assert connection.answer().status == 200


@every_version
def test_pipelined_requests_are_answered_in_order(server: Server, version: str) -> None:
    """Three requests in one packet, an error among them: three answers in their order."""
    drawing = request("POST", path(version, engine=SMALL), AUTH, JSON, "Accept: image/png", body=BODY)
    wrong = request("POST", path(version, engine=SMALL), AUTH, JSON, body=b"{")
    with Connection(server.url) as connection:
        connection.send(drawing + wrong + request("GET", f"/{version}/user/balance", AUTH))
        answers = [connection.answer() for _ in range(3)]

    assert [answer.status for answer in answers] == [200, 400, 200]
    assert answers[0].body.startswith(b"\x89PNG")
    assert b"credits" in answers[2].body


@every_version
def test_close_is_honoured(server: Server, version: str) -> None:
    """``Connection: close`` ends the connection after the answer."""
    with Connection(server.url) as connection:
        connection.send(request("GET", f"/{version}/user/account", AUTH, "Connection: close"))
        assert connection.answer().status == 200
        assert connection.ended()


@every_version
def test_body_in_chunks_without_a_length(server: Server, version: str) -> None:
    """Clients that stream send no ``Content-Length``."""
    head = request("POST", path(version, engine=SMALL), AUTH, JSON, "Transfer-Encoding: chunked", length=False)

    assert exchange(server.url, head + chunked(BODY, 7)).status == 200


@every_version
def test_offer_of_http2_is_passed_over(server: Server, version: str) -> None:
    """Java's client offers HTTP/2 with every request, also with those that have a body."""
    offer = ("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAEAAEAAAAIAAAAB")
    with Connection(server.url) as connection:
        for _ in range(2):
            connection.send(request("POST", path(version, engine=SMALL), AUTH, JSON, *offer, body=BODY))
            assert connection.answer().status == 200
            connection.send(request("GET", f"/{version}/user/balance", AUTH, *offer))
            assert connection.answer().status == 200


@every_version
def test_head_of_a_document(server: Server, version: str) -> None:
    """Monitors ask for the document with HEAD."""
    with Connection(server.url) as connection:
        connection.send(request("HEAD", f"/{version}/openapi.json", AUTH, "Connection: close"))
        assert connection.line() == b"HTTP/1.1 200 OK"


@every_version
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH"])
def test_preflight_is_answered(client: Client, version: str, method: str) -> None:
    """Browsers ask before they send a key; they may use every method and header they name."""
    asked = {"Access-Control-Request-Method": method, "Access-Control-Request-Headers": "authorization,content-type"}
    answer = client.options(path(version, engine=SMALL), headers={**ORIGIN, **asked})

    assert answer.status_code in {200, 204}
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN["Origin"]
    assert "POST" in answer.headers["Access-Control-Allow-Methods"]
    assert answer.headers["Access-Control-Allow-Headers"] == "authorization,content-type"
    assert "Origin" in answer.headers["Vary"]


@every_version
def test_options_without_an_origin_is_answered(client: Client, version: str) -> None:
    """Plain OPTIONS needs no key and names the methods."""
    client.headers.pop("Authorization")
    answer = client.options(path(version, engine=SMALL))

    assert answer.status_code == 204
    assert "POST" in answer.headers["Allow"]
    assert answer.content == b""


@every_version
def test_browsers_may_read_seed_and_finish_reason(client: Client, version: str) -> None:
    """Both headers are exposed, and the answer varies by origin."""
    answer = text_to_image(client, version, SMALL, **SMALL_SIZE, headers={**ORIGIN, "Accept": "image/png"})

    exposed = answer.headers["Access-Control-Expose-Headers"].lower().split(", ")
    assert {"finish-reason", "seed"} <= set(exposed)
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN["Origin"]
    assert answer.headers["Vary"] == "Origin"


@every_version
@pytest.mark.parametrize("rest", ["nothing", "user/account"])
def test_browsers_may_read_errors(server: Server, version: str, rest: str) -> None:
    """Errors carry the CORS headers too."""
    with Client(server.url, key=None) as client:
        answer = client.get(f"/{version}/{rest}", headers=ORIGIN)

    assert answer.status_code in {401, 404}
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN["Origin"]

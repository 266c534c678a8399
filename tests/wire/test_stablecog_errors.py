"""Stablecog: everything that is refused, and what it costs: nothing."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
import requests

from tests.running import KEY, Client, Server, understudy
from tests.wire.asking import credits_of as balance
from tests.wire.asking import text_to_image
from tests.wire.raw import FORM_TYPE, Connection, exchange, form, part, request
from tests.wire.stablecog_asking import (
    BASE,
    CREATE,
    OLDER,
    ask,
    assert_error,
    credits_of,
    listed,
    outputs,
    words,
)

AUTH = f"Authorization: Bearer {KEY}"
JSON = "Content-Type: application/json"
TRIPS = "a nude figure in charcoal"
LARGE = {"width": 1024, "height": 1024, "inference_steps": 19, "num_outputs": 4}

both_paths = pytest.mark.parametrize("path", [CREATE, OLDER])
keyed = pytest.mark.parametrize(
    ("method", "path"), [("POST", CREATE), ("POST", OLDER), ("GET", f"{BASE}/outputs"), ("GET", "/v1/credits")]
)


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_a_picture_costs_one_credit(client: Client, count: int) -> None:
    """Whatever its size and steps; the answer tells what is left."""
    for wanted in ({}, {"width": 1024, "height": 1016, "inference_steps": 19}):
        before = credits_of(client)

        answer = ask(client, num_outputs=count, **wanted)

        assert len(outputs(answer)) == count
        assert before - credits_of(client) == count
        assert Decimal(str(answer.json()["remaining_credits"])) == credits_of(client)


def test_credits(client: Client) -> None:
    """The sum, and the one kind of credits with what is left of it."""
    told = client.get("/v1/credits").json()

    (entry,) = told["credits"]
    assert list(told) == ["total_remaining_credits", "credits"]
    assert list(entry) == ["id", "remaining_amount", "expires_at", "type"]
    assert list(entry["type"]) == ["id", "name", "amount", "description"]
    assert told["total_remaining_credits"] == entry["remaining_amount"] == entry["type"]["amount"]
    assert entry["expires_at"] == "2100-01-01T05:00:00Z"
    assert client.get("/v1/credits").json()["credits"][0]["id"] == entry["id"]


def test_credits_are_those_of_the_whole_server(client: Client) -> None:
    """What is spent elsewhere is gone here, to the fraction."""
    before = credits_of(client)

    text_to_image(client, "v1")

    assert before - credits_of(client) == Decimal("0.9")
    assert credits_of(client) == balance(client)


def test_whole_credits_have_no_point(start: Callable[..., Server]) -> None:
    """``1392``, not ``1392.0``; a fraction is told as it is."""
    for granted, told in (("1392", b"1392"), ("0", b"0"), ("7.25", b"7.25")):
        with Client(start(UNDERSTUDY_CREDITS=granted).url) as own:
            assert own.get("/v1/credits").content.startswith(b'{"total_remaining_credits":%b,' % told)


def test_too_few_credits(penniless: Client) -> None:
    """400 with the code of the service, and both numbers for people."""
    text = "2 credits are needed, 0 are left."
    assert_error(ask(penniless, num_outputs=2), 400, "insufficient_credits", text)


def test_credits_for_some_of_the_pictures_are_too_few(start: Callable[..., Server]) -> None:
    """All or none; with three credits three pictures can be had."""
    with Client(start(UNDERSTUDY_CREDITS="3.5").url) as own:
        text = "4 credits are needed, 3.5 are left."
        assert_error(ask(own, num_outputs=4), 400, "insufficient_credits", text)
        assert credits_of(own) == Decimal("3.5")

        answer = ask(own, num_outputs=3)

        assert answer.json()["remaining_credits"] == 0.5
        assert credits_of(own) == Decimal("0.5")


def test_a_wrong_request_is_refused_before_its_price(penniless: Client) -> None:
    """Who has nothing still learns what is wrong."""
    assert_error(ask(penniless, width=260), 400, "invalid_width")


@keyed
def test_no_key(client: Client, method: str, path: str) -> None:
    """401 in the service's words."""
    answer = client.request(method, path, json=words(), headers={"Authorization": None})

    assert_error(answer, 401, "Unauthorized", "Send your API key: Authorization: Bearer <key>.")


@keyed
@pytest.mark.parametrize("header", [f"Bearer sk-{'x' * 48}", "Bearer nonsense", "nonsense", f"Bearer {'x' * 600}"])
def test_unknown_key(client: Client, method: str, path: str, header: str) -> None:
    """401 in the service's words."""
    answer = client.request(method, path, json=words(), headers={"Authorization": header})

    assert_error(answer, 401, "Unauthorized", "The API key is not one of this server's.")


@pytest.mark.parametrize("header", [f"Bearer {KEY}", f"bearer {KEY}", KEY])
def test_the_key_may_stand_alone(client: Client, header: str) -> None:
    """After ``Bearer``, in any case, or bare."""
    assert client.get("/v1/credits", headers={"Authorization": header}).status_code == 200


def test_key_before_body(client: Client) -> None:
    """A bad key with a bad body is a bad key."""
    answer = client.post(CREATE, data=b"{", headers={"Authorization": "Bearer nonsense"})

    assert_error(answer, 401, "Unauthorized")


@both_paths
@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"", "The body is not valid JSON."),
        (b"{", "The body is not valid JSON."),
        (b'{"prompt": NaN}', "The body is not valid JSON."),
        (b"prompt=a+fox", "The body is not valid JSON."),
        (b'{"prompt": "\xff"}', "The body is not valid UTF-8."),
        (b"[" * 100_000, "The body is more than 10000 values."),
    ],
)
def test_broken_bodies(client: Client, path: str, body: bytes, text: str) -> None:
    """400 with the code that the service has for them."""
    assert_error(
        client.post(path, data=body, headers={"Content-Type": "application/json"}), 400, "json_parse_error", text
    )


@pytest.mark.parametrize("body", ["[]", '"a fox"', "7", "null", "true"])
def test_a_body_that_is_no_object(client: Client, body: str) -> None:
    """It is JSON, and still refused."""
    answer = client.post(CREATE, data=body, headers={"Content-Type": "application/json"})

    assert_error(answer, 400, "invalid_body", "body must be an object.")


@pytest.mark.parametrize("media", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_json_by_another_name_is_read(client: Client, media: str) -> None:
    """Whatever a client calls it."""
    answer = client.post(CREATE, data=json.dumps(words()), headers={"Content-Type": media})

    assert answer.status_code == 200


@both_paths
def test_a_form(server: Server, path: str) -> None:
    """415 that says which would do and which came."""
    answer = exchange(server.url, request("POST", path, AUTH, f"Content-Type: {FORM_TYPE}", body=form(part("a", "b"))))

    text = "Send application/json, not multipart/form-data."
    assert_error(answer, 415, "unsupported_media_type", text)


@pytest.mark.parametrize(
    "path",
    [
        "/v1/image",
        "/v1/image/",
        "/v1/image/generation",
        f"{BASE}/nothing",
        f"{CREATE}/",
        f"{BASE}/models/x",
        "/v1/image/upscale/create",
        "/v1/credits/",
        "/v1/credits/x",
    ],
)
def test_unknown_paths(client: Client, path: str) -> None:
    """404 in the service's words, also where the service has more than we have."""
    assert_error(client.get(path), 404, "not_found", "There is nothing at this path.")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", CREATE, "POST"),
        ("GET", OLDER, "POST"),
        ("POST", f"{BASE}/models", "GET, HEAD"),
        ("POST", f"{BASE}/defaults", "GET, HEAD"),
        ("DELETE", f"{BASE}/outputs", "GET, HEAD"),
        ("PUT", f"{BASE}/files/x.png", "GET, HEAD"),
        ("PATCH", "/v1/credits", "GET, HEAD"),
    ],
)
def test_unknown_methods(client: Client, method: str, path: str, allowed: str) -> None:
    """405 with the methods that would do."""
    answer = client.request(method, path)

    assert_error(answer, 405, "method_not_allowed", f"Use {allowed}.")
    assert answer.headers["Allow"] == allowed


def test_broken_http(server: Server) -> None:
    """Below the service's paths also what is no HTTP is refused in its words."""
    answer = exchange(server.url, f"BREW {CREATE} HTTP/1.1\r\nHost: a\r\n\r\n".encode())

    assert_error(answer, 400, "bad_request", "The request could not be understood.")


@pytest.fixture(scope="module")
def small(start: Callable[..., Server]) -> Server:
    """A server that reads little and does not wait for it."""
    return start(
        UNDERSTUDY_MAX_BODY="1024",
        UNDERSTUDY_MAX_HEADER="1024",
        UNDERSTUDY_HEADER_SECONDS="0.05",
        UNDERSTUDY_BODY_SECONDS="0.05",
    )


@both_paths
def test_a_large_body(small: Server, path: str) -> None:
    """413, whether it is announced or simply sent."""
    body = json.dumps(words(prompt="a" * 1000)).encode()

    announced = exchange(small.url, request("POST", path, AUTH, JSON, body=body))

    assert_error(announced, 413, "content_too_large", "The body has more than 1024 bytes.")


def test_large_headers(small: Server) -> None:
    """431."""
    answer = exchange(small.url, request("GET", "/v1/credits", AUTH, f"X-Long: {'x' * 1100}"))

    assert_error(answer, 431, "headers_too_large", "The headers have more than 1024 bytes.")


def test_slow_senders(small: Server) -> None:
    """408 for headers and for bodies."""
    head = request("POST", CREATE, AUTH, JSON, "Content-Length: 9", length=False)

    header = exchange(small.url, f"GET {BASE}/models HTTP/1.1\r\nHost: a\r\n".encode())
    body = exchange(small.url, head + b"{")

    assert_error(header, 408, "request_timeout", "The headers were not received within 0.05 seconds.")
    assert_error(body, 408, "request_timeout", "The body was not received within 0.05 seconds.")


def test_rate_limit(start: Callable[..., Server]) -> None:
    """429 with ``Retry-After``, whatever needs the key; what needs none is still answered."""
    server = start("--rate-limit", UNDERSTUDY_RATE_REQUESTS="3", UNDERSTUDY_RATE_WINDOW="3600")
    key = str(json.loads(understudy("keys", "create", "--json", home=server.home).stdout)["secret"])
    with Client(server.url, key) as own:
        assert [own.get("/v1/credits").status_code for _ in range(3)] == [200] * 3

        for answer in (ask(own), own.get("/v1/credits"), own.get(f"{BASE}/outputs")):
            seconds = int(answer.headers["Retry-After"])
            assert_error(answer, 429, "too_many_requests", f"Too many requests. Try again in {seconds} seconds.")
        assert own.get(f"{BASE}/models").status_code == 200


@pytest.fixture(scope="module")
def narrow(start: Callable[..., Server]) -> Iterator[Client]:
    """A client of a server with one place and no queue."""
    with Client(start(UNDERSTUDY_GENERATIONS="1", UNDERSTUDY_QUEUE="0").url) as own:
        yield own


def test_full_queue(narrow: Client) -> None:
    """Of six at once some get 429 with ``Retry-After`` and pay nothing; the others get their pictures."""
    before, pictures = credits_of(narrow), listed(narrow)["total_count"]
    with ThreadPoolExecutor(6) as together:
        asked = [together.submit(_ask_alone, narrow.url) for _ in range(6)]
        answers = [one.result() for one in asked]

    refused = [answer for answer in answers if answer.status_code == 429]
    assert 0 < len(refused) < 6
    for answer in refused:
        text = f"The queue is full. Try again in {answer.headers['Retry-After']} seconds."
        assert_error(answer, 429, "queue_limit_reached", text)
    drawn = 4 * (6 - len(refused))
    assert before - credits_of(narrow) == drawn
    assert listed(narrow)["total_count"] - pictures == drawn


def _ask_alone(url: str) -> requests.Response:
    with Client(url) as client:
        return ask(client, **LARGE)


def test_a_client_that_hangs_up_pays_nothing(narrow: Client) -> None:
    """Whoever leaves while pictures are drawn gets the credits back, and the pictures are not listed."""
    before, pictures = credits_of(narrow), listed(narrow)["total_count"]
    body = json.dumps(words(**LARGE, prompt="a picture that nobody has asked for yet")).encode()
    with Connection(narrow.url) as hasty:
        hasty.send(request("POST", CREATE, AUTH, JSON, body=body))
        assert _becomes(narrow, before - 4)

    assert _becomes(narrow, before)
    assert listed(narrow)["total_count"] == pictures


def _becomes(client: Client, credits: Decimal) -> bool:
    """Whether so many credits are left, sooner or later."""
    for _ in range(500):
        if credits_of(client) == credits:
            return True
        time.sleep(0.005)
    return False


def test_pictures_that_take_too_long(start: Callable[..., Server]) -> None:
    """500 with the code of the service; nothing is charged and nothing listed."""
    with Client(start(UNDERSTUDY_REQUEST_SECONDS="0.01").url) as own:
        before = credits_of(own)

        answer = ask(own, **LARGE)

        assert_error(answer, 500, "TIMEOUT", "The pictures were not finished within 0.01 seconds.")
        assert credits_of(own) == before
        assert listed(own)["total_count"] == 0


def test_a_folder_of_pictures_that_cannot_be_used(start: Callable[..., Server]) -> None:
    """500 that tells nothing; nothing is charged."""
    server = start()
    with Client(server.url) as own:
        before = credits_of(own)
        (server.home / "pictures").write_bytes(b"in the way")

        answer = ask(own)

        assert_error(answer, 500, "unknown_error", "Something went wrong on the server; try again.")
        assert str(server.home) not in answer.text
        assert credits_of(own) == before


@pytest.mark.parametrize("field", ["prompt", "negative_prompt"])
def test_a_prompt_that_is_refused(
    start: Callable[..., Server], tmp_path_factory: pytest.TempPathFactory, field: str
) -> None:
    """400 with the code of the service, also for a negative prompt; nothing is charged."""
    listing = tmp_path_factory.mktemp("words") / "prompt.txt"
    listing.write_text("forbidden\n")
    with Client(start(UNDERSTUDY_PROMPT_WORDS=str(listing)).url) as own:
        before = credits_of(own)

        answer = ask(own, **{field: "a forbidden city"})

        assert_error(answer, 400, "nsfw_prompt", "The prompt holds a word that is filtered.")
        assert credits_of(own) == before


def test_pictures_that_are_all_filtered(client: Client) -> None:
    """400 with the code of the service; nothing is charged, nothing listed."""
    before = credits_of(client)

    answer = ask(client, prompt=TRIPS, num_outputs=3)

    assert_error(answer, 400, "NSFW", "Every picture was filtered.")
    assert credits_of(client) == before

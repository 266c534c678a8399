"""Serevix: every error in the gateway's shape, by status, code and text."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from app.dialects.serevix.wording import word
from app.errors import Ignored, NotAMember
from engines.errors import StepsOutOfRange
from tests.pictures import png
from tests.running import KEY, Client, Server
from tests.wire.asking import credits_of
from tests.wire.raw import FORM_TYPE, Answer, exchange, form, part, request
from tests.wire.serevix_asking import PATH, ask, assert_error, redraw

AUTH = f"Authorization: Bearer {KEY}"
TYPE = f"Content-Type: {FORM_TYPE}"
WORDS = (part("model", "sd3-medium"), part("prompt", "a fox"))


def posted(server: Server, body: bytes, *headers: str) -> Answer:
    """A body as it is, with the right key."""
    return exchange(server.url, request("POST", PATH, AUTH, *headers, body=body))


def test_no_key(server: Server) -> None:
    """401 that says how to send one."""
    with Client(server.url, key=None) as client:
        answer = ask(client)

    text = "No API key was sent. Use the header Authorization: Bearer YOUR_API_KEY."
    assert_error(answer, 401, "missing_api_key", text, kind="authentication_error")


@pytest.mark.parametrize("key", ["sk-" + "x" * 48, "Basic dXNlcjpwYXNz", "x" * 4000])
def test_wrong_key(server: Server, key: str) -> None:
    """401, whatever the key looks like, and whatever else is wrong with the request."""
    with Client(server.url, key=None) as client:
        answer = ask(client, prompt=..., headers={"Authorization": key, "Accept": "text/html"})

    assert_error(answer, 401, "invalid_api_key", "The API key is not valid.", kind="authentication_error")


@pytest.mark.parametrize("mode", ["text-to-image", "image-to-image"])
def test_unknown_model(client: Client, mode: str) -> None:
    """404 that names the model, before any picture is looked at."""
    answer = ask(client, model="sd9-huge") if mode == "text-to-image" else redraw(client, b"x", model="sd9-huge")

    assert_error(answer, 404, "model_not_found", "The model sd9-huge does not exist.", "model")


@pytest.mark.parametrize("model", ["esrgan-v1-x2plus", "stable-diffusion-x4-latent-upscaler"])
@pytest.mark.parametrize("mode", ["text-to-image", "image-to-image"])
def test_an_upscaler_does_not_draw(client: Client, model: str, mode: str) -> None:
    """400: the engine exists, but not for this."""
    answer = ask(client, model=model) if mode == "text-to-image" else redraw(client, png(), model=model)

    assert_error(answer, 400, "unsupported_mode", f"The model {model} does not support {mode}.", "mode")


@pytest.mark.parametrize("field", ["prompt", "negative_prompt"])
def test_refused_prompt(client: Client, field: str) -> None:
    """400; negative prompts are read too."""
    text = "Your request was refused by the content filter."
    answer = ask(client, **{field: "A Snuff-Film!"})

    assert_error(answer, 400, "content_policy_violation", text, "prompt")


@pytest.mark.parametrize("rest", ["", "/", "/nothing", "/generations/", "/generations/7"])
def test_unknown_path(client: Client, rest: str) -> None:
    """404 in the gateway's shape for whatever lies under its paths."""
    answer = client.post(f"/v1/images{rest}")

    assert_error(answer, 404, "not_found", "There is nothing at this path.")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
def test_unknown_method(client: Client, method: str) -> None:
    """405 with the method that would do."""
    answer = client.request(method, PATH)

    assert_error(answer, 405, "method_not_allowed", "Use POST here.")
    assert answer.headers["Allow"] == "POST"


def test_json_where_a_form_is_wanted(client: Client) -> None:
    """415 that says which would do and which came."""
    answer = client.post(PATH, json={"model": "sd3-large", "prompt": "a fox"})

    text = "Content-Type must be multipart/form-data, but we received application/json"
    assert_error(answer, 415, "unsupported_media_type", text)


def test_a_form_of_another_kind(client: Client) -> None:
    """415 as well for what HTML forms send by default."""
    answer = client.post(PATH, data={"model": "sd3-large", "prompt": "a fox"})

    assert_error(answer, 415, "unsupported_media_type")


@pytest.mark.parametrize(
    ("media", "body"),
    [
        ("multipart/form-data", form(*WORDS)),
        ("multipart/form-data; boundary=other", form(*WORDS)),
        (FORM_TYPE, b""),
        (FORM_TYPE, b"no form at all"),
        (FORM_TYPE, form(*WORDS)[:-20]),
        (FORM_TYPE, form(b"------wire0boundary\r\nbroken header\r\n\r\nx\r\n")),
    ],
)
def test_broken_form(server: Server, media: str, body: bytes) -> None:
    """400 for a form that is cut off, has no boundary or no parts."""
    answer = posted(server, body, f"Content-Type: {media}")

    assert_error(answer, 400, "invalid_body")


def test_a_form_without_fields(server: Server) -> None:
    """400 that names the first field that is missing."""
    answer = posted(server, form(part("x", "y")), TYPE)

    assert_error(answer, 400, "missing_parameter", "model: is required", "model")


def test_no_content_type(server: Server) -> None:
    """400: without it nobody knows where a part ends."""
    assert_error(posted(server, form(*WORDS)), 400, "invalid_body")


def test_a_text_that_is_not_utf8(server: Server) -> None:
    """400 that names the field."""
    answer = posted(server, form(part("model", "sd3-medium"), part("prompt", b"\xff")), TYPE)

    assert_error(answer, 400, "invalid_parameter", "prompt: is not valid UTF-8", "prompt")


def test_too_many_parts(client: Client) -> None:
    """400 for a form of hundreds of parts."""
    answer = client.post(PATH, files=[(f"f{index}", (None, "")) for index in range(300)])

    assert_error(answer, 400, "invalid_body", "body: more than 256 parts")


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
    answer = posted(small, form(*WORDS, part("x", "y" * 5000)), TYPE)

    assert_error(answer, 413, "content_too_large", "The request body is too large (at most 2000 bytes).")


def test_body_that_is_too_slow(small: Server) -> None:
    """408 in the gateway's shape."""
    head = request("POST", PATH, AUTH, TYPE, "Content-Length: 9", length=False)

    text = "The request body was not received within 0.05 seconds."
    assert_error(exchange(small.url, head + b"-"), 408, "request_timeout", text)


def test_header_that_is_too_slow(small: Server) -> None:
    """408 as well."""
    answer = exchange(small.url, f"POST {PATH} HTTP/1.1\r\nHost: a\r\n".encode())

    assert_error(answer, 408, "request_timeout")


def test_header_that_is_too_long(small: Server) -> None:
    """431 with the limit."""
    answer = exchange(small.url, request("POST", PATH, AUTH, "X-Long: " + "x" * 3000))

    assert_error(answer, 431, "headers_too_large", "The request headers are too large (at most 2048 bytes).")


def test_bytes_that_are_no_http(server: Server) -> None:
    """400 in the gateway's shape, since its path can be made out."""
    answer = exchange(server.url, f"POST {PATH} HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n".encode())

    assert_error(answer, 400, "bad_request", "The request could not be understood.")


def test_rate_limit(start: Callable[..., Server]) -> None:
    """429 with `Retry-After`, and the same seconds in the text."""
    server = start("--rate-limit", UNDERSTUDY_RATE_REQUESTS="2", UNDERSTUDY_RATE_LOCKOUT="3000")
    with Client(server.url) as client:
        answers = [ask(client, prompt=...) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [400, 400, 429]
    seconds = int(answers[2].headers["Retry-After"])
    assert 0 < seconds <= 3000
    text = f"Too many requests. Try again in {seconds} seconds."
    assert_error(answers[2], 429, "rate_limit_exceeded", text, kind="rate_limit_error")


def test_full_queue(start: Callable[..., Server]) -> None:
    """Of six at once some get 429 with `Retry-After` and pay nothing; the others get their pictures."""
    server = start(UNDERSTUDY_GENERATIONS="1", UNDERSTUDY_QUEUE="0")
    with ThreadPoolExecutor(6) as together, Client(server.url) as client:
        before = credits_of(client)
        answers = list(together.map(lambda _: _ask_alone(server), range(6)))
        spent = before - credits_of(client)

    refused = [answer for answer in answers if answer.status_code == 429]
    assert 0 < len(refused) < 6
    assert spent == 3 * (6 - len(refused))
    for answer in refused:
        text = f"All models are busy. Try again in {answer.headers['Retry-After']} seconds."
        assert_error(answer, 429, "server_busy", text, kind="rate_limit_error")


def _ask_alone(server: Server) -> requests.Response:
    with Client(server.url) as client:
        return ask(client, model="sd-core")


def test_a_picture_that_takes_too_long(start: Callable[..., Server]) -> None:
    """500 that tells nothing, and the credits come back."""
    with Client(start(UNDERSTUDY_REQUEST_SECONDS="0.01").url) as client:
        before = credits_of(client)
        answer = ask(client)

        text = "The picture could not be made. Nothing was charged."
        assert_error(answer, 500, "server_error", text, kind="server_error")
        assert credits_of(client) == before


def test_errors_that_only_test_mode_plays() -> None:
    """A foreign organization, an ignored field and a number of steps have words here too."""
    member, ignored, steps = (
        word(NotAMember()),
        word(Ignored("body", "n", "is not known")),
        word(StepsOutOfRange(1, 2, 3)),
    )

    assert (member.status, member.code, member.type) == (403, "permission_denied", "permission_error")
    assert (ignored.status, ignored.code, ignored.param) == (400, "invalid_parameter", "n")
    assert (steps.status, steps.code) == (400, "invalid_parameter")

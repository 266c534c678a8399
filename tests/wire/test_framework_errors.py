"""Errors that no operation describes: paths, methods, media types, broken bodies, broken HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.pictures import png
from tests.running import KEY, Client, Server
from tests.wire.asking import SMALL, SMALL_SIZE, every_version, path
from tests.wire.raw import FORM_TYPE, exchange, form, part, request
from tests.wire.refusing import assert_error

AUTH = f"Authorization: {KEY}"
JSON = "Content-Type: application/json"


@every_version
@pytest.mark.parametrize(
    "rest",
    [
        "",
        "/",
        "/nothing",
        "/engines",
        "/engines/list/",
        "//engines/list",
        "/generation/x/text-to-image/y",
        "/ui/none.js",
    ],
)
def test_unknown_path(client: Client, version: str, rest: str) -> None:
    """404 in the shape of the version; a slash too many is another path."""
    assert_error(client.get(f"/{version}{rest}"), version, 404, "not_found")


@pytest.mark.parametrize("path", ["/nothing", "/v2/engines/list", "/v1betax", "/V1/engines/list", "/favicon.ico"])
def test_unknown_path_of_no_version(client: Client, path: str) -> None:
    """Outside the versions errors have the shape of v1."""
    assert_error(client.get(path), "v1", 404, "not_found")


@pytest.mark.parametrize("version", ["v1beta", "v1alpha"])
def test_older_versions_do_not_upscale(client: Client, version: str) -> None:
    """Upscaling came with v1."""
    answer = client.post(path(version, "image-to-image/upscale", "esrgan-v1-x2plus"), files={"image": png(64, 64)})

    assert_error(answer, version, 404, "not_found")


@every_version
@pytest.mark.parametrize(
    ("method", "rest", "allowed"),
    [
        ("POST", "/engines/list", "GET"),
        ("DELETE", "/user/balance", "GET"),
        ("GET", "/generation/stable-diffusion-v1-6/text-to-image", "POST"),
        ("PUT", "/generation/stable-diffusion-v1-6/image-to-image/masking", "POST"),
        ("POST", "/openapi.json", "GET"),
        ("PATCH", "/ui/", "GET"),
        ("BREW", "/user/account", "GET"),
    ],
)
def test_unknown_method(server: Server, version: str, method: str, rest: str, allowed: str) -> None:
    """405 in the shape of the version, with the methods that would do; what is no method at all is no HTTP."""
    answer = exchange(server.url, request(method, f"/{version}{rest}", AUTH))

    if method == "BREW":
        assert_error(answer, version, 400, "bad_request")
    else:
        assert_error(answer, version, 405, "method_not_allowed")
        assert allowed in answer.headers["allow"].split(", ")


@every_version
def test_form_where_json_is_wanted(client: Client, version: str) -> None:
    """415 that says which would do and which came."""
    answer = client.post(path(version), files={"init_image": b"x"})

    text = "Content-Type must be application/json, but we received multipart/form-data"
    assert_error(answer, version, 415, "unsupported_media_type", text)


@every_version
@pytest.mark.parametrize(
    "media",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "image/png",
        "application/vnd.stability.client+json",
        "nonsense",
    ],
)
def test_json_by_another_name_is_read(client: Client, version: str, media: str) -> None:
    """JSON is JSON whatever a client calls it: `curl -d` calls it a form, one script a picture."""
    body = json.dumps({"text_prompts": [{"text": "a fox"}], "steps": 10, **SMALL_SIZE})

    good = client.post(path(version, engine=SMALL), data=body, headers={"Content-Type": media})
    bad = client.post(path(version, engine=SMALL), data=b"steps=10", headers={"Content-Type": media})

    assert good.status_code == 200
    assert_error(bad, version, 400, "bad_request", "body: not valid JSON")


@every_version
def test_json_where_a_form_is_wanted(client: Client, version: str) -> None:
    """415 the other way round."""
    answer = client.post(path(version, "image-to-image"), json={})

    assert_error(answer, version, 415, "unsupported_media_type")


@every_version
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"{'text_prompts': []}",
        b'{"text_prompts":[{"text":"a"}],}',
        b'{"text_prompts":[{"text":"a"}],"cfg_scale":NaN}',
        b'{"text_prompts":[{"text":"a"}],"cfg_scale":Infinity}',
        b'{"text_prompts":[{"text":"a"}],"cfg_scale":-Infinity}',
        b'{"text_prompts":[{"text":"a"}],"cfg_scale":1e999}',
        b'{"text_prompts":[{"text":"a","weight":-1e999}]}',
        b'{"text_prompts":[{"text":"\xff\xfe"}]}',
        b'{"text_prompts":[{"text":"\xed\xa0\x80"}]}',
        b"[" * 100_000,
        b'{"extras":' * 300 + b"1" + b"}" * 300,
        b'{"text_prompts":' + b"[" * 900 + b"]" * 900 + b"}",
        b'{"seed":' + b"9" * 5000 + b"}",
        b"null",
        b"[]",
        b'"text"',
        b"7",
        b"\x00",
        "\ufeff{}".encode(),
        '{"text_prompts":[{"text":"a"}]}'.encode("utf-16"),
    ],
    ids=lambda body: repr(body[:24]),
)
def test_body_that_is_not_the_json_wanted(client: Client, version: str, body: bytes) -> None:
    """Always 400 ``bad_request``, never a 500."""
    answer = client.post(path(version), data=body, headers={"Content-Type": "application/json"})

    assert_error(answer, version, 400, "bad_request")


@every_version
@pytest.mark.parametrize(
    ("media", "body"),
    [
        ("multipart/form-data", form(part("a", "b"))),
        ("multipart/form-data; boundary=", form(part("a", "b"))),
        ("multipart/form-data; boundary=other", form(part("a", "b"))),
        ("multipart/form-data; boundary=" + "x" * 300, b"--x"),
        (FORM_TYPE, b""),
        (FORM_TYPE, b"no form at all"),
        (FORM_TYPE, part("init_image", png())),
        (FORM_TYPE, form(part("init_image", png()))[:-20]),
        (FORM_TYPE, form(b"------wire0boundary\r\nbroken header\r\n\r\nx\r\n")),
        (FORM_TYPE, form(b"------wire0boundary\r\n\xff\xfe: x\r\n\r\nx\r\n")),
        (FORM_TYPE, form()),
    ],
)
def test_broken_form(server: Server, version: str, media: str, body: bytes) -> None:
    """Always 400 ``bad_request`` for a form that is cut off, has no boundary or no parts."""
    answer = exchange(
        server.url, request("POST", path(version, "image-to-image"), AUTH, f"Content-Type: {media}", body=body)
    )

    assert_error(answer, version, 400, "bad_request")


@every_version
def test_text_that_is_not_utf8_in_a_form(server: Server, version: str) -> None:
    """400 that names the field."""
    field = "options" if version == "v1alpha" else "text_prompts[0][text]"
    body = form(part("init_image", png()), part(field, b'{"a":"\xff"}'))
    answer = exchange(
        server.url, request("POST", path(version, "image-to-image"), AUTH, f"Content-Type: {FORM_TYPE}", body=body)
    )

    assert_error(answer, version, 400, "bad_request")


@every_version
@pytest.mark.parametrize("options", ["{", "[]", "7", "null", '{"text_prompts":NaN}', "[" * 50_000, ""])
def test_options_that_are_no_object(client: Client, version: str, options: str) -> None:
    """v1alpha's ``options`` must be JSON; the later versions ignore a field of that name."""
    files = {"init_image": png(), "options": (None, options)}
    answer = client.post(path(version, "image-to-image"), files=files)

    assert_error(answer, version, 400, "bad_request")


@every_version
@pytest.mark.parametrize(
    "line",
    [
        b"GET /%s/engines/list HTTP/9.9\r\n\r\n",
        b"GET /%s/engines/list HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n",
        b"GET /%s/engines/list HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n",
        b"POST /%s/engines/list HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
    ],
)
def test_bytes_that_are_no_http(server: Server, version: str, line: bytes) -> None:
    """400 in the shape of the version whose path can be made out, never plain text."""
    answer = exchange(server.url, line.replace(b"%s", version.encode()))

    assert_error(answer, version, 400, "bad_request")


def test_bytes_without_a_path(server: Server) -> None:
    """A TLS greeting on the plain port is answered in the shape of v1."""
    assert_error(exchange(server.url, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc"), "v1", 400, "bad_request")


@every_version
@pytest.mark.parametrize("ended", [True, False])
def test_header_that_is_too_long(server: Server, version: str, ended: bool) -> None:
    """431 in the shape of the version, even if the header never ends."""
    head = f"GET /{version}/engines/list HTTP/1.1\r\nHost: a\r\nX-Long: ".encode() + b"x" * 100_000
    answer = exchange(server.url, head + (b"\r\n\r\n" if ended else b""))

    assert_error(answer, version, 431, "headers_too_large")


@pytest.fixture(scope="module")
def small(start: Callable[..., Server]) -> Server:
    """A server that reads two thousand bytes."""
    return start(UNDERSTUDY_MAX_BODY="2000")


@every_version
def test_body_that_is_too_large(small: Server, version: str) -> None:
    """413 in the shape of the version, whether the size is announced or not."""
    body = b'{"text_prompts":[{"text":"a"}],"x":"' + b"x" * 5000 + b'"}'

    announced = exchange(small.url, request("POST", path(version), AUTH, JSON, body=body))
    chunked = exchange(
        small.url,
        request("POST", path(version), AUTH, JSON, "Transfer-Encoding: chunked", length=False)
        + b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body),
    )

    for answer in (announced, chunked):
        text = "The request body is too large (at most 2000 bytes)."
        assert_error(answer, version, 413, "content_too_large", text)


@every_version
def test_too_many_parts(client: Client, version: str) -> None:
    """400 for a form of thousands of parts."""
    files = [(f"f{index}", (None, "")) for index in range(300)]
    answer = client.post(path(version, "image-to-image"), files=files)

    assert_error(answer, version, 400, "bad_request", "body: more than 256 parts")

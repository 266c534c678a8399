"""Ways to spoil a good request: each takes one and a source of chance and gives back what goes on the wire."""

from __future__ import annotations

import functools
import json
import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from tests.fuzz.bad_pictures import bad_pictures, flipped
from tests.fuzz.requests_to_spoil import (
    BOUNDARY,
    FILES,
    FORM,
    JSON,
    PICTURE,
    Part,
    Request,
    Route,
    form,
    good,
    good_values,
    part,
    parts_of,
    with_values,
)

DEEP = 100_000


@dataclass(frozen=True)
class Spoiled:
    """What goes on the wire, by which way it was spoiled, and whether it is known to end too early."""

    way: str
    wire: bytes
    short: bool = False


Way = Callable[[Route, Request, random.Random], Request | bytes]

NASTY: tuple[Any, ...] = (
    None,
    True,
    "",
    "0",
    "NaN",
    " 10",
    "1e3",
    "٣",
    "\0",
    "\ud800",
    "\u202e",
    "x" * 3000,
    -1,
    0,
    1,
    11,
    63,
    65,
    100,
    2**31,
    2**32,
    2**63,
    2**64,
    64 * 10**4000,
    -0.0,
    0.5,
    1e-320,
    1.7e308,
    float("inf"),
    float("-inf"),
    float("nan"),
    [],
    {},
    [[]],
    [None],
    {"text": "x"},
    [{"text": ""}],
    [{"text": "x", "weight": 11}],
    [{"text": "x", "weight": "heavy"}],
    [{"text": "x"}] * 300,
    [{"weight": 1}],
    ["x"],
)
FIELDS = (
    *("width", "height", "steps", "samples", "seed", "cfg_scale", "sampler", "style_preset", "text_prompts", "extras"),
    *("clip_guidance_preset", "init_image_mode", "image_strength", "step_schedule_start", "step_schedule_end"),
    *("mask_source", "init_image", "mask_image", "image", "options", "__proto__", "\udfff", ""),
)


def nasty_value(route: Route, request: Request, rng: random.Random) -> Request:
    """One to three fields hold something they should not."""
    values = good_values(route)
    inside = values["options"] if "options" in values and rng.random() < 0.8 else values
    for _ in range(rng.randint(1, 3)):
        inside[rng.choice(FIELDS)] = rng.choice(NASTY)
    return with_values(request, route, values)


def missing_field(route: Route, request: Request, rng: random.Random) -> Request:
    """A field is left out."""
    values = good_values(route)
    inside = values["options"] if "options" in values and rng.random() < 0.5 else values
    del inside[rng.choice(list(inside))]
    return with_values(request, route, values)


def bad_json(route: Route, request: Request, rng: random.Random) -> Request:
    """JSON that is none, or goes deeper and wider than anyone needs."""
    text = rng.choice(broken_json())
    if route.name == "text-to-image":
        return request.with_body(text, JSON)
    field = "options" if route.version == "v1alpha" else "text_prompts"
    return request.with_body(form([part("init_image", PICTURE), part(field, text)]), FORM)


@functools.cache
def broken_json() -> tuple[bytes, ...]:
    """Texts that a JSON reader may stumble over."""
    prompt = b'"text_prompts":[{"text":"x"}]'
    return (
        *(b"", b" ", b"{", b"}", b"null", b"[]", b"0", b'"x"', b"\xef\xbb\xbf{}", b"{'a':1}", b'{"a":1,}', b"\0"),
        *(b"[" * DEEP, b'{"a":' * DEEP, b"[" * DEEP + b"]" * DEEP, b'{"a":' * 300 + b"1" + b"}" * 300),
        *(b"{" + prompt + b',"extras":' + b'{"a":' * n + b"1" + b"}" * (n + 1) for n in (100, 250, 260, 900, 1100)),
        *(b"{" + prompt + b',"seed":' + n + b"}" for n in (b"NaN", b"Infinity", b"-Infinity", b"1e999", b"9" * 5000)),
        *(b"{" + prompt + b',"steps":' + n + b"}" for n in (b"10.0", b"1e1", b"0x10", b"010", b"+10", b"1_0", b".5")),
        *(b"{" + prompt + b',"cfg_scale":' + n + b"}" for n in (b"-0", b"1e400", b"1E-400", b"7" * 400, b"--1")),
        *(b'{"text_prompts":[{"text":"' + t + b'"}]}' for t in (b"\xff", b"\xed\xa0\x80", b"\\ud800", b"\\u0000")),
        *(b'{"text_prompts":[{"text":"' + t + b'"}]}' for t in (b"\n", b"\x00", b"\\x41", b"\\", b"a" * 200_000)),
        *(b"{" + prompt + b',"' + k + b'":1}' for k in (b"\\ud800", b"\xff", b"\\u0000", b"k" * 100_000)),
        b'{"text_prompts":[' + b",".join([b'{"text":"x"}'] * 5000) + b"]}",
        b"{" + prompt + b"," + prompt + b"}" + b" " * 1000 + b"x",
        prompt.decode().encode("utf-16"),
        ("{" + prompt.decode() + "}").encode("utf-32"),
    )


def bad_form(route: Route, request: Request, rng: random.Random) -> Request:
    """A form that is not put together as a form should be."""
    parts = parts_of(good_values(route)) if route.name != "text-to-image" else [part("text_prompts[0][text]", b"x")]
    media, body = rng.choice(broken_forms())(parts, rng)
    return request.with_body(body, media)


FormBreaker = Callable[[list[Part], random.Random], tuple[bytes, bytes]]


@functools.cache
def broken_forms() -> tuple[FormBreaker, ...]:
    """Ways to break a form: each gives a Content-Type and a body."""
    base = b"multipart/form-data"
    return (
        lambda parts, rng: (base, form(parts)),
        lambda parts, rng: (base + b"; boundary=", form(parts)),
        lambda parts, rng: (base + b'; boundary="', form(parts)),
        lambda parts, rng: (base + b"; boundary=other", form(parts)),
        lambda parts, rng: (base + b"; boundary=" + b"b" * 5000, form(parts, b"b" * 5000)),
        lambda parts, rng: (base + b"; boundary*=utf-8''x", form(parts, b"x")),
        lambda parts, rng: (base + b"; boundary=\xff", form(parts, b"\xff")),
        lambda parts, rng: (FORM, form(parts, end=b"")),
        lambda parts, rng: (FORM, form(parts, end=b"\r\n")),
        lambda parts, rng: (FORM, form(parts)[: -rng.randint(1, 60)]),
        lambda parts, rng: (FORM, form(parts).replace(b"\r\n", b"\n")),
        lambda parts, rng: (FORM, b"preamble\r\n" + form(parts)),
        lambda parts, rng: (FORM, form(parts) + b"epilogue" * 1000),
        lambda parts, rng: (FORM, form(parts) * 2),
        lambda parts, rng: (FORM, b"--" + BOUNDARY + b"--\r\n"),
        lambda parts, rng: (FORM, b"--" + BOUNDARY + b"\r\n" + b"A: b\r\n" * 5000),
        lambda parts, rng: (FORM, b"--" + BOUNDARY + b"\r\nA: " + b"b" * 500_000),
        lambda parts, rng: (FORM, form([Part(b"", one.data) for one in parts])),
        lambda parts, rng: (FORM, form([Part(one.header * 2, one.data) for one in parts])),
        lambda parts, rng: (FORM, form([Part(b"X-A: b\r\n" * 30 + one.header, one.data) for one in parts])),
        lambda parts, rng: (FORM, form([Part(one.header + b"\r\n" + one.header, one.data) for one in parts])),
        lambda parts, rng: (FORM, form([Part(one.header[: rng.randint(0, 60)], one.data) for one in parts])),
        lambda parts, rng: (FORM, form([part(name, b"x") for name in hostile_names()])),
        lambda parts, rng: (FORM, form([*parts, *(part(name, b"x") for name in hostile_names())])),
        lambda parts, rng: (FORM, form([*parts, *(part(f"n{i}", b"") for i in range(300))])),
        lambda parts, rng: (FORM, form([*parts, part("text_prompts", b"[" * DEEP)])),
        lambda parts, rng: (FORM, form([*parts, part("options", b'{"a":' * DEEP)])),
        lambda parts, rng: (FORM, form([*parts, part(rng.choice(FIELDS[:15]), b"\xff\xfe")])),
        lambda parts, rng: (FORM, form([*parts, part(rng.choice(FIELDS[:15]), b"9" * 400)])),
        lambda parts, rng: (FORM, form([*parts, part(rng.choice(FIELDS[:15]), b"x" * 1_100_000)])),
        lambda parts, rng: (FORM, form([part("outer", form(parts), b"\r\nContent-Type: multipart/mixed; boundary=n")])),
        lambda parts, rng: (FORM, form([Part(one.header + b"; filename*=bogus'x'%ff", one.data) for one in parts])),
        lambda parts, rng: (FORM, form([Part(one.header.replace(b"form-data", b""), one.data) for one in parts])),
        lambda parts, rng: (FORM, form([Part(one.header.replace(b"name", b"name*0"), one.data) for one in parts])),
    )


def hostile_names() -> tuple[str, ...]:
    """Field names made to confuse a reader of bracketed names."""
    return (
        "text_prompts[0]" + "[a]" * 20_000,
        "text_prompts" + "[0]" * 8,
        "text_prompts[" + "9" * 5000 + "][text]",
        "text_prompts[-1][text]",
        "text_prompts[0][text][text]",
        "text_prompts[0]",
        "text_prompts[]",
        "text_prompts[][text]",
        "text_prompts[0][weight]",
        "text_prompts[²][text]",
        "text_prompts[0][text",
        "text_prompts]0[",
        "steps[0]",
        "init_image[0]",
        "image[a][b]",
        "options[text_prompts]",
        "",
        "[",
        "a" * 5000,
        "\0",
    )


def bad_picture(route: Route, request: Request, rng: random.Random) -> Request:
    """A picture that is none, or far too much of one."""
    values = good_values(route)
    names = [name for name in values if name in FILES]
    if not names:
        return bad_json(route, request, rng)
    pictures = _all_bad_pictures()
    one = rng.choice([*pictures, "flipped", "flipped", "flipped", "cut"])
    if one == "flipped":
        data = flipped(rng.choice([PICTURE, pictures["jpeg cut"], pictures["webp cut"]]), rng)
    else:
        data = PICTURE[: rng.randrange(len(PICTURE))] if one == "cut" else pictures[one]
    values[rng.choice(names)] = data
    return with_values(request, route, values)


@functools.cache
def _all_bad_pictures() -> dict[str, bytes]:
    return bad_pictures()


def other_body(_: Route, request: Request, rng: random.Random) -> Request:
    """The body, cut or with bits turned, its length announced as it is."""
    body = request.body or b'{"text_prompts":[{"text":"x"}]}'
    if rng.random() < 0.5:
        return request.with_body(body[: rng.randrange(len(body))])
    return request.with_body(flipped(body, rng))


def other_media_type(_: Route, request: Request, rng: random.Random) -> Request:
    """A Content-Type that says something else than the body is."""
    media = rng.choice(
        (
            *(b"", b";", b"/", b"*/*", b"text/plain", b"application/xml", b"application/x-www-form-urlencoded"),
            *(b"image/png", b"multipart/mixed; boundary=x", b"multipart/form-data", b"application/jsonx", b"\xff\xfe"),
            *(b"application/json; charset=utf-16", b"APPLICATION/JSON;;;", b"application/json, text/plain", JSON, FORM),
            *(b"a" * 5000, b"multipart/form-data" + b"; a=b" * 4000, b'multipart/form-data; boundary="\\"'),
        )
    )
    return request.with_header(b"Content-Type", media)


def bad_header(_: Route, request: Request, rng: random.Random) -> Request:
    """A header with a value it should not have."""
    name, values = rng.choice(BAD_HEADERS)
    return request.with_header(name, *values)


BAD_HEADERS: tuple[tuple[bytes, tuple[bytes, ...]], ...] = (
    (b"Authorization", ()),
    (b"Authorization", (b"",)),
    (b"Authorization", (b"Bearer",)),
    (b"Authorization", (b"Bearer " + b"k" * 600,)),
    (b"Authorization", (b"Basic dXNlcjpwYXNz",)),
    (b"Authorization", (b"\xff\xfe",)),
    (b"Authorization", (b"sk-one", b"sk-two")),
    (b"Organization", (b"org-nobody",)),
    (b"Organization", (b"\xff" * 50,)),
    (b"Organization", (b"x" * 20_000,)),
    (b"Accept", (b"image/gif",)),
    (b"Accept", (b"image/png;q=nan, */*;q=",)),
    (b"Accept", (b"application/json, image/png;q=1e999",)),
    (b"Accept", (b",;=" * 5000,)),
    (b"Host", ()),
    (b"Host", (b"a", b"b")),
    (b"Cookie", (b"a=b; " * 8000,)),
    (b"X-Padding", (b"p" * 40_000,)),
    (b"X-Many", (b"m",) * 6000),
    (b"Range", (b"bytes=0-1",)),
    (b"Expect", (b"100-continue",)),
    (b"Expect", (b"nonsense",)),
    (b"Origin", (b"null",)),
    (b"X-Injected", (b"a\r\nX-More: b",)),
    (b"X-Injected", (b"a\nX-More: b",)),
    (b"X-Injected", (b"a\r\n\r\nGET /healthz HTTP/1.1",)),
    (b"X-Nul", (b"a\0b",)),
    (b"X Name", (b"v",)),
    (b"", (b"v",)),
    (b"X-\xff", (b"v",)),
    (b":x", (b"v",)),
    (b"Connection", (b"Upgrade",)),
    (b"Connection", (b"close, keep-alive, \xff",)),
    (b"If-None-Match", (b"*",)),
    (b"X-Forwarded-For", (b"\xff, 1.2.3.4",)),
)


def bad_framing(_: Route, request: Request, rng: random.Random) -> Request:
    """The length of the body is told wrongly, twice, or in broken chunks."""
    body = request.body or b"x"
    chunked = request.with_header(b"Content-Length").with_header(b"Transfer-Encoding", b"chunked")
    length = functools.partial(request.with_header, b"Content-Length")
    return rng.choice(
        (
            lambda: length(b"%d" % max(0, len(body) - rng.randint(1, len(body)))),
            lambda: length(b"%d" % (len(body) + rng.randint(1, 1000))),
            lambda: length(b"-1"),
            lambda: length(b"abc"),
            lambda: length(b"1e3"),
            lambda: length("²".encode("latin-1")),
            lambda: length(b"9" * 30),
            lambda: length(b"26000000"),
            lambda: length(b"%d" % len(body), b"%d" % (len(body) + 1)),
            lambda: length(b"%d, %d" % (len(body), len(body))),
            length,
            lambda: request.with_header(b"Transfer-Encoding", b"chunked"),
            lambda: request.with_header(b"Transfer-Encoding", b"gzip"),
            lambda: request.with_header(b"Transfer-Encoding", b"chunked, identity"),
            lambda: replace(chunked, body=b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)),
            lambda: replace(chunked, body=b"zz\r\n" + body),
            lambda: replace(chunked, body=b"-1\r\n" + body),
            lambda: replace(chunked, body=b"f" * 20 + b"\r\n" + body),
            lambda: replace(chunked, body=b"5;x=" + b"e" * 50_000 + b"\r\nhello\r\n0\r\n\r\n"),
            lambda: replace(chunked, body=b"1\r\nxy\r\n0\r\n\r\n"),
            lambda: replace(chunked, body=b"0\r\nA: " + b"t" * 50_000 + b"\r\n\r\n"),
            lambda: replace(chunked, body=b"1\r\nx\r\n" * 200 + b"0\r\n\r\n"),
            lambda: replace(chunked, body=b"0\r\n\r\n"),
        )
    )()


def bad_request_line(_: Route, request: Request, rng: random.Random) -> Request:
    """Another method, path or protocol."""
    if rng.random() < 0.3:
        return replace(request, method=rng.choice(METHODS))
    if rng.random() < 0.2:
        return replace(request, protocol=rng.choice(PROTOCOLS))
    path = request.target
    at = rng.randrange(2, len(path))
    escaped = b"%%%02x" % path[at]
    inserted = rng.choice(
        (b"%2F", b"%", b"%zz", b"%00", b"%ff", b"\xff", "é".encode(), b"//", b"/../", b"\t", b" ", b";")
    )
    return replace(
        request,
        target=rng.choice(
            (
                *(
                    path[:at] + inserted + path[at:],
                    path[:at] + escaped + path[at + 1 :],
                    path[:at],
                    path[at:],
                    path + b"/",
                ),
                *(
                    b"http://127.0.0.1" + path,
                    b"https://elsewhere.example" + path,
                    b"//h" + path,
                    b"http://[",
                    b"*",
                    b"",
                ),
                *(path + b"?" + b"q" * 9000, path + b"?a=%ff&b", path + b"#f", path.upper(), b"/" + b"a" * 40_000),
                *(path.replace(b"stable", b"e" * 4000), path.replace(b"stable-diffusion-v1-5", b"%E2%80%AE")),
                *(
                    path.replace(b"stable-diffusion-v1-5", b"stable-diffusion-x4-latent-upscaler"),
                    b"/v1alpha",
                    b"/v1/x",
                ),
            )
        ),
    )


METHODS = (
    *(
        b"get",
        b"post",
        b"PUT",
        b"DELETE",
        b"PATCH",
        b"HEAD",
        b"TRACE",
        b"OPTIONS",
        b"PROPFIND",
        b"CONNECT",
        b"GE",
        b"P OST",
    ),
    *(b"G\0T", b"\xff", b"", b"M-SEARCH", b"PRI", b"QUERY", b"A" * 5000),
)
PROTOCOLS = (
    b"HTTP/1.0",
    b"HTTP/0.9",
    b"HTTP/2.0",
    b"HTTP/1.2",
    b"HTTP/11",
    b"http/1.1",
    b"HTTP/",
    b"",
    b"RTSP/1.0",
    b"X",
)


def other_protocol(_: Route, request: Request, rng: random.Random) -> bytes:
    """Something that is no HTTP/1.1 request at all."""
    line = b" ".join((request.method, request.target, b"HTTP/1.1\r\n"))
    key = b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: eA==\r\n"
    return rng.choice(
        (
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0",
            b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03" + rng.randbytes(500),
            b"CONNECT example.com:443 HTTP/1.1\r\nHost: example.com\r\n\r\n",
            line + b"Host: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" + key + b"\r\n",
            line
            + b"Host: h\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n",
            b"\0" * 300,
            rng.randbytes(rng.randint(1, 3000)),
            b"\r\n" * rng.randint(1, 500),
            b"SSH-2.0-x\r\n",
            line.replace(b"\r\n", b"\n") + b"Host: h\n\n",
            line.replace(b"\r\n", b"\r") + b"Host: h\r\r",
            line + b" folded: x\r\n\r\n",
            line + b"Host h\r\n\r\n",
            line * 3,
            b"<policy-file-request/>\0",
        )
    )


def flipped_wire(_: Route, request: Request, rng: random.Random) -> bytes:
    """Bits turned anywhere, most of them before the body."""
    wire = request.wire()
    head = len(wire) - len(request.body)
    cut = head if rng.random() < 0.7 else len(wire)
    return flipped(wire[:cut], rng) + wire[cut:]


def cut_wire(_: Route, request: Request, rng: random.Random) -> bytes:
    """The request stops somewhere."""
    wire = request.wire()
    return wire[: rng.randrange(1, len(wire))]


def left_alone(_: Route, request: Request, rng: random.Random) -> Request:
    """The good request, so that it is certain that the others were good before."""
    return request


SHORT: tuple[Way, ...] = (cut_wire, flipped_wire)
"""Ways after which the server may be waiting for more; the client says that there is none."""
WAYS: dict[Way, int] = {
    nasty_value: 20,
    missing_field: 5,
    bad_json: 10,
    bad_form: 15,
    bad_picture: 10,
    other_body: 10,
    other_media_type: 5,
    bad_header: 10,
    bad_framing: 10,
    bad_request_line: 15,
    other_protocol: 5,
    flipped_wire: 10,
    cut_wire: 10,
    left_alone: 2,
}


def spoil(route: Route, key: str, rng: random.Random) -> Spoiled:
    """One spoiled request for a route."""
    way = rng.choices(list(WAYS), list(WAYS.values()))[0]
    request = good(route, key, samples=rng.choice((1, 1, 1, 2)))
    if rng.random() < 0.3:
        request = request.with_header(b"Accept", b"application/json")
    made = way(route, request, rng)
    wire = made.wire() if isinstance(made, Request) else made
    return Spoiled(way.__name__, wire, short=way in SHORT and rng.random() < 0.97)


def describe(wire: bytes) -> str:
    """The beginning of a wire, for messages."""
    return json.dumps(wire[:300].decode("latin-1"))

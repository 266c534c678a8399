"""Request lines, headers and framing that are wrong around a body that is right, and other protocols altogether."""

from __future__ import annotations

import functools
import random
from dataclasses import replace

from tests.fuzz.requests_to_spoil import FORM, JSON, Request, Route


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

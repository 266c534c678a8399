"""Forms that are not put together as a form should be."""

from __future__ import annotations

import functools
import random
from collections.abc import Callable

from tests.fuzz.bad_values import DEEP, UNKNOWN
from tests.fuzz.requests_to_spoil import BOUNDARY, FORM, Part, Request, Route, form, good_values, part, parts_of


def bad_form(route: Route, request: Request, rng: random.Random) -> Request:
    """A form that is not put together as a form should be."""
    parts = parts_of(good_values(route)) if route.asked.form else [part("text_prompts[0][text]", b"x")]
    media, body = rng.choice(broken_forms(route.asked.fields or UNKNOWN))(parts, rng)
    return request.with_body(body, media)


FormBreaker = Callable[[list[Part], random.Random], tuple[bytes, bytes]]


@functools.cache
def broken_forms(fields: tuple[str, ...]) -> tuple[FormBreaker, ...]:
    """Ways to break a form with these fields: each gives a Content-Type and a body."""
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
        lambda parts, rng: (FORM, form([*parts, part(rng.choice(fields), b"\xff\xfe")])),
        lambda parts, rng: (FORM, form([*parts, part(rng.choice(fields), b"9" * 400)])),
        lambda parts, rng: (FORM, form([*parts, part(rng.choice(fields), b"x" * 1_100_000)])),
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

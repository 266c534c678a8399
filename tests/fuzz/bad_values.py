"""Bodies that are put together well and say things they should not."""

from __future__ import annotations

import functools
import json
import random
from typing import Any

from tests.fuzz.bad_pictures import bad_pictures, flipped
from tests.fuzz.contract_bodies import PICTURE
from tests.fuzz.requests_to_spoil import (
    FORM,
    JSON,
    Request,
    Route,
    form,
    good_values,
    part,
    with_values,
)

DEEP = 100_000
"""How deep a nesting bomb goes."""

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
UNKNOWN = ("__proto__", "\udfff", "", "options", "text_prompts", "extras")
"""Fields that most contracts do not have."""


def nasty_value(route: Route, request: Request, rng: random.Random) -> Request:
    """One to three fields hold something they should not."""
    values = good_values(route)
    inside = values["options"] if "options" in values and rng.random() < 0.8 else values
    for _ in range(rng.randint(1, 3)):
        inside[rng.choice((*route.asked.fields, *UNKNOWN))] = rng.choice(NASTY)
    return with_values(request, route, values)


def missing_field(route: Route, request: Request, rng: random.Random) -> Request:
    """A field is left out."""
    values = good_values(route)
    inside = values["options"] if "options" in values and rng.random() < 0.5 else values
    if inside:
        del inside[rng.choice(list(inside))]
    return with_values(request, route, values)


def bad_json(route: Route, request: Request, rng: random.Random) -> Request:
    """JSON that is none, or goes deeper and wider than anyone needs."""
    asked = route.asked
    text = rng.choice(broken_json(_without_braces(route)))
    if not asked.form:
        return request.with_body(text, JSON)
    pictures = [part(name, PICTURE) for name in asked.pictures[:1]]
    field = "options" if "options" in asked.fields else rng.choice((*asked.fields, *UNKNOWN[2:]))
    return request.with_body(form([*pictures, part(field, text)]), FORM)


def _without_braces(route: Route) -> bytes:
    """The inside of a good JSON body, so that what is added to it is all that is wrong."""
    if "text_prompts" in route.asked.fields or route.asked.form:
        return b'"text_prompts":[{"text":"x"}]'
    return json.dumps(good_values(route)).encode()[1:-1] or b'"a":1'


@functools.cache
def broken_json(prompt: bytes) -> tuple[bytes, ...]:
    """Texts that a JSON reader may stumble over; ``prompt`` is what most of them begin with."""
    spoken = b"{" + prompt + b',"text_prompts":[{"text":"'
    return (
        *(b"", b" ", b"{", b"}", b"null", b"[]", b"0", b'"x"', b"\xef\xbb\xbf{}", b"{'a':1}", b'{"a":1,}', b"\0"),
        *(b"[" * DEEP, b'{"a":' * DEEP, b"[" * DEEP + b"]" * DEEP, b'{"a":' * 300 + b"1" + b"}" * 300),
        *(b"{" + prompt + b',"extras":' + b'{"a":' * n + b"1" + b"}" * (n + 1) for n in (100, 250, 260, 900, 1100)),
        *(b"{" + prompt + b',"seed":' + n + b"}" for n in (b"NaN", b"Infinity", b"-Infinity", b"1e999", b"9" * 5000)),
        *(b"{" + prompt + b',"steps":' + n + b"}" for n in (b"10.0", b"1e1", b"0x10", b"010", b"+10", b"1_0", b".5")),
        *(b"{" + prompt + b',"cfg_scale":' + n + b"}" for n in (b"-0", b"1e400", b"1E-400", b"7" * 400, b"--1")),
        *(spoken + t + b'"}]}' for t in (b"\xff", b"\xed\xa0\x80", b"\\ud800", b"\\u0000")),
        *(spoken + t + b'"}]}' for t in (b"\n", b"\x00", b"\\x41", b"\\", b"a" * 200_000)),
        *(b"{" + prompt + b',"' + k + b'":1}' for k in (b"\\ud800", b"\xff", b"\\u0000", b"k" * 100_000)),
        b'{"text_prompts":[' + b",".join([b'{"text":"x"}'] * 5000) + b"]}",
        b"{" + prompt + b"," + prompt + b"}" + b" " * 1000 + b"x",
        prompt.decode().encode("utf-16"),
        ("{" + prompt.decode() + "}").encode("utf-32"),
    )


def bad_picture(route: Route, request: Request, rng: random.Random) -> Request:
    """A picture that is none, or far too much of one."""
    values = good_values(route)
    names = route.asked.pictures
    if not names:
        return bad_json(route, request, rng)
    pictures = _all_bad_pictures()
    one = rng.choice([*pictures, "flipped", "flipped", "flipped", "cut"])
    if one == "flipped":
        data = flipped(rng.choice([PICTURE, pictures["jpeg cut"], pictures["webp cut"]]), rng)
    else:
        data = PICTURE[: rng.randrange(len(PICTURE))] if one == "cut" else pictures[one]
    values[rng.choice(names)] = route.asked.sent(data)
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

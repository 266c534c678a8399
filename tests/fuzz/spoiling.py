"""Spoils good requests: picks a way by chance, and gives back what goes on the wire.

Each way takes a route, a good request for it and a source of chance.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import dataclass

from tests.fuzz.bad_envelopes import bad_framing, bad_header, bad_request_line, other_media_type, other_protocol
from tests.fuzz.bad_forms import bad_form
from tests.fuzz.bad_pictures import flipped
from tests.fuzz.bad_values import bad_json, bad_picture, missing_field, nasty_value, other_body
from tests.fuzz.requests_to_spoil import Request, Route, good


@dataclass(frozen=True)
class Spoiled:
    """What goes on the wire, by which way it was spoiled, and whether it is known to end too early."""

    way: str
    wire: bytes
    short: bool = False


Way = Callable[[Route, Request, random.Random], Request | bytes]


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

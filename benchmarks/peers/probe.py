"""One request, looked at completely: whether the contestant did the work, and whether it refuses what it must."""

from __future__ import annotations

import base64
import http.client
import io
import json
import socket
import zlib
from dataclasses import dataclass

from PIL import Image

from benchmarks.peers.contestants import Contestant
from benchmarks.peers.work import KEY, SEED, SIDE, Work

PATIENCE = 60.0
WRONG_KEY = KEY[::-1]


class NotDone(Exception):
    """A contestant answered something else than what was asked for; the message says who, to what, and how."""


@dataclass(frozen=True, slots=True)
class Seen:
    """An answer: ``size`` are all its bytes on the wire, ``picture`` is a checksum of its pixels' file."""

    status: int
    type: str
    size: int
    body: bytes
    picture: int | None = None


class _Wire(io.RawIOBase):
    """The bytes of one answer, counted."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self.count = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        got = self._connection.recv_into(buffer)  # type: ignore[arg-type]  # io does not say that it is a buffer
        self.count += got
        return got

    def makefile(self, _mode: str) -> io.BufferedReader:
        """What http.client reads from."""
        return io.BufferedReader(self)


def send(port: int, request: bytes) -> Seen:
    """Send these bytes and read the answer."""
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as connection:
        connection.sendall(request)
        wire = _Wire(connection)
        answer = http.client.HTTPResponse(wire)  # type: ignore[arg-type]  # all that it asks for is makefile
        answer.begin()
        body = answer.read()
        return Seen(answer.status, answer.headers.get_content_type(), wire.count, body)


def probe(contestant: Contestant, port: int, work: Work, number: int) -> Seen:
    """Send the work once and check the answer from its status to its pixels. Raises ``NotDone``."""
    seen = send(port, work.wire(contestant.base, number=number))
    try:
        return _checked(contestant, work, seen, number)
    except (ValueError, KeyError, TypeError, AssertionError, OSError) as problem:
        start = seen.body[:200]
        raise NotDone(f"{contestant.title}, {work.title}: {seen.status} {start!r} ({problem})") from problem


def hold(contestant: Contestant, port: int, work: Work) -> int:
    """Check that a wrong key is a 401 and a wrong body a 400. Raises ``NotDone``; gives the number of refusals."""
    refusals = [] if contestant.mocks else [(401, work.wire(contestant.base, key=WRONG_KEY, number=0))]
    if work.other:
        refusals.append((400, work.wire(contestant.base, body=work.other)))
    for status, request in refusals:
        seen = send(port, request)
        if seen.status != status:
            raise NotDone(f"{contestant.title}, {work.title}: {seen.status} where {status} belongs")
    return len(refusals)


def _checked(contestant: Contestant, work: Work, seen: Seen, number: int) -> Seen:
    _must(seen.status == work.status, f"status {work.status} belongs here")
    expected = "image/png" if work.answer == "png" else "application/json"
    _must(seen.type == expected or (work.answer == "refusal" and "json" in seen.type), f"{expected} belongs here")
    if contestant.mocks and work.answer == "png":
        return seen  # It has no picture to give; the report says what it sends.
    match work.answer:
        case "png":
            return _with_picture(seen, seen.body)
        case "artifacts":
            (first, *_) = json.loads(seen.body)["artifacts"]
            _must(first["finishReason"] == "SUCCESS", "a finished picture belongs here")
            if contestant.mocks:
                return seen
            _must(first["seed"] == (number if work.varied else SEED), "the seed that was asked for belongs here")
            return _with_picture(seen, base64.b64decode(first["base64"], validate=True))
        case "rows":
            rows = json.loads(seen.body)
            _must(bool(rows) and {*rows[0]} == {"id", "name", "type", "description"}, "engines belong here")
        case "credits":
            _must(json.loads(seen.body)["credits"] > 0, "credits belong here")
        case "refusal":
            _must(isinstance(json.loads(seen.body), dict), "an object belongs here")
    return seen


def _with_picture(seen: Seen, png: bytes) -> Seen:
    with Image.open(io.BytesIO(png)) as picture:
        picture.load()
        _must(picture.size == (SIDE, SIDE) and picture.format == "PNG", f"a PNG of {SIDE}x{SIDE} belongs here")
    return Seen(seen.status, seen.type, seen.size, seen.body, zlib.crc32(png))


def _must(holds: bool, words: str) -> None:
    if not holds:
        raise ValueError(words)

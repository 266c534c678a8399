"""Limits that must not be stricter than they say, and the one on what comes after a refusal."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator

import pytest

from app.web.edge import LEFTOVER_BYTES
from tests.fuzz.wires import connection
from tests.limits.sending import answer_to, head, text_to_image
from tests.running import Server

HEADER_SECONDS = 0.3
PIECE = 1_000_000
BUFFERS = 16_000_000
"""More than what the system takes in for a connection whose other side does not read."""
PROMPT = {"text_prompts": [{"text": "a boat"}], "steps": 10}


@pytest.fixture(scope="module")
def hasty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that waits for headers only for a moment."""
    home = tmp_path_factory.mktemp("patience") / "home"
    with Server(home, UNDERSTUDY_HEADER_SECONDS=str(HEADER_SECONDS)) as running:
        yield running


def test_a_slow_body_has_more_time_than_its_header(hasty: Server, version: str) -> None:
    """A body that takes three times as long as a header may is read to its end: the caller sees 200."""
    reply = answer_to(hasty, slowly(text_to_image(hasty, version, PROMPT)))

    assert reply.status == 200


@pytest.mark.parametrize("framing", ["announced", "chunked"])
def test_no_end_of_leftovers_is_read(server: Server, version: str, framing: str) -> None:
    """Who goes on sending after a refusal is cut off at some point, and not before an ordinary mistake would end."""
    piece, fields = b" " * PIECE, {"Content-Length": str(10 * LEFTOVER_BYTES)}
    if framing == "chunked":
        piece, fields = b"%x\r\n%b\r\n" % (PIECE, piece), {"Transfer-Encoding": "chunked"}

    with connection(server.url) as sock:
        sock.sendall(head(server, version, **fields | {"Authorization": "sk-wrong"}))
        assert b" 401 " in sock.recv(65_536)
        taken = 0
        with contextlib.suppress(ConnectionError):
            while taken <= LEFTOVER_BYTES + BUFFERS:
                sock.sendall(piece)
                taken += PIECE

    assert LEFTOVER_BYTES - PIECE <= taken <= LEFTOVER_BYTES + BUFFERS


def slowly(request: bytes) -> Iterator[bytes]:
    """The header at once, then the body in three pieces with a pause before each."""
    header, _, body = request.partition(b"\r\n\r\n")
    yield header + b"\r\n\r\n"
    third = len(body) // 3
    for piece in (body[:third], body[third : 2 * third], body[2 * third :]):
        time.sleep(HEADER_SECONDS)
        yield piece

"""How much may come before the body, and how slowly."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator

import pytest

from tests.fuzz.wires import connection, read_reply
from tests.limits.sending import answer_to, name_of
from tests.running import Server

LIMIT = 4096
SECONDS = 0.5


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with small limits for what comes before a body."""
    settings = {"UNDERSTUDY_MAX_HEADER": str(LIMIT), "UNDERSTUDY_HEADER_SECONDS": str(SECONDS)}
    with Server(tmp_path_factory.mktemp("headers") / "home", **settings) as running:
        yield running


def line(version: str, query: str = "") -> bytes:
    """A request line."""
    return f"GET /{version}/user/balance{query} HTTP/1.1\r\nHost: h\r\n".encode()


@pytest.mark.parametrize(
    "rest",
    [b"X-Long: " + b"x" * LIMIT + b"\r\n\r\n", b"X-Many: m\r\n" * 400 + b"\r\n", b"X-Endless: " + b"e" * 100_000],
    ids=["long", "many", "endless"],
)
def test_too_many_bytes_of_headers_are_refused(small: Server, version: str, rest: bytes) -> None:
    """The caller sees 431, whether or not the headers ever end."""
    reply = answer_to(small, [line(version) + rest])

    assert reply.status == 431


def test_too_long_a_request_line_is_refused(small: Server, version: str) -> None:
    """The caller sees 431 in the shape of the path."""
    reply = answer_to(small, [line(version, "?" + "q" * LIMIT) + b"\r\n"])

    assert reply.status == 431


def test_headers_that_never_stop_coming_are_cut(small: Server, version: str) -> None:
    """The caller sees 431 in the middle of an endless row of headers."""
    reply = answer_to(small, itertools.chain([line(version)], itertools.repeat(b"X-More: m\r\n" * 100, 10_000)))

    assert reply.status == 431


def test_clients_that_send_first_and_read_later_see_the_refusal(small: Server, version: str) -> None:
    """The answer survives although far more was sent than was read."""
    with connection(small.url) as sock:
        sock.sendall(line(version) + b"X-Long: " + b"x" * 1_000_000 + b"\r\n\r\n")
        reply = read_reply(sock)

    assert reply is not None
    assert reply.status == 431


def test_headers_below_the_limit_are_read(small: Server, version: str) -> None:
    """Nearly the limit is fine: the caller sees that the key is missing."""
    reply = answer_to(small, [line(version) + b"X-Long: " + b"x" * (LIMIT - 200) + b"\r\n\r\n"])

    assert reply.status == 401


def test_headers_in_drips_are_given_up(small: Server, version: str) -> None:
    """The caller sees 408 after the time for headers, however steadily they drip."""
    reply = answer_to(small, dripping(line(version)))

    assert (reply.status, name_of(reply)) == (408, "request_timeout")


@pytest.mark.parametrize("beginning", [b"", b"G", b"\r\n"], ids=["silent", "one letter", "empty line"])
def test_connections_that_ask_nothing_are_closed(small: Server, beginning: bytes) -> None:
    """Who does not even say a path is hung up on without a word."""
    with connection(small.url) as sock:
        sock.sendall(beginning)
        received = sock.recv(1000)

    assert received == b""


def test_a_second_request_has_its_own_time(small: Server, version: str) -> None:
    """A connection that was good for one request is closed when the next one drips."""
    with connection(small.url) as sock:
        sock.sendall(line(version) + b"\r\n")
        first = read_reply(sock)
        time.sleep(SECONDS * 1.5)
        sock.sendall(line(version) + b"X-")
        second = read_reply(sock)

    assert first is not None
    assert first.status == 401
    assert second is not None
    assert second.status == 408


def dripping(first: bytes) -> Iterator[bytes]:
    """A beginning, and then a letter at a time without end."""
    yield first
    for _ in range(1000):
        time.sleep(0.02)
        yield b"x"

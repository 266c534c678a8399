"""How large, how many and how slow the bytes of a body may be."""

from __future__ import annotations

import contextlib
import itertools
import time
from collections.abc import Iterator

import pytest

from tests.fuzz.books import books
from tests.fuzz.wires import connection
from tests.limits.sending import ENGINE, answer_to, head, name_of, text_to_image
from tests.pictures import png
from tests.running import PATIENCE, Client, Server

PROMPT = {"text_prompts": [{"text": "a boat"}], "steps": 10}
PART = b'--b\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n'
LIMIT = 20_000


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with small limits for everything about bodies."""
    settings = {
        "UNDERSTUDY_MAX_BODY": str(LIMIT),
        "UNDERSTUDY_MAX_PARTS": "5",
        "UNDERSTUDY_MAX_FIELD": "1024",
        "UNDERSTUDY_BODY_SECONDS": "0.5",
    }
    with Server(tmp_path_factory.mktemp("bodies") / "home", **settings) as running:
        yield running


def test_a_body_announced_as_too_large_is_refused_before_it_is_sent(small: Server, version: str) -> None:
    """The caller sees 413 although not one byte of the body has left."""
    reply = answer_to(small, [head(small, version, **{"Content-Length": str(LIMIT + 1)})])

    assert (reply.status, name_of(reply)) == (413, "content_too_large")


def test_a_body_that_does_not_say_its_length_is_cut_where_it_gets_too_large(small: Server, version: str) -> None:
    """The caller sees 413 in the middle of an endless chunked body."""
    chunks = itertools.repeat(b"64\r\n" + b" " * 100 + b"\r\n", 100_000)

    reply = answer_to(small, itertools.chain([head(small, version, **{"Transfer-Encoding": "chunked"})], chunks))

    assert (reply.status, name_of(reply)) == (413, "content_too_large")


def test_a_body_of_just_the_limit_is_read(small: Server, version: str) -> None:
    """The limit itself is allowed."""
    body = text_to_image(small, version, PROMPT).partition(b"\r\n\r\n")[2].ljust(LIMIT)

    reply = answer_to(small, [head(small, version, **{"Content-Length": str(LIMIT)}) + body])

    assert reply.status == 200


def test_clients_that_send_before_they_read_see_the_refusal(small: Server, version: str) -> None:
    """The whole oversized body is taken in and thrown away, so that the answer is not lost in a reset."""
    with Client(small.url) as client:
        answers = [
            client.post(
                f"/{version}/generation/{ENGINE}/text-to-image",
                data=b" " * 5_000_000,
                headers={"Content-Type": "application/json"},
            )
            for _ in range(2)
        ]

    assert [answer.status_code for answer in answers] == [413, 413]


def test_more_parts_than_allowed_are_refused(small: Server, version: str) -> None:
    """The caller sees 400 that says how many parts there may be."""
    with Client(small.url) as client:
        answer = client.post(
            f"/{version}/generation/{ENGINE}/image-to-image",
            files=[(f"field{number}", (None, b"x")) for number in range(6)],
        )

    assert answer.status_code == 400
    assert answer.json()["message"] == "body: more than 5 parts"


def test_a_text_field_longer_than_allowed_is_refused_and_a_picture_is_not(small: Server, version: str) -> None:
    """The limit of fields is for texts; pictures have the body's limit."""
    texts = {"text_prompts[0][text]": "a boat", "steps": "10"}
    texts = {"options": '{"text_prompts": [{"text": "a boat"}], "steps": 10}'} if version == "v1alpha" else texts
    long = next(iter(texts))
    with Client(small.url) as client:
        path = f"/{version}/generation/{ENGINE}/image-to-image"
        picture = {"init_image": png(512, 512)}
        assert len(picture["init_image"]) > 1024
        good = client.post(path, data=texts, files=picture)
        bad = client.post(path, data=texts | {long: texts[long].ljust(1025)}, files=picture)

    assert good.status_code == 200
    assert bad.status_code == 400
    assert "cannot be longer than 1024 characters" in bad.json()["message"]


@pytest.mark.parametrize(
    ("framing", "drip"),
    [({"Content-Length": "1000"}, b" "), ({"Transfer-Encoding": "chunked"}, b"1\r\n \r\n")],
    ids=["announced", "chunked"],
)
def test_a_body_in_drips_is_given_up(small: Server, version: str, framing: dict[str, str], drip: bytes) -> None:
    """The caller sees 408 after the time for a body; nothing was charged and the connection is closed."""
    before = books(small)

    reply = answer_to(small, dripping(head(small, version, **framing), drip))

    assert (reply.status, name_of(reply)) == (408, "request_timeout")
    assert reply.headers["connection"] == "close"
    assert books(small) == before


def test_the_rest_of_a_refused_body_is_not_waited_for_forever(small: Server, version: str) -> None:
    """A client that goes on dripping a body that was refused is cut off after the body time."""
    with connection(small.url) as sock:
        sock.sendall(head(small, version, **{"Content-Length": str(LIMIT + 1)}))
        assert b" 413 " in sock.recv(65_536)
        end = time.monotonic() + PATIENCE
        with contextlib.suppress(ConnectionError):
            while time.monotonic() < end:
                sock.sendall(b"x")
                time.sleep(0.02)

    assert time.monotonic() < end


def dripping(first: bytes, drip: bytes) -> Iterator[bytes]:
    """A beginning, and then a drip at a time without end."""
    yield first
    for _ in range(1000):
        time.sleep(0.02)
        yield drip

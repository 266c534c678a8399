"""How many generations run and wait, how long they take, and where the credits go when they do not end well."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.fuzz.books import Books, books
from tests.fuzz.wires import connection
from tests.limits.sending import SLOW, answer_to, large, name_of, text_to_image
from tests.running import Client, Server
from tests.store.servers import wait_until

QUICK = {"text_prompts": [{"text": "a boat"}], "steps": 10}


@pytest.mark.parametrize("queue", [0, 2])
def test_who_finds_the_queue_full_is_sent_away(make_server: Callable[..., Server], version: str, queue: int) -> None:
    """The caller sees 429 with Retry-After and keeps the credits; who is inside gets all pictures."""
    server = make_server(UNDERSTUDY_GENERATIONS="1", UNDERSTUDY_QUEUE=str(queue))

    with ThreadPoolExecutor(8) as pool:
        wire = text_to_image(server, version, SLOW)
        replies = list(pool.map(lambda _: answer_to(server, [wire]), range(8)))

    refused = [reply for reply in replies if reply.status == 429]
    delivered = [reply for reply in replies if reply.status == 200]
    assert len(refused) + len(delivered) == 8
    assert refused
    assert len(delivered) > queue
    assert {name_of(reply) for reply in refused} == {"too_many_requests"}
    assert all(int(reply.headers["retry-after"]) > 0 for reply in refused)
    assert paid(books(server), len(delivered))


def test_a_generation_that_takes_too_long_is_given_up(make_server: Callable[..., Server], version: str) -> None:
    """The caller sees a server error in the shape of the version, and the credits are back."""
    server = make_server(UNDERSTUDY_REQUEST_SECONDS="0.05")
    before = books(server)

    reply = answer_to(server, [text_to_image(server, version, SLOW)])

    assert (reply.status, name_of(reply)) == (500, "server_error")
    assert "unexpected server error" in json.loads(reply.body)["message"]
    assert books(server).balance == before.balance


def test_a_client_that_hangs_up_pays_nothing(server: Server, version: str) -> None:
    """The picture was begun and nobody waits for it any more: the credits are back."""
    before = books(server)
    with connection(server.url) as sock:
        sock.sendall(large(server, version))
        wait_until(lambda: books(server, wait=False).open > 0)

    after = books(server)
    assert (after.balance, after.settled) == (before.balance, before.settled)
    assert after.given_back == before.given_back + 1


def test_a_client_that_hangs_up_with_requests_in_line_pays_nothing(server: Server) -> None:
    """Two generations sent at once and nobody there to read them: both prices stay where they were."""
    before = books(server)
    with connection(server.url) as sock:
        sock.sendall(large(server, "v1") * 2)
        wait_until(lambda: books(server, wait=False).open > 0)

    after = books(server)
    assert (after.balance, after.settled) == (before.balance, before.settled)
    assert after.given_back == before.given_back + 1


def test_a_client_that_does_not_read_keeps_nobody_waiting_and_pays_nothing(
    make_server: Callable[..., Server], version: str
) -> None:
    """Its answer is stuck in the connection; others are served meanwhile, and its credits return when it is gone."""
    server = make_server(UNDERSTUDY_GENERATIONS="1", UNDERSTUDY_QUEUE="0")
    before = books(server)
    with connection(server.url) as sock:
        sock.sendall(large(server, version))
        wait_until(lambda: sock.recv(1, socket.MSG_PEEK) == b"H")
        with Client(server.url) as client:
            path = f"/{version}/generation/stable-diffusion-v1-5/text-to-image"
            other = [client.post(path, json=QUICK).status_code for _ in range(3)]
        stuck = books(server, wait=False)

    after = books(server)
    assert other == [200, 200, 200]
    assert stuck.open > 0
    assert (after.open, after.settled - before.settled) == (0, 3)
    assert after.given_back == before.given_back + 1


def test_a_client_that_never_reads_is_cut_off_and_pays_nothing(make_server: Callable[..., Server]) -> None:
    """An answer nobody takes within the answer time is given up, with the client still connected."""
    server = make_server(UNDERSTUDY_ANSWER_SECONDS="0.3")
    with connection(server.url) as sock:
        sock.sendall(large(server, "v1"))
        wait_until(lambda: sock.recv(1, socket.MSG_PEEK) == b"H")
        wait_until(lambda: books(server, wait=False).open == 0)
        found = books(server)

    assert (found.open, found.settled, found.given_back) == (0, 0, 1)


def test_answers_that_are_read_slowly_arrive_whole(server: Server) -> None:
    """A slow reader is no lost reader: everything arrives and is paid for."""
    before = books(server)
    received = bytearray()
    with connection(server.url) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
        sock.sendall(large(server, "v1").replace(b"Host", b"Connection: close\r\nHost", 1))
        while piece := sock.recv(1_000_000):
            received += piece
            time.sleep(0.001)

    artifacts = json.loads(received.partition(b"\r\n\r\n")[2])["artifacts"]
    assert len(artifacts) == 10
    assert books(server).settled == before.settled + 1


def paid(found: Books, deliveries: int) -> bool:
    """Whether exactly these deliveries were paid for."""
    return found.open == 0 and found.settled == deliveries

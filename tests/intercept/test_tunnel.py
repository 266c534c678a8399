"""What goes through the proxy comes out as it went in: bytes, order, connections, and the way they end."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import random
import socket
import ssl
import struct
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.intercept.conftest import MakeProxy
from tests.intercept.proxies import HOST, InThread, Pretence, everything, until
from tests.running import PATIENCE, Client, Server
from tests.store.servers import wait_until

ROUTE = "/v1/generation/stable-diffusion-v1-6/text-to-image"


def request(server: Server, body: object, *fields: str) -> bytes:
    """A request as a client sends it that believes to talk to the real service."""
    content = json.dumps(body).encode()
    lines = [
        f"POST {ROUTE} HTTP/1.1",
        *(f"Host: {HOST}", f"Authorization: {server.key}", "Content-Type: application/json", *fields),
        f"Content-Length: {len(content)}",
    ]
    return "\r\n".join([*lines, "", ""]).encode() + content


def answer(sock: socket.socket) -> tuple[bytes, bytes]:
    """The head and the body of one answer."""
    head = until(sock, b"\r\n\r\n")
    size = next(int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
    body = b""
    while len(body) < size:
        body += sock.recv(size - len(body))
    return head, body


@pytest.fixture(params=["tunnel", "tls"])
def connect(request: pytest.FixtureRequest) -> Callable[[InThread], ssl.SSLSocket]:
    """Both ways in: a tunnel through the proxy, and TLS at once by a client whose hosts file names us."""
    if request.param == "tunnel":
        return lambda proxy: proxy.tunnel()
    return lambda proxy: proxy.secure(proxy.dial())


def test_bytes_arrive_as_they_were_sent(make_proxy: MakeProxy, connect: Callable[[InThread], ssl.SSLSocket]) -> None:
    """8 MB of noise each way come through in both directions, with nothing added, changed or missing."""
    up, down = random.Random(1).randbytes(8_000_000), random.Random(2).randbytes(8_000_000)

    def behave(sock: socket.socket, server: Pretence) -> None:
        server.read(sock, len(up))
        sock.sendall(down)

    with Pretence(behave) as server:
        sock = connect(make_proxy(server.url))
        sock.sendall(up)
        got = everything(sock)
        sock.close()

    assert hashlib.sha256(server.received).digest() == hashlib.sha256(up).digest()
    assert hashlib.sha256(got).digest() == hashlib.sha256(down).digest()


def test_http_1_1_is_what_is_spoken(server: Server, make_proxy: MakeProxy) -> None:
    """A client that offers HTTP/2 as well is told HTTP/1.1, under TLS 1.3."""
    with make_proxy(server.url).tunnel() as sock:
        assert sock.selected_alpn_protocol() == "http/1.1"
        assert sock.version() == "TLSv1.3"


def test_pieces_come_when_they_are_sent(make_proxy: MakeProxy) -> None:
    """An answer that is streamed is not held back until it is complete."""
    go_on = threading.Event()

    def behave(sock: socket.socket, server: Pretence) -> None:
        server.read(sock, 4)
        sock.sendall(b"first")
        assert go_on.wait(PATIENCE)
        sock.sendall(b"second")

    with Pretence(behave) as server, make_proxy(server.url).tunnel() as sock:
        sock.sendall(b"ask!")
        first = sock.recv(100)
        go_on.set()
        rest = everything(sock)

    assert (first, rest) == (b"first", b"second")


def test_one_connection_serves_many_requests(server: Server, make_proxy: MakeProxy) -> None:
    """Connections are kept: ten pictures in a row through one tunnel, each with its seed."""
    seeds = []
    with make_proxy(server.url).tunnel() as sock:
        for seed in range(1, 11):
            sock.sendall(request(server, {"text_prompts": [{"text": "a barn"}], "seed": seed}))
            _, body = answer(sock)
            seeds.append(json.loads(body)["artifacts"][0]["seed"])

    assert seeds == list(range(1, 11))


def test_requests_may_wait_behind_each_other(server: Server, make_proxy: MakeProxy) -> None:
    """Three requests sent at once through one tunnel are answered in their order."""
    together = b"".join(request(server, {"text_prompts": [{"text": "a barn"}], "seed": seed}) for seed in (7, 8, 9))

    with make_proxy(server.url).tunnel() as sock:
        sock.sendall(together)
        bodies = [json.loads(answer(sock)[1]) for _ in range(3)]

    assert [body["artifacts"][0]["seed"] for body in bodies] == [7, 8, 9]


def test_a_client_may_ask_before_it_sends(server: Server, make_proxy: MakeProxy) -> None:
    """``Expect: 100-continue`` is answered before the body is sent, as the real service does."""
    whole = request(server, {"text_prompts": [{"text": "a barn"}]}, "Expect: 100-continue")
    head, _, body = whole.partition(b"\r\n\r\n")

    with make_proxy(server.url).tunnel() as sock:
        sock.sendall(head + b"\r\n\r\n")
        interim = until(sock, b"\r\n\r\n")
        sock.sendall(body)
        final, _ = answer(sock)

    assert interim.startswith(b"HTTP/1.1 100 ")
    assert final.startswith(b"HTTP/1.1 200 ")


def test_a_body_may_come_in_chunks(server: Server, make_proxy: MakeProxy) -> None:
    """A body without a length, in pieces of one byte, is read like any other."""
    body = json.dumps({"text_prompts": [{"text": "a barn"}]}).encode()
    chunks = b"".join(b"1\r\n%b\r\n" % body[at : at + 1] for at in range(len(body))) + b"0\r\n\r\n"
    head = (
        f"POST {ROUTE} HTTP/1.1\r\nHost: {HOST}\r\nAuthorization: {server.key}\r\n"
        "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    )

    with make_proxy(server.url).tunnel() as sock:
        sock.sendall(head.encode() + chunks)
        final, _ = answer(sock)

    assert final.startswith(b"HTTP/1.1 200 ")


def test_a_body_that_is_too_large_is_refused_in_words(server: Server, make_proxy: MakeProxy) -> None:
    """30 MB get Understudy's own 413 through the tunnel, not a broken connection."""
    body = {"text_prompts": [{"text": "a" * 30_000_000}]}

    with make_proxy(server.url).tunnel() as sock:
        sock.sendall(request(server, body))
        head, content = answer(sock)

    assert head.startswith(b"HTTP/1.1 413 ")
    assert set(json.loads(content)) == {"id", "message", "name"}


def test_twenty_clients_at_once(server: Server, make_proxy: MakeProxy) -> None:
    """Twenty tunnels that draw at the same time each get the picture of their own seed."""
    proxy = make_proxy(server.url)

    def draw(seed: int) -> int:
        with proxy.tunnel() as sock:
            sock.sendall(request(server, {"text_prompts": [{"text": "a barn"}], "seed": seed}))
            return int(json.loads(answer(sock)[1])["artifacts"][0]["seed"])

    with ThreadPoolExecutor(20) as crowd:
        assert list(crowd.map(draw, range(1, 21))) == list(range(1, 21))


def test_more_clients_than_there_are_places_wait_in_line(server: Server, make_proxy: MakeProxy) -> None:
    """With two places all of ten clients are served, two at a time."""
    proxy = make_proxy(server.url, connections=2)

    def ask(_: int) -> bytes:
        with proxy.tunnel() as sock:
            sock.sendall(f"GET /v1/user/balance HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
            return answer(sock)[0][:12]

    with ThreadPoolExecutor(10) as crowd:
        assert set(crowd.map(ask, range(10))) == {b"HTTP/1.1 401"}


@pytest.mark.parametrize("rudely", [False, True], ids=["closes", "resets"])
def test_a_client_that_leaves_is_gone_for_the_server_too(make_proxy: MakeProxy, rudely: bool) -> None:
    """The server learns at once that nobody waits for its answer any more."""
    with Pretence(lambda sock, server: server.wait_for_the_end(sock)) as server:
        sock = make_proxy(server.url).tunnel()
        sock.sendall(b"GET / HTTP/1.1\r\n")
        wait_until(lambda: server.received.endswith(b"\r\n"))
        if rudely:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        sock.close()
        assert server.broken.wait(PATIENCE)


def test_a_client_that_hangs_up_pays_nothing(make_server: Callable[..., Server], make_proxy: MakeProxy) -> None:
    """Credits of pictures that a client did not wait for go back, as without the proxy."""
    server = make_server(UNDERSTUDY_CREDITS="100", UNDERSTUDY_GENERATIONS="1")
    client = Client(server.url)
    proxy = make_proxy(server.url)
    slow = {"text_prompts": [{"text": "a train"}], "width": 1024, "height": 1024, "samples": 10, "steps": 30}

    for _ in range(3):
        sock = proxy.tunnel()
        sock.sendall(request(server, slow))
        wait_until(lambda: client.balance() < 100)
        sock.close()
        wait_until(lambda: client.balance() == 100)

    assert client.balance() == 100


def test_an_empty_reply_stays_empty(make_proxy: MakeProxy) -> None:
    """A server that closes without a word does so for the client as well, with the farewell of TLS."""

    def behave(sock: socket.socket, server: Pretence) -> None:
        server.read(sock, 4)

    with Pretence(behave) as server, make_proxy(server.url).tunnel() as sock:
        sock.sendall(b"ask!")
        assert everything(sock) == b""


def test_a_reset_stays_a_reset(make_proxy: MakeProxy) -> None:
    """A server that breaks the connection off breaks off the client's."""

    def behave(sock: socket.socket, server: Pretence) -> None:
        server.read(sock, 4)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    with Pretence(behave) as server, make_proxy(server.url).tunnel() as sock:
        sock.sendall(b"ask!")
        with socket.socket(fileno=os.dup(sock.fileno())) as below_tls:
            below_tls.settimeout(PATIENCE)
            with pytest.raises(ConnectionResetError):
                everything(below_tls)


def test_a_client_that_takes_nothing_is_left(make_proxy: MakeProxy) -> None:
    """One that stops reading in mid-answer loses its place after a while, and the server its connection."""

    def behave(sock: socket.socket, server: Pretence) -> None:
        with contextlib.suppress(ConnectionError):
            while True:
                sock.sendall(bytes(1_000_000))
        server.broken.set()

    with Pretence(behave) as server, make_proxy(server.url, write_seconds=0.3).tunnel() as sock:
        sock.sendall(b"ask!")
        assert server.broken.wait(PATIENCE)

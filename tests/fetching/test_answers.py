"""Answers that are taken, and all others: too large, too slow, packed, broken, of other hosts."""

from __future__ import annotations

import asyncio
import gzip
import socket
import ssl
import threading
import time
from contextlib import suppress

import pytest

from app.fetching import fetcher
from tests.fetching.conftest import NAME
from tests.fetching.hosts import PICTURE, Names, Serve, failed, fetched, host, moved, neighbour, ok, refused

SOON = 0.3
"""Seconds that a test of slowness waits."""


def test_a_body_of_any_framing() -> None:
    """Announced by its length, in chunks, or ended by hanging up: the same bytes."""
    chunks = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n%b\r\na\r\n%b\r\n0\r\n\r\n"
    for answer in (ok(), chunks % (PICTURE[:5], PICTURE[5:]), b"HTTP/1.0 200 OK\r\n\r\n" + PICTURE):
        with host(answer) as there:
            assert fetched(neighbour(), there.url) == PICTURE


def test_bytes_up_to_the_limit() -> None:
    """A body of exactly the limit is taken, one byte more is not, whether announced or not."""
    with host(ok(b"x" * 1000)) as there:
        assert len(fetched(neighbour(1000), there.url)) == 1000
    with host(ok(b"x" * 1001)) as there:
        assert refused(neighbour(1000), there.url) == "too_large"
    with host(b"HTTP/1.0 200 OK\r\n\r\n" + b"x" * 1001) as there:
        assert refused(neighbour(1000), there.url) == "too_large"


def test_an_announced_body_is_not_waited_for() -> None:
    """A length over the limit is refused by the head alone."""

    def announce(connection: socket.socket, _: bytes) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n")
        connection.recv(1)

    with host(announce) as there:
        assert refused(neighbour(1000), there.url) == "too_large"


def test_an_endless_body() -> None:
    """A host that never stops is left as soon as the limit is passed."""
    sent: list[int] = []

    def pour(connection: socket.socket, _: bytes) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            sent.append(connection.send(b"x" * 65_536))

    with host(pour) as there:
        assert refused(neighbour(100_000), there.url) == "too_large"

    assert 100_000 < sum(sent) < 50_000_000  # buffers of the system included


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "identity, gzip", "GZIP"])
def test_packed_answers_are_not_unpacked(encoding: str) -> None:
    """A bomb of a few kilobytes stays packed: nothing with an encoding is taken."""
    bomb = gzip.compress(bytes(10_000_000))
    with host(ok(bomb, f"Content-Encoding: {encoding}")) as there:
        assert refused(neighbour(100_000), there.url) == "encoded"


def test_an_encoding_that_is_none() -> None:
    """Some hosts say outright that nothing is packed."""
    with host(ok(PICTURE, "Content-Encoding: Identity")) as there:
        assert fetched(neighbour(), there.url) == PICTURE


@pytest.mark.parametrize("status", [201, 204, 206, 300, 304, 400, 401, 404, 407, 500, 503])
def test_other_statuses(status: int) -> None:
    """Only 200 is an answer."""
    with host(f"HTTP/1.1 {status} Other\r\nContent-Length: 0\r\n\r\n".encode()) as there:
        assert failed(neighbour(), there.url) == "status"


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"hello\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000 + b"\r\n\r\n",
        b"HTTP/2 200\r\n\r\n",
    ],
)
def test_answers_that_are_no_http(answer: bytes) -> None:
    """Silence, noise, half a body, heads without end: the connection counts as broken."""
    with host(answer) as there:
        assert failed(neighbour(), there.url) == "broken"


def _drip(start: bytes, drop: bytes) -> Serve:
    def drip(connection: socket.socket, _: bytes) -> None:
        connection.sendall(start)
        while True:
            time.sleep(0.01)
            connection.sendall(drop)

    return drip


@pytest.mark.parametrize(
    "slow",
    [
        lambda connection, _: connection.recv(1),
        _drip(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n", b"x"),
        _drip(b"HTTP/1.1 200 OK\r\n", b"X: x\r\n"),
        _drip(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n"),
        _drip(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
    ],
)
def test_slow_hosts(slow: Serve) -> None:
    """Time counts for the whole: a host that sends a byte now and then gains none."""
    with host(slow) as there:
        assert failed(neighbour(seconds=SOON), there.url) == "slow"


def test_time_covers_all_steps() -> None:
    """Redirects that each take their time share the time of one fetch; so does looking up names."""
    names = Names(["127.0.0.1"])

    def later(connection: socket.socket, _: bytes) -> None:
        time.sleep(SOON / 2)
        connection.sendall(moved("/again"))

    with host(later) as there:
        assert failed(neighbour(seconds=SOON, resolve=names), f"http://a.example:{there.port}/") == "slow"
    assert 1 <= len(names.asked) <= 3


def test_nobody_listens() -> None:
    """A port that nobody listens on is unreachable."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

    assert failed(neighbour(), f"http://127.0.0.1:{port}/") == "unreachable"


def test_a_name_with_several_addresses() -> None:
    """Where one address takes no connection, the next is tried; five are too many to try."""
    names = Names(["127.0.0.2", "127.0.0.3", "127.0.0.1"])
    far = Names([*(f"127.0.0.{last}" for last in range(2, 6)), "127.0.0.1"])
    with host(ok()) as there:
        assert fetched(neighbour(resolve=names), f"http://a.example:{there.port}/") == PICTURE
        assert failed(neighbour(resolve=far), f"http://a.example:{there.port}/") == "unreachable"


def test_a_name_that_changes_its_meaning() -> None:
    """A name is looked up once, and the address that was checked is the one that is asked."""
    names = Names(["127.0.0.1"], ["127.0.0.7"], ["169.254.169.254"])
    with host(ok()) as there:
        assert fetched(neighbour(resolve=names), f"http://a.example:{there.port}/") == PICTURE

    assert names.asked == [("a.example", there.port)]


def test_proxies_and_passwords_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Variables and files that lead other programs elsewhere are left alone."""
    with host(ok()) as there, host(ok(b"of the proxy")) as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        assert fetched(neighbour(), there.url) == PICTURE

    assert proxy.heads == []


class TestTLS:
    """Over TLS, the certificate has to be the name's, whatever the address is."""

    def test_the_certificate_of_the_name(self, tls: ssl.SSLContext, trust: ssl.SSLContext) -> None:
        """The name is sent to the host and checked against its certificate, a final dot left out."""
        names = Names(["127.0.0.1"])
        with host(ok(), tls) as there:
            for name in (NAME, f"{NAME}.", NAME.upper()):
                fetcher = neighbour(resolve=names, trust=lambda: trust)
                assert fetched(fetcher, f"https://{name}:{there.port}/") == PICTURE

        assert all(b"\r\nhost: %b:%d\r\n" % (NAME.encode(), there.port) in head.lower() for head in there.heads)

    def test_another_name_at_the_same_address(self, tls: ssl.SSLContext, trust: ssl.SSLContext) -> None:
        """Another name at an address that was trusted before, and the bare address, are not believed."""
        fetcher = neighbour(resolve=Names(["127.0.0.1"]), trust=lambda: trust)
        with host(ok(), tls) as there:
            assert fetched(fetcher, f"https://{NAME}:{there.port}/") == PICTURE
            assert failed(fetcher, f"https://other.example:{there.port}/") == "unreachable"
            assert failed(fetcher, f"https://127.0.0.1:{there.port}/") == "unreachable"

        assert len(there.heads) == 1

    def test_another_name_after_a_redirect(self, tls: ssl.SSLContext, trust: ssl.SSLContext) -> None:
        """A redirect to another name at the same address does not ride on the first one's certificate."""
        fetcher = neighbour(resolve=Names(["127.0.0.1"]), trust=lambda: trust)

        def lead(connection: socket.socket, _: bytes) -> None:
            connection.sendall(moved(f"https://other.example:{there.port}/"))

        with host(lead, tls) as there:
            assert failed(fetcher, f"https://{NAME}:{there.port}/") == "unreachable"

    def test_an_authority_that_nobody_knows(self, tls: ssl.SSLContext) -> None:
        """A certificate of an authority of one's own is not believed."""
        with host(ok(), tls) as there:
            url = f"https://{NAME}:{there.port}/"
            assert failed(neighbour(resolve=Names(["127.0.0.1"])), url) == "unreachable"

    def test_a_host_that_speaks_no_tls(self, trust: ssl.SSLContext) -> None:
        """Plain HTTP where TLS was promised."""
        with host(ok()) as there:
            assert failed(neighbour(trust=lambda: trust), f"https://127.0.0.1:{there.port}/") == "unreachable"

    def test_noise_within_tls(self, tls: ssl.SSLContext, trust: ssl.SSLContext) -> None:
        """A connection that turns to noise in the middle of the body is broken."""

        def spoil(connection: socket.socket, _: bytes) -> None:
            assert isinstance(connection, ssl.SSLSocket)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\nx")
            bare = socket.socket(fileno=socket.dup(connection.fileno()))
            with bare, suppress(OSError):
                bare.sendall(b"\x17\x03\x03\x00\x20" + b"noise" * 8)
                bare.recv(1)

        with host(spoil, tls) as there:
            fetcher = neighbour(resolve=Names(["127.0.0.1"]), trust=lambda: trust)
            assert failed(fetcher, f"https://{NAME}:{there.port}/") == "broken"


class TestRedirects:
    """Each step of a redirect is a URL like the first."""

    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    def test_it_is_followed(self, status: int) -> None:
        """Relative or not, by any of the five statuses; cookies set on the way are forgotten."""

        def lead(connection: socket.socket, head: bytes) -> None:
            to = {b"/": "/one", b"/one": f"{there.url}/two"}.get(head.split()[1])
            start = moved(to, status).replace(b"\r\n", b"\r\nSet-Cookie: a=b; Path=/\r\n", 1) if to else ok()
            connection.sendall(start)

        with host(lead) as there:
            assert fetched(neighbour(), there.url) == PICTURE

        assert [head.split()[1] for head in there.heads] == [b"/", b"/one", b"/two"]
        assert not any(b"cookie" in head.lower() for head in there.heads)

    def test_as_many_as_allowed(self) -> None:
        """Five are followed, the sixth is too many; a loop is no special case."""

        def count(connection: socket.socket, head: bytes) -> None:
            left = int(head.split()[1][1:])
            connection.sendall(moved(f"/{left - 1}") if left else ok())

        with host(count) as there, host(moved("/")) as loop:
            assert fetched(neighbour(), f"{there.url}/5") == PICTURE
            assert refused(neighbour(), f"{there.url}/6") == "redirects"
            assert refused(neighbour(redirects=0), f"{there.url}/1") == "redirects"
            assert refused(neighbour(), loop.url) == "redirects"

        assert len(loop.heads) == 6

    @pytest.mark.parametrize(
        ("location", "reason"),
        [
            ("http://169.254.169.254/latest/meta-data/", "host"),
            ("http://0.0.0.0:{port}/secret", "host"),
            ("//0.0.0.0:{port}/secret", "host"),
            ("http://[::]:{port}/secret", "host"),
            ("http://a:b@127.0.0.1:{port}/secret", "credentials"),
            ("file:///etc/passwd", "scheme"),
            ("http://0x7f000001:{port}/secret", "url"),
            ("http://[/", "url"),
        ],
    )
    def test_it_is_checked_like_the_first(self, location: str, reason: str) -> None:
        """What would not be asked for in the beginning is not asked for after a redirect."""

        def lead(connection: socket.socket, _: bytes) -> None:
            connection.sendall(moved(location.format(port=there.port)))

        with host(lead) as there:
            assert refused(neighbour(), there.url) == reason

        assert len(there.heads) == 1

    def test_a_name_is_looked_up_for_each_step(self) -> None:
        """A name that is harmless in the first step and turns to a forbidden address in the second is refused."""
        names = Names(["127.0.0.1"], ["0.0.0.0"])
        with host(moved("/secret")) as there:
            assert refused(neighbour(resolve=names), f"http://a.example:{there.port}/") == "host"

        assert [head.split()[1] for head in there.heads] == [b"/"]

    def test_from_https_to_http(self, tls: ssl.SSLContext, trust: ssl.SSLContext) -> None:
        """What began over TLS does not end without it."""
        with host(ok()) as plain, host(moved(plain.url), tls) as there:
            fetcher = neighbour(resolve=Names(["127.0.0.1"]), trust=lambda: trust)
            assert refused(fetcher, f"https://{NAME}:{there.port}/") == "downgrade"

        assert plain.heads == []

    def test_it_leads_nowhere(self) -> None:
        """A redirect without a location is no answer."""
        with host(b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n") as there:
            assert failed(neighbour(), there.url) == "status"


def test_only_so_many_at_the_same_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever comes when two are being asked for waits until one has its answer; all get theirs."""
    monkeypatch.setattr(fetcher, "AT_ONCE", 2)
    inside, most, lock = [0], [0], threading.Lock()

    def slowly(connection: socket.socket, _: bytes) -> None:
        with lock:
            inside[0] += 1
            most[0] = max(most[0], inside[0])
        time.sleep(0.05)
        with lock:
            inside[0] -= 1
        connection.sendall(ok())

    async def all_of(url: str) -> list[bytes]:
        asking = neighbour()
        return await asyncio.gather(*(asking.fetch(url) for _ in range(6)))

    with host(slowly) as there:
        bodies = asyncio.run(all_of(there.url))

    assert bodies == [PICTURE] * 6
    assert most == [2]

"""What the proxy refuses: every other host and port, what is no HTTP, and what takes too long."""

from __future__ import annotations

import contextlib
import random
import socket
import ssl

import pytest

from tests.intercept.conftest import MakeProxy
from tests.intercept.proxies import HOST, InThread, Pretence, everything, until
from tests.running import Server


def say(proxy: InThread, words: bytes) -> bytes:
    """What is answered to ``words``, up to the end of the connection."""
    with proxy.dial() as sock:
        with contextlib.suppress(ConnectionError):
            sock.sendall(words)
        return everything(sock)


def connect(host: str) -> bytes:
    """A request for a tunnel."""
    return f"CONNECT {host} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()


def works(proxy: InThread) -> bool:
    """Whether a client of the intercepted host is still served."""
    with proxy.tunnel() as sock:
        sock.sendall(f"GET /v1/user/balance HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
        return until(sock, b"\r\n").startswith(b"HTTP/1.1 401 ")


@pytest.mark.parametrize(
    "target",
    [
        *("example.com:443", "stability.ai:443", "grpc.stability.ai:443", "xapi.stability.ai:443"),
        *(f"{HOST}.example.com:443", f"www.{HOST}:443", "127.0.0.1:443", "[::1]:443", "localhost:22"),
        *(f"{HOST}:80", f"{HOST}:8443", f"{HOST}:22", f"{HOST}:44300", f"{HOST}..:443"),
    ],
)
def test_no_tunnel_leads_anywhere_else(server: Server, make_proxy: MakeProxy, target: str) -> None:
    """Other hosts, and other ports of the intercepted one, get 403 with a sentence that names them."""
    answer = say(make_proxy(server.url), connect(target))

    assert answer.startswith(b"HTTP/1.1 403 Forbidden\r\n")
    assert answer.count(f"nothing was sent to {target.replace('..', '.')}.".encode()) == 1


@pytest.mark.parametrize("form", ["CONNECT {0}", "GET http://{0}/", "GET https://{0}/"])
def test_a_neighbour_is_never_connected_to(server: Server, make_proxy: MakeProxy, form: str) -> None:
    """A server on this very machine, asked for by its address, hears nothing."""
    with Pretence(lambda _sock, _server: None) as neighbour:
        line = form.format(neighbour.url.removeprefix("http://"))
        answer = say(make_proxy(server.url), f"{line} HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
        assert neighbour.connections == 0

    assert answer.startswith(b"HTTP/1.1 403 ")


@pytest.mark.parametrize("host", [HOST.upper(), f"{HOST}."])
def test_a_host_may_be_written_in_other_ways(server: Server, make_proxy: MakeProxy, host: str) -> None:
    """Capitals and the dot at the end of a complete name mean the same host."""
    with make_proxy(server.url).dial() as sock:
        sock.sendall(connect(f"{host}:443"))
        assert until(sock, b"\r\n").startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(
    ("line", "host"),
    [
        ("GET http://example.com/ HTTP/1.1", HOST),
        (f"GET http://{HOST}@example.com/ HTTP/1.1", HOST),
        (f"GET http://{HOST}:8080/ HTTP/1.1", HOST),
        (f"GET http://{HOST}:443/ HTTP/1.1", HOST),
        (f"GET http://example.com?http://{HOST}/ HTTP/1.1", HOST),
        ("GET / HTTP/1.1", "127.0.0.1:8888"),
    ],
)
def test_plain_requests_to_others_are_refused(server: Server, make_proxy: MakeProxy, line: str, host: str) -> None:
    """The address in the request line counts, whatever the field ``Host`` says; without one, that field counts."""
    answer = say(make_proxy(server.url), f"{line}\r\nHost: {host}\r\n\r\n".encode())

    assert answer.startswith(b"HTTP/1.1 403 ")


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        (f"http://{HOST}/v1/engines/list", "/v1/engines/list"),
        (f"http://{HOST}:80/v1/engines/list?a=http://b/#c", "/v1/engines/list?a=http://b/"),
        (f"https://{HOST}/v1/engines/list", "/v1/engines/list"),
        (f"http://{HOST}", "/"),
        (f"http://{HOST}?a=1", "/?a=1"),
        ("/v1/engines/list", "/v1/engines/list"),
    ],
)
def test_plain_requests_to_the_host_are_diverted(make_proxy: MakeProxy, uri: str, path: str) -> None:
    """Understudy gets them as a server does, without what was meant for the proxy, one on each connection."""
    sent = f"POST {uri} HTTP/1.1\r\nProxy-Connection: keep-alive\r\nX-Own: 1\r\nHost: {HOST}\r\n\r\nbody"
    expected = f"POST {path} HTTP/1.1\r\nx-own: 1\r\nhost: {HOST}\r\nConnection: close\r\n\r\nbody"

    def behave(sock: socket.socket, server: Pretence) -> None:
        server.read(sock, len(expected))
        sock.sendall(b"done")

    with Pretence(behave) as server:
        answer = say(make_proxy(server.url), sent.encode())

    assert server.received == expected.encode()
    assert answer == b"done"


def test_a_plain_connection_ends_with_its_answer(server: Server, make_proxy: MakeProxy) -> None:
    """There is no second request on it, which could be meant for another host."""
    answer = say(make_proxy(server.url), f"GET http://{HOST}/v1/user/balance HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())

    assert answer.startswith(b"HTTP/1.1 401 ")
    assert b"\r\nconnection: close\r\n" in answer.lower()


@pytest.mark.parametrize(
    "garbage",
    [
        b"hello\r\n\r\n",
        b"\x05\x01\x00",
        b"\x00" * 1000,
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/1.1\r\nno field\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: api.stability.ai\r\n\r\n",
        b"GET ftp://api.stability.ai/ HTTP/1.1\r\n\r\n",
        b"CONNECT api.stability.ai HTTP/1.1\r\n\r\n",
        b"CONNECT api.stability.ai:99999 HTTP/1.1\r\n\r\n",
        b"CONNECT api.stability.ai:0 HTTP/1.1\r\n\r\n",
        b"CONNECT \xff\xff:443 HTTP/1.1\r\n\r\n",
        b"OPTIONS * HTTP/1.1\r\nHost: api.stability.ai\r\n\r\n",
    ],
)
def test_what_is_no_request_gets_400(server: Server, make_proxy: MakeProxy, garbage: bytes) -> None:
    """Whatever cannot be read is refused at once, and the proxy goes on."""
    proxy = make_proxy(server.url)

    answer = say(proxy, garbage)

    assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert works(proxy)


def test_noise_does_no_harm(server: Server, make_proxy: MakeProxy) -> None:
    """A hundred connections of noise, a third of them behind the first byte of TLS, and the proxy goes on."""
    proxy = make_proxy(server.url, handshake_seconds=0.1)
    chance = random.Random(20_261_121)

    for beginning in (b"", b"\x16\x03\x01", b"CONNECT ") * 33:
        with contextlib.suppress(ConnectionError):
            say(proxy, beginning + chance.randbytes(chance.randrange(1, 2000)) + b"\r\n\r\n")

    assert works(proxy)


@pytest.mark.parametrize("words", [b"", b"CONNECT api.stab", b"CONNECT api.stability.ai:443 HTTP/1.1\r\nHost: a\r\n"])
def test_a_slow_head_is_cut(server: Server, make_proxy: MakeProxy, words: bytes) -> None:
    """A client that does not complete its first lines is told so; one that says nothing is just left."""
    proxy = make_proxy(server.url, head_seconds=0.3)

    answer = say(proxy, words)

    assert answer.startswith(b"HTTP/1.1 408 ") if words else answer == b""
    assert works(proxy)


@pytest.mark.parametrize("words", [b"\x16", b"\x16\x03\x01\x02\x00\x01"])
def test_a_slow_handshake_is_cut(server: Server, make_proxy: MakeProxy, words: bytes) -> None:
    """A client that begins with TLS and does not go on is left."""
    proxy = make_proxy(server.url, handshake_seconds=0.3)

    assert say(proxy, words) == b""
    assert works(proxy)


def test_an_endless_head_is_cut(server: Server, make_proxy: MakeProxy) -> None:
    """A head of a megabyte is refused after 16 kB."""
    proxy = make_proxy(server.url)

    answer = say(proxy, connect(f"{HOST}:443")[:-2] + b"X-Long: " + b"a" * 1_000_000)

    assert answer.startswith(b"HTTP/1.1 431 ")
    assert works(proxy)


def test_a_head_may_come_in_pieces(server: Server, make_proxy: MakeProxy) -> None:
    """Sent byte by byte, a request for a tunnel is read like any other."""
    with make_proxy(server.url).dial() as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in connect(f"{HOST}:443"):
            sock.sendall(bytes([byte]))
        assert until(sock, b"\r\n\r\n").startswith(b"HTTP/1.1 200 ")


def test_tls_for_another_host_is_refused(server: Server, make_proxy: MakeProxy) -> None:
    """A client that wants another host, which its hosts file sends to us, ends in the handshake."""
    proxy = make_proxy(server.url)
    careless = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    careless.check_hostname = False
    careless.verify_mode = ssl.CERT_NONE

    with proxy.dial() as sock, pytest.raises(OSError):  # noqa: PT011 -- how it ends differs between versions of Python
        careless.wrap_socket(sock, server_hostname="example.com")

    assert works(proxy)


def test_no_tls_in_a_tunnel_ends_it(server: Server, make_proxy: MakeProxy) -> None:
    """A tunnel is for TLS: plain HTTP inside ends the connection without an answer."""
    proxy = make_proxy(server.url)

    with proxy.dial() as sock:
        sock.sendall(connect(f"{HOST}:443"))
        until(sock, b"\r\n\r\n")
        sock.sendall(b"GET / HTTP/1.1\r\n\r\n")
        assert b"HTTP/" not in everything(sock)

    assert works(proxy)


def test_a_client_may_hurry(server: Server, make_proxy: MakeProxy) -> None:
    """One that begins its handshake before the tunnel is confirmed loses nothing of it."""
    proxy = make_proxy(server.url)
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    hurried = ssl.create_default_context(cafile=str(proxy.cabinet.ca)).wrap_bio(
        incoming, outgoing, server_hostname=HOST
    )
    with pytest.raises(ssl.SSLWantReadError):
        hurried.do_handshake()

    with proxy.dial() as sock:
        sock.sendall(connect(f"{HOST}:443") + outgoing.read())
        assert until(sock, b"\r\n\r\n").startswith(b"HTTP/1.1 200 ")
        incoming.write(sock.recv(65_536))
        while True:
            try:
                hurried.do_handshake()
                break
            except ssl.SSLWantReadError:
                incoming.write(sock.recv(65_536))

    assert hurried.version() == "TLSv1.3"


def test_without_understudy_a_client_is_told(make_proxy: MakeProxy) -> None:
    """Where nothing listens behind the proxy, a request gets 502 with the address that was tried."""
    with make_proxy("http://127.0.0.1:9").tunnel() as sock:
        sock.sendall(f"GET /v1/engines/list HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
        answer = everything(sock)

    assert answer.startswith(b"HTTP/1.1 502 Bad Gateway\r\n")
    assert answer.endswith(b"Understudy does not answer at http://127.0.0.1:9.\n")

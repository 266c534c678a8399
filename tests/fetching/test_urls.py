"""What is refused before anybody is asked, and how a URL is read."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Callable
from contextlib import suppress
from ipaddress import ip_address

import httpx
import pytest
import uvloop
from hypothesis import given
from hypothesis import strategies as st

from app.errors import FetchRefused
from app.fetching.fetcher import Fetcher, look_up
from app.fetching.target import aim
from tests.fetching.hosts import PICTURE, Names, fetched, host, neighbour, ok, refused, stranger

PUBLIC = ["93.184.215.14"]


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        *(
            (url, "scheme")
            for url in ("ftp://a.example/x", "file:///etc/passwd", "data:image/png;base64,AAAA", "gopher:")
        ),
        *(
            (url, "scheme")
            for url in ("", " http://a.example/", "a.example/x.png", "//a.example/x", "unix:///run/x.sock")
        ),
        *((url, "url") for url in ("http:", "http:x", "http:///x", "https://", "http://?", "http://#a", "http://:80/")),
        *(
            (url, "url")
            for url in ("http://a b.example/", "http://a.example\n/", "http://a.example/\x00", "http://[::1")
        ),
        *((url, "url") for url in ("http://a..example/", "http://.example/", "http://a.example%00.b.example/")),
        *(
            (url, "url")
            for url in ("http://[fe80::1%25eth0]/", "http://[2606::1%1]/", "http://[v1.x]/", "http://%31%32%37.0.0.1/")
        ),
        *(
            (url, "url")
            for url in (f"http://{'a' * 64}.example/", f"http://{'a.' * 127}example/", "http://a.example:b/")
        ),
        ("http://a.example/" + "x" * 8192, "url"),
        *((url, "credentials") for url in ("http://a@b.example/", "http://a:b@c.example/", "https://:b@c.example/")),
        *((url, "credentials") for url in ("http://a.example\\@127.0.0.1/", "http://a.example:80@127.0.0.1/")),
        *((url, "port") for url in ("http://a.example:22/", "http://a.example:8080/", "https://a.example:0/")),
        *((url, "port") for url in ("http://a.example:99999/", "http://a.example:65616/")),  # 65616 is 80 in 16 bits
    ],
)
def test_urls_that_are_not_asked_for(url: str, reason: str) -> None:
    """Other schemes, passwords, other ports and what is no URL: refused by its reason, without a look at names."""
    names = Names(PUBLIC)

    assert refused(stranger(resolve=names), url) == reason
    assert names.asked == []


@pytest.mark.parametrize(
    "spelling",
    [
        *("2130706433", "0x7f000001", "0x7f.0.0.1", "0177.0.0.1", "017700000001", "127.1", "127.0.1", "0", "0x"),
        *("127.0.0.01", "1.2.3.4.5", "256.0.0.1", "a.example.1", "93.184.215.14.0x", "①②⑦.0.0.1"),
    ],
)
@pytest.mark.parametrize("make", [stranger, neighbour])
def test_ipv4_in_disguise(spelling: str, make: Callable[[], Fetcher]) -> None:
    """IPv4 as one number, octal, hexadecimal or with parts left out is no host, not even where private ones are."""
    assert refused(make(), f"http://{spelling}/") == "url"


@pytest.mark.parametrize(
    "written",
    [
        *("127.0.0.1", "127.0.0.1.", "127。0。0。1", "127.9.9.9", "0.0.0.0", "10.0.0.1", "169.254.169.254"),
        *("[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[0:0:0:0:0:ffff:127.0.0.1]", "[fd00::1]"),
        *("[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[fe80::1]", "localhost", "LOCALHOST", "localhost."),
    ],
)
def test_hosts_of_this_network(written: str) -> None:
    """The computer itself and its neighbours are refused, in whatever form, by the system's own resolver."""
    assert refused(stranger(), f"http://{written}/") == "host"
    assert refused(stranger(), f"https://{written}/") == "host"


def test_a_name_is_refused_if_one_of_its_addresses_is() -> None:
    """A public address beside a private one does not help."""
    for answer in (["93.184.215.14", "127.0.0.1"], ["2606:4700:4700::1111", "::1"], ["10.0.0.1"], ["::ffff:10.0.0.1"]):
        assert refused(stranger(resolve=Names(answer)), "http://a.example/") == "host"


def test_unknown_names_and_private_ones_look_alike() -> None:
    """What does not exist and what exists in the owner's network is refused in the same words."""
    unknown = Names(socket.gaierror(socket.EAI_NONAME, "not known")), Names([]), Names(UnicodeError()), Names(["?"])

    told = set()
    for names in (*unknown, Names(["10.0.0.1"])):
        with pytest.raises(Exception) as raised:  # noqa: PT011
            fetched(stranger(resolve=names), "http://a.example/")
        told.add((type(raised.value).__name__, str(raised.value)))

    assert len(told) == 1


def test_path_and_query_arrive_as_they_were_written() -> None:
    """Escapes stay escapes, the query stays, the fragment is nobody's business."""
    with host(ok()) as there:
        assert fetched(neighbour(), f"{there.url}/a%2Fb%20c/d.png?x=%26&y=1#part") == PICTURE

    assert there.heads[0].split(b"\r\n")[0] == b"GET /a%2Fb%20c/d.png?x=%26&y=1 HTTP/1.1"


def test_what_a_host_is_told() -> None:
    """The host's name with its port, who asks, and that nothing may be packed; nothing else."""
    names = Names(["127.0.0.1"])
    with host(ok()) as there:
        fetched(neighbour(resolve=names), f"HTTP://Bücher.Example.:{there.port}/x")

    lines = dict(line.split(": ", 1) for line in there.heads[0].decode().strip().split("\r\n")[1:])
    assert {name.lower(): value for name, value in lines.items()} == {
        "host": f"xn--bcher-kva.example:{there.port}",
        "accept": "image/*",
        "accept-encoding": "identity",
        "connection": "close",
        "user-agent": "understudy",
    }
    assert names.asked == [("xn--bcher-kva.example", there.port)]


def test_an_ipv6_address() -> None:
    """A host may be an IPv6 address, in brackets."""
    with host(ok(), family=socket.AF_INET6) as there:
        assert fetched(neighbour(), f"http://[::1]:{there.port}/") == PICTURE

    assert b"\r\nhost: [::1]:%d\r\n" % there.port in there.heads[0].lower()


@pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_the_systems_resolver(loop: Callable[[], asyncio.AbstractEventLoop]) -> None:
    """Names are looked up without blocking, on the loop that the server runs on and on Python's own."""
    with asyncio.Runner(loop_factory=loop) as runner:
        found = runner.run(look_up("localhost", 80))

    assert set(found) <= {"127.0.0.1", "::1"}
    assert len(found) == len(set(found)) > 0


words = "http https ftp : / // @ [ ] ::1 % %00 ? # \\ . .. 127.0.0.1 a.example xn-- xn--a bücher 。 80 :80 65536 0x7f -"
pieces = st.sampled_from([*words.split(), " ", "\u00ad", "\u200d", "\ud800"])
hosts = [st.text(max_size=20).map(start.__add__) for start in ("http://", "//")]


@given(st.one_of(st.text(max_size=40), st.lists(pieces, max_size=12).map("".join), *hosts))
def test_no_text_is_too_strange(url: str) -> None:
    """Whatever callers or redirects say is either asked for, by a host that is written plainly, or refused by name."""
    for base in (None, httpx.URL("https://a.example/b")):
        with suppress(FetchRefused):
            target = aim(url, base, every_port=True)
            assert target.address or re.fullmatch(r"[a-z0-9_.-]+", target.host)
            assert 0 < target.port < 65_536
            assert httpx.Request("GET", target.at(ip_address("127.0.0.1"))).url.host == "127.0.0.1"

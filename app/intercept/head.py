"""The first lines that a client sends to a proxy, read off its socket without taking a byte too many.

What follows the head (TLS, or a body) stays in the socket for whoever reads on.
"""

from __future__ import annotations

import asyncio
import re
import socket
from dataclasses import dataclass

END = b"\r\n\r\n"
REQUEST_LINE = re.compile(rb"([A-Z]{1,20}) ([!-~]+) HTTP/(1\.[01])")
FIELD = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*([^\x00\r\n]*)")
ADDRESS = re.compile(r"(?P<host>[^\s:/@\[\]]+|\[[0-9A-Fa-f:.]+\]):(?P<port>[0-9]{1,5})")
PATH = re.compile("(?=[/?#])")
"""Where the path of an absolute address begins, or what may stand in its place."""
HANDSHAKE = 0x16
"""The first byte of a client that begins with TLS."""
PORTS = {"http": 80, "https": 443}
FOR_THE_PROXY = {
    *(b"connection", b"keep-alive", b"proxy-connection", b"proxy-authorization", b"te"),
    *(b"upgrade", b"http2-settings"),
}
"""Fields that are meant for the next hop, not for the server."""


class NotHttp(Exception):
    """What was sent is not the beginning of an HTTP/1 request; the message says why."""


class HeadTooLarge(Exception):
    """The head did not end within the bytes that one may have."""


class Gone(Exception):
    """The client left before its request was complete."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a request wants to go; ``host`` in small letters and without a dot at its end."""

    host: str
    port: int
    scheme: str = "https"

    @property
    def has_the_usual_port(self) -> bool:
        """Whether the port is the one of its scheme."""
        return self.port == PORTS[self.scheme]

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Head:
    """A request line and its fields, their names in small letters."""

    method: bytes
    uri: bytes
    version: bytes
    fields: tuple[tuple[bytes, bytes], ...]

    @property
    def tunnels(self) -> bool:
        """Whether a tunnel is asked for."""
        return self.method == b"CONNECT"

    def target(self) -> Target:
        """Where it wants to go: by the address in the request line, else by ``Host``. Raises ``NotHttp``."""
        uri = self.uri.decode("ascii")
        if self.tunnels:
            return _target(uri, "https")
        if self.uri.startswith(b"/"):
            named = [value for name, value in self.fields if name == b"host"]
            return _target(_with_port(named[0].strip().decode("latin-1") if len(named) == 1 else "", "http"), "http")
        scheme, _, rest = uri.partition("://")
        if scheme.lower() not in PORTS:
            raise NotHttp(f"{uri[:80]!r} is no address of the web")
        authority = PATH.split(rest, maxsplit=1)[0].rpartition("@")[2]
        return _target(_with_port(authority, scheme.lower()), scheme.lower())

    def for_the_server(self) -> bytes:
        """The same request as a server wants it, the last one of its connection."""
        uri = self.uri
        if not uri.startswith(b"/"):
            rest = uri.decode("ascii").partition("://")[2]
            path = rest[len(PATH.split(rest, maxsplit=1)[0]) :].partition("#")[0]
            uri = (path if path.startswith("/") else f"/{path}").encode()
        kept = [b"%b: %b" % (name, value) for name, value in self.fields if name not in FOR_THE_PROXY]
        first = b"%b %b HTTP/%b" % (self.method, uri, self.version)
        return b"\r\n".join([first, *kept, b"Connection: close", b"", b""])


async def begins_with_tls(sock: socket.socket) -> bool:
    """Whether the client's first byte is that of a TLS handshake. Raises ``Gone``."""
    first = await _look(sock, 1)
    return first[0] == HANDSHAKE


async def read_head(sock: socket.socket, limit: int) -> Head:
    """Take the head off the socket. Raises ``NotHttp``, ``HeadTooLarge`` over ``limit`` bytes, or ``Gone``."""
    head = bytearray()
    while not head.endswith(END):
        if len(head) >= limit:
            raise HeadTooLarge
        seen = await _look(sock, limit - len(head))
        if not head and not 65 <= seen[0] <= 90:
            raise NotHttp("it does not begin with a method")
        overlap = len(END) - 1
        found = (head[-overlap:] + seen).find(END)
        size = len(seen) if found < 0 else found + len(END) - min(len(head), overlap)
        head += sock.recv(size)
    return parse(bytes(head))


def parse(head: bytes) -> Head:
    """Read a complete head. Raises ``NotHttp``."""
    first, *lines = head.removesuffix(END).split(b"\r\n")
    request = REQUEST_LINE.fullmatch(first)
    if request is None:
        raise NotHttp("its first line is not a request line of HTTP/1")
    fields = []
    for line in lines:
        field = FIELD.fullmatch(line)
        if field is None:
            raise NotHttp("it has a header that is none")
        fields.append((field[1].lower(), field[2]))
    return Head(request[1], request[2], request[3], tuple(fields))


def normal(host: str) -> str:
    """A host as it is compared."""
    return host.lower().removesuffix(".")


def _target(address: str, scheme: str) -> Target:
    found = ADDRESS.fullmatch(address)
    if found is None or not 0 < int(found["port"]) < 65536:
        raise NotHttp(f"{address[:80]!r} is no host with a port")
    return Target(normal(found["host"]), int(found["port"]), scheme)


def _with_port(address: str, scheme: str) -> str:
    return address if re.search(r":[0-9]*$", address) else f"{address}:{PORTS[scheme]}"


async def _look(sock: socket.socket, size: int) -> bytes:
    """What the socket holds, without taking it; waits until there is something."""
    await _readable(sock)
    seen = sock.recv(size, socket.MSG_PEEK)
    if not seen:
        raise Gone
    return seen


async def _readable(sock: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    readable = loop.create_future()

    def tell() -> None:
        if not readable.done():
            readable.set_result(None)

    loop.add_reader(sock, tell)
    try:
        await readable
    finally:
        loop.remove_reader(sock)

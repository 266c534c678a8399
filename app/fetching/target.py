"""A URL that may be asked for, read once: what was checked is what is sent.

Hosts are names or addresses as they are commonly written. IPv4 in octal, in hexadecimal, as one number or with parts
left out is refused: programs disagree on what it means, and nobody writes it who has nothing to hide.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

import httpx

from app.errors import FetchRefused
from app.fetching.addresses import Address

LONGEST = 8192
"""Characters of a URL; signed ones of object stores have two thousand."""
PORTS = {"http": 80, "https": 443}

_NAME = re.compile(r"(?=.{1,253}$)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*")
_NUMBER = re.compile(r"\d+|0x[0-9a-f]*")


@dataclass(frozen=True, slots=True)
class Target:
    """What to ask for; ``host`` is in ASCII and without a final dot, ``address`` is None where it is a name."""

    url: httpx.URL
    host: str
    port: int
    address: Address | None

    @property
    def secure(self) -> bool:
        """Whether it is asked for over TLS."""
        return self.url.scheme == "https"

    @property
    def header(self) -> str:
        """The value for ``Host``."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.url.scheme] else f"{host}:{self.port}"

    def at(self, address: Address) -> httpx.URL:
        """The same, at ``address``."""
        return self.url.copy_with(host=str(address), port=self.port, fragment=None)


def aim(url: str, base: httpx.URL | None, *, every_port: bool) -> Target:
    """Read ``url``, which may be relative to ``base``. Raises ``FetchRefused``."""
    if len(url) > LONGEST:
        raise FetchRefused("url", f"the URL has more than {LONGEST} characters")
    try:
        read = base.join(url) if base else httpx.URL(url)
        scheme, host, port = read.scheme, read.raw_host.decode("ascii").removesuffix("."), read.port
    except (httpx.InvalidURL, ValueError):
        raise FetchRefused("url", "the URL cannot be read") from None
    if scheme not in PORTS:
        raise FetchRefused("scheme", "the URL starts with neither http:// nor https://")
    if read.userinfo:
        raise FetchRefused("credentials", "the URL holds a user name or a password")
    port = PORTS[scheme] if port is None else port
    if not (0 < port < 65_536 if every_port else port in PORTS.values()):
        raise FetchRefused("port", "the URL names a port other than 80 and 443")
    return Target(read, host, port, _address(host))


def _address(host: str) -> Address | None:
    """The address that ``host`` is, or None for a name. Raises ``FetchRefused``."""
    if _NAME.fullmatch(host) and not _NUMBER.fullmatch(host.rpartition(".")[2]):
        return None
    try:
        if "%" not in host:  # Zones of IPv6 are about links of the asking computer.
            return ipaddress.ip_address(host)
    except ValueError:
        pass
    raise FetchRefused("url", "the URL names no host, or not in a usual way")

"""Which IP addresses may be asked on a caller's behalf.

The networks are those of IANA's special-purpose registries (RFC 6890 and its updates). ``is_global`` alone is not
enough: it follows the Python release, counts multicast in, and sees a private IPv4 address inside an IPv6 one only
where that is mapped.
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, ip_network

Address = IPv4Address | IPv6Address

NEVER = tuple(
    map(
        ip_network,
        (
            "0.0.0.0/8",  # connects to this computer, like ::
            "169.254.0.0/16",  # link-local, where most clouds serve credentials
            "224.0.0.0/4",  # multicast
            "240.0.0.0/4",  # reserved, and the broadcast address
            "100.100.100.200/32",  # metadata of Alibaba Cloud
            "168.63.129.16/32",  # Azure's host, which looks like a public address
            "192.0.0.192/32",  # metadata of Oracle Cloud
            "::/128",
            "fe80::/10",
            "ff00::/8",
            "fd00:ec2::254/128",  # metadata of AWS
            "fd20:ce::254/128",  # metadata of Google Cloud
        ),
    )
)
"""Refused even where private addresses are allowed: no picture is there, but credentials may be."""

SPECIAL = tuple(
    map(
        ip_network,
        (
            "192.0.0.0/24",  # IETF protocol assignments
            "192.88.99.0/24",  # relays of 6to4
            "2001::/23",  # IETF protocol assignments, among them Teredo, which holds an IPv4 address
            "2002::/16",  # 6to4, which holds another
            "3fff::/20",  # documentation; Python knows it only since 3.13
        ),
    )
)
"""Not public, whatever ``is_global`` says."""

UNICAST = ip_network("2000::/3")
"""All IPv6 addresses that have been given to anybody for use on the Internet."""
NAT64 = ip_network("64:ff9b::/96")
"""Where networks without IPv4 show the IPv4 Internet (RFC 6052)."""


def may_be_asked(address: Address, *, private: bool) -> bool:
    """Whether ``address`` is a public one or, with ``private``, any that a neighbour could have."""
    if any(one in network for one in (address, *_inside(address)) for network in NEVER):
        return False
    return private or _public(address)


def _public(address: Address) -> bool:
    if any(address in network for network in SPECIAL):
        return False
    if isinstance(address, IPv4Address):
        return address.is_global
    shown = address.ipv4_mapped or (_low(address) if address in NAT64 else None)
    return _public(shown) if shown else address in UNICAST and address.is_global


def _inside(address: Address) -> Iterator[IPv4Address]:
    """The IPv4 addresses that an IPv6 address may lead to: mapped, by NAT64, 6to4 or Teredo."""
    if isinstance(address, IPv4Address):
        return
    if address in NAT64:
        yield _low(address)
    yield from filter(None, (address.ipv4_mapped, address.sixtofour, *(address.teredo or ())))


def _low(address: IPv6Address) -> IPv4Address:
    return IPv4Address(int(address) & 0xFFFFFFFF)

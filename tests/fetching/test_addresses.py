"""Which addresses may be asked, against a list of our own of what the registries of IANA set apart."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.fetching.addresses import may_be_asked

APART = [
    ip_network(one)
    for one in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
        *("192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24"),
        *("203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4", "168.63.129.16/32"),
    )
]
"""IPv4 networks that are nobody's public addresses, and Azure's host."""

FORMS = (
    "::ffff:0:0/96",  # mapped
    "64:ff9b::/96",  # NAT64
)
TUNNELS = ("2002::/16", "2001::/32", "::/96", "64:ff9b:1::/48", "fe80::/10", "fc00::/7", "fec0::/10", "ff00::/8")

v4 = st.one_of(
    st.ip_addresses(v=4), *(st.ip_addresses(network=net) for net in APART), st.just(IPv4Address("168.63.129.16"))
)


@given(v4)
def test_public_is_what_no_registry_sets_apart(address: IPv4Address) -> None:
    """Callers reach exactly the IPv4 addresses outside of all special networks."""
    assert may_be_asked(address, private=False) == (not any(address in net for net in APART))


@given(v4, st.sampled_from(FORMS), st.booleans())
def test_an_address_in_another_form_is_the_same_address(address: IPv4Address, form: str, private: bool) -> None:
    """An IPv4 address written as IPv6, mapped or by NAT64, gets callers no further than the plain one."""
    written = IPv6Address(int(IPv6Network(form).network_address) | int(address))

    if private:
        assert may_be_asked(written, private=True) == may_be_asked(address, private=True)
    else:
        assert may_be_asked(written, private=False) == may_be_asked(address, private=False)


@given(st.sampled_from(TUNNELS).flatmap(lambda net: st.ip_addresses(network=net)))
def test_tunnels_and_neighbours_are_not_public(address: IPv6Address) -> None:
    """No address of a tunnel, a link, a site or a group is public, whatever it leads to."""
    assert not may_be_asked(address, private=False)


@given(st.ip_addresses())
def test_what_is_public_is_never_taken_away(address: IPv4Address | IPv6Address) -> None:
    """Allowing private addresses only ever adds some."""
    assert may_be_asked(address, private=True) or not may_be_asked(address, private=False)


@given(st.ip_addresses(v=6).filter(lambda one: one not in ip_network("2000::/3")))
def test_only_addresses_that_were_given_to_somebody(address: IPv6Address) -> None:
    """Of IPv6, only 2000::/3 is public, and public IPv4 in its other forms."""
    inner = any(address in ip_network(form) for form in FORMS)

    assert inner or not may_be_asked(address, private=False)


@pytest.mark.parametrize(
    "written", ["8.8.8.8", "1.1.1.1", "93.184.215.14", "2606:4700:4700::1111", "2a00:1450:4001:82a::200e"]
)
def test_known_public_addresses(written: str) -> None:
    """Addresses of well-known public hosts may be asked."""
    assert may_be_asked(ip_address(written), private=False)


@pytest.mark.parametrize("written", ["127.0.0.1", "10.1.2.3", "192.168.0.1", "::1", "fd12:3456::1", "::ffff:10.0.0.1"])
def test_neighbours_where_they_are_allowed(written: str) -> None:
    """Private and loopback addresses may be asked exactly where the owner allows it."""
    assert may_be_asked(ip_address(written), private=True)
    assert not may_be_asked(ip_address(written), private=False)


@pytest.mark.parametrize(
    "written",
    [
        *("169.254.169.254", "169.254.170.2", "168.63.129.16", "100.100.100.200", "192.0.0.192", "fd00:ec2::254"),
        *("fd20:ce::254", "0.0.0.0", "0.1.2.3", "::", "255.255.255.255", "224.0.0.1", "240.0.0.1", "ff02::1"),
        *("fe80::1", "fe80::1%1", "::ffff:169.254.169.254", "::ffff:0.0.0.0", "64:ff9b::a9fe:a9fe"),
        *("2002:a9fe:a9fe::1", "2001:0:4136:e378:8000:63bf:5601:5601"),
    ],
)
def test_what_is_never_asked(written: str) -> None:
    """Metadata, links, groups and nobody's addresses are refused even where private ones are allowed."""
    assert not may_be_asked(ip_address(written), private=True)
    assert not may_be_asked(ip_address(written), private=False)

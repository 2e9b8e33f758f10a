"""Addresses, networks and origins as texts."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynmap.hosts import address_of, is_within, name_of, network_of, origin_of, without_default_port


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10.0.0.0/8", "10.0.0.0/8"),
        (" 10.1.2.3/8 ", "10.0.0.0/8"),
        ("192.0.2.7", "192.0.2.7/32"),
        ("2001:db8::/32", "2001:db8::/32"),
    ],
)
def test_networks(text: str, expected: str) -> None:
    assert str(network_of(text)) == expected


@pytest.mark.parametrize("text", ["", "10.0.0.0/33", "localhost", "10.0.0.0-10.0.0.9", "*"])
def test_what_is_no_network(text: str) -> None:
    with pytest.raises(ValueError, match="is neither an address nor a network such as"):
        network_of(text)


def test_an_address_is_the_same_whatever_socket_shows_it() -> None:
    assert address_of("::ffff:192.0.2.1") == address_of("192.0.2.1") == ipaddress.ip_address("192.0.2.1")
    assert address_of("fe80::1%eth0") == ipaddress.ip_address("fe80::1")
    assert address_of("unix:") is None
    private = [network_of("192.0.2.0/24")]
    address = address_of("::ffff:192.0.2.1")
    assert address is not None
    assert is_within(address, private)
    assert not is_within(ipaddress.ip_address("2001:db8::1"), private)


@given(st.text())
def test_whatever_a_proxy_writes_is_an_address_or_none(text: str) -> None:
    address_of(text)
    name_of(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://Map.Example.com", "https://map.example.com"),
        ("https://map.example.com:443/", "https://map.example.com"),
        ("http://map.example.com:80", "http://map.example.com"),
        ("http://map.example.com:443", "http://map.example.com:443"),
        ("http://[::1]:8080", "http://[::1]:8080"),
    ],
)
def test_origins_are_as_browsers_write_them(text: str, expected: str) -> None:
    assert origin_of(text) == expected


@pytest.mark.parametrize(
    "text", ["*", "null", "map.example.com", "ftp://a", "https://", "https://me@a", "https://[x"]
)
def test_what_is_no_origin(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no origin such as|IPv6|netloc"):
        origin_of(text)


def test_more_than_an_origin_says_which_part_is_one() -> None:
    with pytest.raises(ValueError, match=r"is more than an origin: https://a\.example is one"):
        origin_of("https://a.example/map?x")


def test_hosts() -> None:
    assert [name_of(host) for host in ("A.example:80", "a.example", "[::1]:80", "[::1]", "::1", "1.2.3.4:5")] == [
        "a.example", "a.example", "::1", "::1", "::1", "1.2.3.4",
    ]  # fmt: skip
    assert without_default_port("a:443", "https") == "a"
    assert without_default_port("a:443", "http") == "a:443"

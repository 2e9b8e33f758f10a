"""Promise 4: no address gets into an example."""

from __future__ import annotations

import ipaddress
import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dynmap.pipeline.mask import MASKED, MAX_EXAMPLE, mask

ADDRESSES = st.ip_addresses()


def writings(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> list[str]:
    """Ways to write an address that a log may hold."""
    text = str(address)
    if address.version == 4:
        return [
            text,
            text.replace(".", "-"),
            text.replace(".", "_"),
            text.replace(".", "%2e"),
            f"::ffff:{text}",
            text + ":80",
        ]
    return [
        text,
        address.exploded,
        text.upper(),
        f"[{text}]:443",
        text.replace(":", "%3A"),
        text.replace(":", "\\u003a"),
        address.exploded.replace(":", "-"),
        f"{text}%eth0",
    ]


def digits(text: str) -> str:
    """What identifies an address, without separators."""
    return re.sub(r"[^0-9a-f]", "", text.lower())


@given(ADDRESSES, st.text(max_size=30), st.text(max_size=30))
@settings(max_examples=500)
@example(ipaddress.ip_address("1.2.3.4"), "x", "y")
def test_no_address_is_left(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
    before: str,
    after: str,
) -> None:
    for text in writings(address):
        shown = mask(f"{before}{text}{after}".encode("utf-8", "replace"))
        assert text not in shown
        assert str(address) not in shown
        alone = mask(f'{{"ip":"{text}"}}'.encode())
        assert not re.search(r"\d+[._-]\d+[._-]\d+", alone.replace(MASKED, ""))
        assert len(digits(re.sub("ip|eth0|:80|:443", "", alone))) == 0


@given(st.ip_addresses(v=4), st.integers(0, 15))
def test_an_address_that_is_cut_in_two_is_masked(address: ipaddress.IPv4Address, length: int) -> None:
    text = str(address)[:length]
    if text.count(".") >= 1:
        assert text.rstrip(".") not in mask(b"from " + text.encode(), cut=True)


@given(st.ip_addresses(v=6), st.integers(0, 39))
def test_an_ipv6_address_that_is_cut_in_two_is_masked(address: ipaddress.IPv6Address, length: int) -> None:
    text = str(address)[:length]
    if ":" in text.strip(":"):
        assert text not in mask(b"from " + text.encode(), cut=True)


@given(st.binary(max_size=5000))
def test_an_example_is_short_and_printable(line: bytes) -> None:
    shown = mask(line)
    assert len(shown) <= MAX_EXAMPLE
    assert shown.isprintable()


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (
            b'83.149.9.216 - - [17/May/2015:10:05:03 +0000] "GET / HTTP/1.1"',
            'x.x.x.x - - [17/May/2015:10:05:03 +0000] "GET / HTTP/1.1"',
        ),
        (b"a\x00b\x1b[0m\xff", "a\\x00b\\x1b[0m\ufffd"),
        (b'{"ip":"\\u0031.2.3.4"}', '{"ip":"x.x.x.x"}'),
        (b"ec2-1-2-3-4.example.org", "ecx.x.x.x.example.org"),
        (b"no address, 12:30, 3.14", "no address, 12:30, 3.14"),
    ],
)
def test_what_is_no_address_stays(line: bytes, shown: str) -> None:
    assert mask(line) == shown

"""What is an address agrees with Python's `ipaddress`."""

from __future__ import annotations

import ipaddress
import re

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dynmap.pipeline.events import NO_KEYS, Block
from dynmap.pipeline.formats import read_address
from dynmap.pipeline.kernels_ip import decode_ip
from dynmap.pipeline.memory import address_of

V4 = st.ip_addresses(v=4).map(str)
V6 = st.ip_addresses(v=6).flatmap(
    lambda a: st.sampled_from([str(a), a.exploded, str(a).upper(), _with_tail(a)])
)
_GROUP = st.sampled_from(
    ["", "0", "1", "ffff", "10000", "db8", "00001", "g", "1.2.3.4", "01.2.3.4", "%", "%eth0"]
)
ALMOST_V6 = st.lists(_GROUP, max_size=10).map(":".join)
_OCTET = st.sampled_from(["", "0", "00", "1", "01", "9", "99", "255", "256", "1000", "a", " ", "-1"])
ALMOST_V4 = st.lists(_OCTET, min_size=2, max_size=6).map(".".join)


def _with_tail(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> str:
    groups = ipaddress.IPv6Address(int(address)).exploded.split(":")
    return ":".join(groups[:6]) + ":" + str(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))


def expected(text: str) -> tuple[int, int, int]:
    """What `ipaddress` makes of a text, IPv4 within IPv6 taken out."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return 0, 0, 0
    if isinstance(address, ipaddress.IPv4Address):
        return 4, int(address), 0
    value = int(address)
    if address.ipv4_mapped:
        return 4, int(address.ipv4_mapped), 0
    if address.sixtofour:
        return 4, int(address.sixtofour), 0
    if address.teredo:
        return 4, int(address.teredo[1]), 0
    if value >> 32 == 0x0064FF9B << 64:
        return 4, value & 0xFFFFFFFF, 0
    return 6, 0, value >> 64


def by_kernel(line: bytes) -> tuple[int, int, int]:
    """What the kernel makes of a line that has room behind it, so that it reads 16 bytes at once."""
    block, data = Block(4), np.frombuffer(line + b"\n" + b"1.1.1.1\n" * 3, np.uint8)
    at = address_of(data)
    filled = decode_ip(at, at + len(data), block.at, NO_KEYS)
    if filled[1] < 4 or block.state[0]:
        return 0, 0, 0
    return (6, 0, int(block.six_high[0])) if filled[2] else (4, int(block.v4[0]), 0)


@given(st.one_of(V4, V6, ALMOST_V4, ALMOST_V6))
@example("::")
@example("1::")
@example("::1")
@example("1:2:3:4:5:6:7::")
@example("::2:3:4:5:6:7:8")
@example("1::2:3:4:5:6:7:8")
@example("1:2:3:4:5:6:7:8:9")
@example("1:2:3:4:5:6:7:1.2.3.4")
@example("::ffff:1.2.3.4")
@example("::1.2.3.4")
@example("fe80::1%eth0")
@example("1.2.3.4.")
@example("255.255.255.255")
def test_an_address_is_what_python_says(text: str) -> None:
    if re.fullmatch(r"[0-9.]+:\d+", text):  # an address with a port, which `ipaddress` does not know
        return
    assert read_address(text) == expected(text)
    if text and " " not in text:
        assert by_kernel(text.encode()) == expected(text)


@given(st.text("0123456789abcdef:.[]%, -", max_size=50))
def test_any_text_of_address_letters_is_read_alike_at_the_end_of_a_buffer(text: str) -> None:
    line = text.encode()
    if not text.strip() or " " in text or "," in text or "-" in text:
        return
    data, block = np.frombuffer(line + b"\n", np.uint8), Block(1)
    at = address_of(data)
    filled = decode_ip(at, at + len(data), block.at, NO_KEYS)
    alone = (0, 0, 0)
    if filled[1] and not block.state[0]:
        alone = (6, 0, int(block.six_high[0])) if filled[2] else (4, int(block.v4[0]), 0)
    assert alone == by_kernel(line)


@given(st.one_of(V4, V6), st.integers(0, 65535))
def test_a_port_is_read_over(text: str, port: int) -> None:
    with_port = f"{text}:{port}" if "." in text and ":" not in text else f"[{text}]:{port}"
    assert read_address(with_port) == expected(text)


@pytest.mark.parametrize(
    "text", ["1.2.3.4:", "1.2.3.4:65536", "1.2.3.4:x", "[::1", "[::1]x", "[1.2.3.4]", "[::1]:", "a.b.c.d"]
)
def test_what_is_wrong_around_an_address_is_refused(text: str) -> None:
    assert read_address(text)[0] == 0


@pytest.mark.parametrize(
    ("text", "counts"),
    [
        ("10.0.0.1, 8.8.4.4, 9.9.9.9", "8.8.4.4"),
        ("8.8.4.4,10.0.0.1", "8.8.4.4"),
        ("10.0.0.1, 192.168.1.1", "10.0.0.1"),
        ("unknown, 8.8.4.4:80", "8.8.4.4"),
        ("-, fe80::1, 2001:67c::1", "2001:67c::1"),
        ("::ffff:10.0.0.1, [2001:67c::1]:443", "2001:67c::1"),
        ("203.0.113.7, 100.64.0.1, 172.16.0.1, 169.254.1.1, 224.0.0.1, 11.0.0.1", "11.0.0.1"),
    ],
)
def test_the_first_public_address_of_a_list_counts(text: str, counts: str) -> None:
    assert read_address(text) == expected(counts)


@pytest.mark.parametrize("text", ["", ",", "8.8.8.8,", "8.8.8.8, x", "-", "unknown", "x, 8.8.8.8"])
def test_lists_that_are_none(text: str) -> None:
    assert read_address(text)[0] == 0

"""Blocks that mean something whatever a database says, and addresses as text."""

from __future__ import annotations

import ipaddress
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynmap.geo import blocks
from dynmap.geo.addresses import Address, is_private, parse, private_v4
from dynmap.geo.mmdb import Family


@pytest.mark.parametrize("family", [4, 6])
def test_blocks_of_the_kept_list_are_small_and_do_not_overlap(family: Family) -> None:
    kept = sorted(blocks.coarse(family))
    assert len(kept) > 30
    assert all(earlier[1] < later[0] for earlier, later in pairwise(kept))
    assert all(last - first < (1 << 16 if family == 4 else 1 << 36) for first, last in kept)


RESOLVERS = """
    8.8.8.8 8.8.4.4 1.1.1.1 1.0.0.1 9.9.9.9 149.112.112.112 208.67.222.222 192.88.99.1 94.140.14.14 198.41.0.4
    2001:4860:4860::8888 2606:4700:4700::1111 2620:fe::fe 2620:119:35::35 2a10:50c0::ad1:ff 2001:503:ba3e::2:30
"""


@pytest.mark.parametrize("address", RESOLVERS.split())
def test_well_known_anycast_addresses_are_on_the_kept_list(address: str) -> None:
    wanted = parse(address)
    assert any(first <= wanted.value <= last for first, last in blocks.coarse(wanted.family))


@given(
    st.integers(0, (1 << 32) - 1)
    | st.sampled_from([0x0A000000, 0x0AFFFFFF, 0x64400000, 0x647FFFFF, 0xC0A80101])
)
def test_private_ipv4_in_bulk_and_alone(value: int) -> None:
    text = str(ipaddress.IPv4Address(value))
    assert bool(private_v4(np.array([value], np.uint32))[0]) == is_private(text)
    if is_private(text):
        assert not ipaddress.ip_address(text).is_global


@pytest.mark.parametrize(
    ("text", "private"),
    [
        ("10.0.0.1", True),
        ("172.31.255.255", True),
        ("172.32.0.0", False),
        ("192.168.1.1", True),
        ("100.64.0.1", True),
        ("100.128.0.1", False),
        ("127.0.0.1", True),
        ("169.254.1.1", True),
        ("8.8.8.8", False),
        ("::1", True),
        ("fe80::1", True),
        ("fd12::1", True),
        ("2a00::1", False),
        ("::ffff:10.0.0.1", True),
        ("::ffff:8.8.8.8", False),
    ],
)
def test_private(text: str, private: bool) -> None:
    assert is_private(text) is private


def test_parsing() -> None:
    assert parse(" 1.2.3.4 ") == Address(4, 0x01020304)
    assert parse("::ffff:1.2.3.4") == Address(4, 0x01020304)
    assert parse("2a00:1:2:3:4:5:6:7") == Address(6, 0x2A00000100020003)
    assert parse("fe80::1%eth0") == Address(6, 0xFE80 << 48)


@pytest.mark.parametrize(
    "text", ["", *"1.2.3 1.2.3.4.5 256.1.1.1 01.2.3.4 1.2.3.4:80 [::1] a.b.c.d ::1::".split()]
)
def test_no_address(text: str) -> None:
    with pytest.raises(ValueError, match="does not appear to be"):
        parse(text)


def test_a_block_smaller_than_a_64_is_refused() -> None:
    with pytest.raises(ValueError, match="smaller than a /64"):
        blocks.block("2001:db8::/65")

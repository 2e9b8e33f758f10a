"""The compiled look-ups against plain searches."""

from __future__ import annotations

import ipaddress

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dynmap.geo.columns import index_24
from dynmap.geo.kernels import place_of_v4, place_of_v6, v4_within

V4 = st.integers(0, (1 << 32) - 1)
NEAR = st.integers(0x01020200, 0x010204FF)
"""Addresses in three /24s, so that ranges share them."""


@settings(deadline=None, max_examples=20)  # each builds an index of 2**24 entries
@given(st.sets(V4 | NEAR, max_size=60), st.lists(V4 | NEAR, max_size=40))
def test_ipv4_look_ups_find_the_range(edges: set[int], others: list[int]) -> None:
    starts = np.array(sorted(edges | {0}), np.uint32)
    places = (np.arange(len(starts)) * 7 % 5).astype(np.int32)
    around = [edge + step for edge in edges for step in (-1, 0, 1) if 0 <= edge + step < 1 << 32]
    addresses = np.array([*around, *others, 0, (1 << 32) - 1], np.uint32)
    found = np.full(len(addresses), -1, np.int32)
    place_of_v4(addresses, index_24(starts, places), starts, places, found)
    assert found.tolist() == places[np.searchsorted(starts, addresses, "right") - 1].tolist()


@settings(deadline=None)
@given(
    st.sets(st.integers(0, (1 << 64) - 1), max_size=300),
    st.lists(st.integers(0, (1 << 64) - 1), max_size=300),
)
def test_ipv6_look_ups_find_the_range(edges: set[int], others: list[int]) -> None:
    starts = np.array(sorted(edges | {0}), np.uint64)
    places = np.arange(len(starts), dtype=np.int32)
    around = [edge + step for edge in edges for step in (-1, 0, 1) if 0 <= edge + step < 1 << 64]
    high = np.array([*around, *others, 0, (1 << 64) - 1], np.uint64)
    found = np.full(len(high), -1, np.int32)
    place_of_v6(high, starts, places, found)
    assert found.tolist() == (np.searchsorted(starts, high, "right") - 1).tolist()


@pytest.mark.parametrize(
    ("text", "inside"),
    [
        ("::ffff:83.149.9.216", "83.149.9.216"),
        ("::ffff:255.255.255.255", "255.255.255.255"),
        ("64:ff9b::83.149.9.216", "83.149.9.216"),
        ("2002:5395:9d8::1", "83.149.9.216"),
        ("2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "255.255.255.255"),
        ("2001:0:4136:e378:8000:63bf:3fff:fdd2", "192.0.2.45"),  # the example of RFC 4380
        ("::1", None),
        ("::83.149.9.216", None),
        ("64:ff9b:1::83.149.9.216", None),
        ("2001:1::1", None),
        ("2003::1", None),
        ("::1:ffff:83.149.9.216", None),
    ],
)
def test_ipv4_within_ipv6(text: str, inside: str | None) -> None:
    high, low = divmod(int(ipaddress.IPv6Address(text)), 1 << 64)
    found = v4_within(np.uint64(high), np.uint64(low))
    assert found == (-1 if inside is None else int(ipaddress.IPv4Address(inside)))

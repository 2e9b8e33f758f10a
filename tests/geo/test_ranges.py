"""Ranges against a plain list with one value an address."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dynmap.geo.ranges import Ranges

END = 64


@st.composite
def _spaces(draw: st.DrawFn) -> Ranges:
    starts = sorted(draw(st.sets(st.integers(1, END - 1), max_size=20)) | {0})
    values = draw(st.lists(st.integers(0, 3), min_size=len(starts), max_size=len(starts)))
    return Ranges(np.array(starts, np.uint64), np.array(values, np.int64), END)


BLOCKS = st.lists(
    st.tuples(st.integers(0, END - 1), st.integers(0, END - 1)).map(lambda edges: (min(edges), max(edges))),
    max_size=5,
)


def _plain(ranges: Ranges) -> list[int]:
    return np.repeat(ranges.values, ranges.sizes().astype(int)).tolist()


@given(_spaces())
def test_sizes_add_up_to_the_space(ranges: Ranges) -> None:
    assert ranges.sizes().sum() == END
    assert (ranges.sizes() > 0).all()


@given(_spaces())
def test_merging_keeps_every_value_and_leaves_no_equal_neighbours(ranges: Ranges) -> None:
    merged = ranges.merged()
    assert _plain(merged) == _plain(ranges)
    assert (np.diff(merged.values) != 0).all()


@given(_spaces(), BLOCKS)
def test_splitting_keeps_every_value(ranges: Ranges, blocks: list[tuple[int, int]]) -> None:
    parts = ranges.split(blocks)
    assert _plain(parts) == _plain(ranges)
    assert {edge for first, last in blocks for edge in (first, last + 1)} <= {*parts.starts.tolist(), END}


@given(_spaces(), BLOCKS)
def test_putting_a_value_changes_the_blocks_only(ranges: Ranges, blocks: list[tuple[int, int]]) -> None:
    expected = _plain(ranges)
    for first, last in blocks:
        expected[first : last + 1] = [9] * (last + 1 - first)
    assert _plain(ranges.put(blocks, 9)) == expected


def test_the_last_addresses_of_the_ipv6_space() -> None:
    ranges = Ranges(np.zeros(1, np.uint64), np.ones(1, np.int64), 1 << 64)
    put = ranges.put([(1 << 63, (1 << 64) - 1)], 2)
    assert put.starts.tolist() == [0, 1 << 63]
    assert put.values.tolist() == [1, 2]
    assert put.sizes().tolist() == [2.0**63, 2.0**63]

"""Frames: whatever is done to them, the sum of their counts stays."""

from __future__ import annotations

from collections import Counter
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynmap import grid
from dynmap.errors import FrameError
from dynmap.frame import MAX_TOPICS, TICK_MS, Frame, frames_by_tick, merge, pack, tick_of, unpack

Row = tuple[int, int, int, int]

cells = st.builds(
    lambda bits, x, y: (grid.centred(x, bits), grid.centred(y, bits)),
    st.integers(1, grid.MAX_BITS),
    st.integers(0, grid.WORLD - 1),
    st.integers(0, grid.WORLD - 1),
)
rows = st.builds(
    lambda topic, cell, count: (topic, *cell, count),
    st.one_of(st.integers(0, 8), st.integers(0, MAX_TOPICS - 1)),
    st.one_of(cells, st.sampled_from([(1 << 31, 1 << 31), (1 << 7, 1 << 7)])),
    st.one_of(st.integers(1, 100), st.integers(1, 2**40)),
)
ticks = st.integers(0, 8).map(lambda n: 1_700_000_000_000 + n * TICK_MS)


def frame_of(tick: int, rows: list[Row]) -> Frame:
    columns = zip(*rows, strict=True) if rows else ((), (), (), ())
    topic, x, y, count = (np.array(column, kind) for column, kind in zip(columns, "HIIQ", strict=True))
    return Frame.of(tick, topic, x, y, count)


frames = st.builds(frame_of, ticks, st.lists(rows, max_size=30))


def sums(frame: Frame) -> Counter[tuple[int, int, int]]:
    found: Counter[tuple[int, int, int]] = Counter()
    for topic, x, y, count in zip(frame.topic, frame.x, frame.y, frame.count, strict=True):
        found[int(topic), int(x), int(y)] += int(count)
    return found


@given(ticks, st.lists(rows, max_size=30))
def test_a_frame_sums_its_rows(tick: int, rows: list[Row]) -> None:
    expected: Counter[tuple[int, int, int]] = Counter()
    for topic, x, y, count in rows:
        expected[topic, x, y] += count
    frame = frame_of(tick, rows)
    assert sums(frame) == expected
    assert len(frame) == len(expected)
    assert frame.total == sum(expected.values())
    assert sorted(sums(frame)) == list(
        zip(*(c.tolist() for c in (frame.topic, frame.x, frame.y)), strict=True)
    )


@given(st.lists(frames, min_size=1, max_size=6), st.randoms(use_true_random=False), st.data())
def test_merging_is_associative_and_commutative(
    list_of: list[Frame], random: Random, data: st.DataObject
) -> None:
    whole = merge(list_of)
    shuffled = random.sample(list_of, len(list_of))
    split = data.draw(st.integers(0, len(list_of)))
    parts = [merge(part) for part in (shuffled[:split], shuffled[split:]) if part]
    assert merge(parts) == whole
    assert whole.tick == min(frame.tick for frame in list_of)
    assert sums(whole) == sum((sums(frame) for frame in list_of), Counter())


@given(frames, st.integers(1, grid.MAX_BITS))
def test_coarsening_conserves(frame: Frame, bits: int) -> None:
    coarse = frame.coarsened(bits)
    assert coarse.total == frame.total
    assert len(coarse) <= len(frame)
    assert not len(coarse) or grid.bits_of(coarse.x).max() <= bits
    assert coarse.coarsened(bits) == coarse


@given(frames, st.integers(0, 6))
def test_the_tiles_of_a_zoom_share_out_all_rows(frame: Frame, z: int) -> None:
    assert merge(
        [frame.cut(z, x, y) for x in range(1 << min(z, 3)) for y in range(1 << min(z, 3))], frame.tick
    ) == (frame if z <= 3 else frame.where((frame.x >> (32 - z) < 8) & (frame.y >> (32 - z) < 8)))


@given(frames, st.integers(0, 24))
def test_a_row_lies_in_one_tile_of_each_zoom(frame: Frame, z: int) -> None:
    shift = 32 - z
    tiles = {(int(x) >> shift, int(y) >> shift) for x, y in zip(frame.x, frame.y, strict=True)}
    assert merge([frame.cut(z, *tile) for tile in tiles], frame.tick) == frame


@given(frames, st.lists(st.integers(0, 5), min_size=6, max_size=6))
def test_renumbering_conserves(frame: Frame, names: list[int]) -> None:
    numbers = np.array([names[number % 6] for number in range(MAX_TOPICS)], np.uint16)
    renumbered = frame.renumbered(numbers)
    assert renumbered.total == frame.total
    assert set(renumbered.topic.tolist()) <= set(names)


parents_of_a_tree = np.arange(MAX_TOPICS, dtype=np.uint16) // 3


@given(frames, st.integers(4, 30))
def test_bounding_conserves_and_holds(frame: Frame, most: int) -> None:
    bounded = frame.bounded(most, parents_of_a_tree, other=5)
    assert bounded.total == frame.total
    assert len(bounded) <= most
    if len(frame) <= most:
        assert bounded == frame


def test_bounding_gives_up_cells_before_topics_and_topics_before_the_world() -> None:
    rng = np.random.default_rng(1)
    n = 20_000
    x, y = grid.cells(rng.uniform(-80, 80, n), rng.uniform(-180, 180, n))
    ones = np.ones(n, np.uint32)
    roots = np.arange(MAX_TOPICS, dtype=np.uint16)
    few = Frame.of(0, (np.arange(n) % 3).astype(np.uint16), x, y, ones).bounded(4096, roots, 0)
    assert set(few.topic.tolist()) == {0, 1, 2}
    assert 1000 < len(few) <= 4096
    family = np.where(roots < 2000, 7, roots).astype(np.uint16)
    many = Frame.of(0, (np.arange(n) % 2000).astype(np.uint16), x, y, ones).bounded(4096, family, 0)
    assert set(many.topic.tolist()) == {7}
    assert len(many) > 1000
    orphans = Frame.of(0, (np.arange(n) % 5000).astype(np.uint16), x, y, ones).bounded(4096, roots, 9)
    assert set(orphans.topic.tolist()) == {9}


def test_the_finest_cells_within_the_bound_are_taken() -> None:
    rng = np.random.default_rng(2)
    n = 20_000
    x, y = grid.cells(rng.uniform(-80, 80, n), rng.uniform(-180, 180, n))
    frame = Frame.of(0, np.zeros(n, np.uint16), x, y, np.ones(n, np.uint32))
    bounded = frame.bounded(4096, np.zeros(MAX_TOPICS, np.uint16), 0)
    bits = int(grid.bits_of(bounded.x).max())
    assert bounded == frame.coarsened(bits)
    assert len(frame.coarsened(bits + 1)) > 4096


@given(frames, st.integers(1, 24), st.integers(6, 30))
def test_a_tile_is_bounded_within_itself(frame: Frame, z: int, most: int) -> None:
    for tile in {(int(x) >> (32 - z), int(y) >> (32 - z)) for x, y in zip(frame.x, frame.y, strict=True)}:
        inside = frame.cut(z, *tile)
        bounded = inside.bounded(most, parents_of_a_tree, 5, z)
        assert bounded.total == inside.total
        assert len(bounded) <= most
        assert bounded.cut(z, *tile) == bounded, "no row has left its tile"


def test_a_city_keeps_its_streets() -> None:
    """What fills a tile of zoom 13 is told apart by cells far smaller than the finest of the whole world's tile."""
    rng = np.random.default_rng(3)
    n = 20_000
    x, y = grid.cells(rng.uniform(52.510, 52.525, n), rng.uniform(13.4, 13.43, n))
    frame = Frame.of(0, np.zeros(n, np.uint16), x, y, np.ones(n, np.uint32))
    bounded = frame.bounded(1024, np.zeros(MAX_TOPICS, np.uint16), 0, 13)
    assert bounded == frame.coarsened(18)
    assert len(frame.coarsened(19)) > 1024


@given(st.lists(st.tuples(ticks, rows), max_size=30))
def test_rows_are_shared_out_by_tick(stamped: list[tuple[int, Row]]) -> None:
    tick = np.array([tick for tick, _ in stamped], np.int64)
    topic = np.array([row[0] for _, row in stamped], np.uint16)
    x, y = (np.array([row[axis] for _, row in stamped], np.uint32) for axis in (1, 2))
    count = np.array([row[3] for _, row in stamped], np.uint64)
    found = frames_by_tick(tick, topic, x, y, count)
    assert [frame.tick for frame in found] == sorted({tick for tick, _ in stamped})
    for frame in found:
        assert frame == frame_of(frame.tick, [row for tick, row in stamped if tick == frame.tick])


@given(st.integers(0, MAX_TOPICS - 1), cells)
def test_keys_hold_everything(topic: int, cell: tuple[int, int]) -> None:
    x, y = (np.array([place], np.uint32) for place in cell)
    columns = unpack(pack(np.array([topic], np.uint16), x, y))
    assert [column.tolist() for column in columns] == [[topic], [cell[0]], [cell[1]]]


def test_what_is_no_frame_is_refused() -> None:
    one, two = np.ones(1, np.uint32), np.ones(2, np.uint32)
    with pytest.raises(FrameError, match="differ in length"):
        Frame.of(0, one.astype(np.uint16), one, one, two)
    with pytest.raises(FrameError, match="16384"):
        Frame.of(0, np.array([MAX_TOPICS], np.uint16), one, one, one)
    with pytest.raises(FrameError, match="nothing to merge"):
        merge([])


def test_an_empty_frame() -> None:
    empty = Frame.empty(250)
    assert (len(empty), empty.total) == (0, 0)
    assert merge([], 250) == empty
    assert empty.coarsened(3) == empty
    assert empty.bounded(4, parents_of_a_tree, 0) == empty
    assert empty != Frame.empty(500)
    assert (empty == 3) is False


def test_ticks_start_at_multiples_of_250_ms() -> None:
    assert [tick_of(ms) for ms in (0, 249, 250, 1_700_000_000_999)] == [0, 0, 250, 1_700_000_000_750]

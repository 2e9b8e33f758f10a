"""The binary frames of section 6: what they hold, byte by byte, and that nothing is lost on the way."""

from __future__ import annotations

import struct
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynmap import grid, wire
from dynmap.errors import FrameError
from dynmap.frame import MAX_TOPICS, Frame
from dynmap.wire import Kind

MOST = 2**32 - 1

tiles = st.integers(0, 10).flatmap(
    lambda z: st.tuples(st.just(z), st.integers(0, (1 << z) - 1), st.integers(0, (1 << z) - 1))
)


@st.composite
def frames_in_a_tile(draw: st.DrawFn) -> tuple[Frame, tuple[int, int, int]]:
    z, tile_x, tile_y = draw(tiles)
    side = 1 << (32 - z)
    place = st.tuples(
        st.integers(0, side - 1), st.integers(0, side - 1), st.integers(max(1, z), grid.MAX_BITS)
    )
    count = st.one_of(st.integers(1, 9), st.integers(MOST - 1, 3 * MOST))
    drawn = draw(st.lists(st.tuples(st.integers(0, MAX_TOPICS - 1), place, count), max_size=20))
    x = [grid.centred(tile_x * side + east, bits) for _, (east, _, bits), _ in drawn]
    y = [grid.centred(tile_y * side + south, bits) for _, (_, south, bits), _ in drawn]
    frame = Frame.of(
        1_700_000_000_250,
        np.array([topic for topic, *_ in drawn], np.uint16),
        np.array(x, np.uint32),
        np.array(y, np.uint32),
        np.array([count for *_, count in drawn], np.uint64),
    )
    return frame, (z, tile_x, tile_y)


@given(frames_in_a_tile(), st.sampled_from(Kind), st.integers(0, 255))
def test_what_is_encoded_is_decoded(
    placed: tuple[Frame, tuple[int, int, int]], kind: Kind, subscription: int
) -> None:
    frame, (z, tile_x, tile_y) = placed
    encoded = wire.encode(frame, kind, 250, subscription=subscription, z=z, tile_x=tile_x, tile_y=tile_y)
    decoded = [wire.decode(data) for data in encoded]
    assert sum(part.total for part in decoded) == frame.total
    found: Counter[tuple[int, int, int]] = Counter()
    for part in decoded:
        assert (part.kind, part.subscription, part.covers, part.tick) == (kind, subscription, 250, frame.tick)
        assert (part.z, part.tile_x, part.tile_y) == (z, tile_x, tile_y)
        cells = zip(*(column.tolist() for column in part.cells()), strict=True)
        for topic, x, y, count, cell in zip(part.topic, part.x, part.y, part.count, cells, strict=True):
            assert cell == absolute(part, int(x), int(y))
            found[int(topic), *cell] += int(count)
    coarse = frame.coarsened(min(grid.MAX_BITS, z + 16))
    rows = zip(
        coarse.topic.tolist(), coarse.x.tolist(), coarse.y.tolist(), coarse.count.tolist(), strict=True
    )
    assert found == {(topic, x, y): count for topic, x, y, count in rows}
    assert len({part.bits for part in decoded}) == len(decoded)


def absolute(part: wire.WireFrame, x: int, y: int) -> tuple[int, int]:
    """A position of the wire as a cell of the world, by the rules that a receiver goes by."""
    side = 1 << (32 - part.z)
    unit = side / 65536
    half = 0.5 if part.bits == 16 else 0.0
    return tuple(
        int(tile * side + (place + half) * unit) for tile, place in ((part.tile_x, x), (part.tile_y, y))
    )  # type: ignore[return-value]


def test_the_header_is_as_documented() -> None:
    x, y = (np.array([grid.centred(place, 20)], np.uint32) for place in (1 << 31, 1 << 30))
    frame = Frame.of(1_700_000_000_250, np.array([258], np.uint16), x, y, np.array([77], np.uint64))
    (data,) = wire.encode(frame, Kind.CAUGHT_UP, 1000, subscription=7)
    assert len(data) == 32 + 6 + 2 + 4
    assert data[:4] == b"DYN1"
    assert tuple(data[4:8]) == (3, 0, 16, 7)
    assert struct.unpack_from("<II", data, 8) == (0, 0)
    assert struct.unpack_from("<d", data, 16) == (1_700_000_000_250.0,)
    assert struct.unpack_from("<II", data, 24) == (1000, 1)
    assert struct.unpack_from("<HHH", data, 32) == (32768, 16384, 258)
    assert data[38:40] == b"\0\0"
    assert struct.unpack_from("<I", data, 40) == (77,)


def test_cells_of_each_size_have_a_frame_of_their_own() -> None:
    places = [grid.cell(10, 10, 24), grid.cell(20, 20, 12), grid.cell(30, 30, grid.COARSE_BITS)]
    x, y = (np.array([place[axis] for place in places], np.uint32) for axis in (0, 1))
    frame = Frame.of(0, np.zeros(3, np.uint16), x, y, np.ones(3, np.uint64))
    decoded = [wire.decode(data) for data in wire.encode(frame, Kind.LIVE, 250)]
    assert [part.bits for part in decoded] == [16, 12, 7]
    assert decoded[2].x.tolist() == [places[2][0] >> 16]


def test_a_count_too_large_for_a_row_takes_several() -> None:
    at = np.array([grid.centred(1 << 31, 16)], np.uint32)
    frame = Frame.of(0, np.zeros(1, np.uint16), at, at, np.array([2 * MOST + 5], np.uint64))
    (data,) = wire.encode(frame, Kind.LIVE, 250)
    part = wire.decode(data)
    assert part.count.tolist() == [MOST, MOST, 5]
    assert len(set(part.x.tolist())) == 1
    assert part.total == frame.total


def test_nothing_is_not_sent() -> None:
    assert wire.encode(Frame.empty(0), Kind.LIVE, 250) == []


@given(frames_in_a_tile(), st.integers(0, 255))
def test_a_frame_can_be_readdressed(placed: tuple[Frame, tuple[int, int, int]], subscription: int) -> None:
    frame, (z, tile_x, tile_y) = placed
    tile = {"z": z, "tile_x": tile_x, "tile_y": tile_y}
    there = wire.encode(frame, Kind.LIVE, 250, subscription=subscription, **tile)
    assert [
        wire.addressed(data, subscription) for data in wire.encode(frame, Kind.LIVE, 250, **tile)
    ] == there


@given(st.binary(max_size=100))
def test_bytes_that_are_no_frame_are_refused(data: bytes) -> None:
    with pytest.raises(FrameError):
        wire.decode(data)


@given(st.data())
def test_a_damaged_frame_is_refused_or_read_as_what_it_says(data: st.DataObject) -> None:
    at = np.array([grid.centred(1 << 31, 16), grid.centred(1, 16)], np.uint32)
    frame = Frame.of(0, np.zeros(2, np.uint16), at, at, np.ones(2, np.uint64))
    (good,) = wire.encode(frame, Kind.LIVE, 250)
    damaged = bytearray(good)
    damaged[data.draw(st.integers(0, len(good) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(damaged[: data.draw(st.integers(0, len(good)))])
    for candidate in (bytes(damaged), cut):
        try:
            part = wire.decode(candidate)
        except FrameError:
            continue
        assert len(part.x) == len(part.y) == len(part.topic) == len(part.count) == 2


def test_an_unknown_kind_is_refused() -> None:
    at = np.array([grid.centred(1 << 31, 16)], np.uint32)
    (good,) = wire.encode(Frame.of(0, np.zeros(1, np.uint16), at, at, np.ones(1, np.uint64)), Kind.LIVE, 250)
    with pytest.raises(FrameError, match="unknown kind 5"):
        wire.decode(good[:4] + b"\x05" + good[5:])

"""Points: frames as JSON that anybody can read, with nothing lost and nothing displaced."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dynmap import grid
from dynmap.frame import Frame, merge
from dynmap.serve import points
from dynmap.serve.area import ROOM_ROWS
from dynmap.serve.points import Points
from dynmap.serve.selection import Part
from dynmap.wire import Kind

TICK = 1_700_000_000_000
NAMES = ["other", "web", "web.ok", "web.bad", "email"]
PARENTS = np.array([0, 1, 1, 1, 4], np.uint16)

places = st.tuples(
    st.integers(0, len(NAMES) - 1),
    st.floats(-90, 90),
    st.floats(-180, 180),
    st.integers(1, 24),
    st.integers(1, 1 << 40),
)


def frame_of(rows: list[tuple[int, float, float, int, int]], tick: int = TICK) -> Frame:
    cells = [grid.cell(lat, lon, bits) for _, lat, lon, bits, _ in rows]
    return Frame.of(
        tick,
        np.array([row[0] for row in rows], np.uint16),
        np.array([x for x, _ in cells], np.uint32),
        np.array([y for _, y in cells], np.uint32),
        np.array([row[4] for row in rows], np.uint64),
    )


def decoded(encoded: bytes) -> dict[str, Any]:
    return dict(msgspec.json.decode(encoded))


@given(st.lists(places, max_size=40))
def test_each_row_is_told_whole_and_inside_its_cell(rows: list[tuple[int, float, float, int, int]]) -> None:
    frame = frame_of(rows)
    told = decoded(points.encode(frame, TICK, NAMES))
    assert told["tick"] == TICK
    assert sum(count for *_, count in told["points"]) == frame.total
    bits = grid.bits_of(frame.x).tolist()
    columns = zip(frame.topic.tolist(), frame.x.tolist(), frame.y.tolist(), frame.count.tolist(), strict=True)
    for (lon, lat, topic, count), (number, x, y, weight), size in zip(
        told["points"], columns, bits, strict=True
    ):
        assert (topic, count) == (NAMES[number], weight)
        assert grid.cell(lat, lon, size) == (x, y), "a rounded place lies in another cell"


@given(st.floats(-85, 85), st.floats(-180, 180), st.integers(1, 24))
def test_a_place_has_no_more_decimals_than_its_cell_is_worth(lat: float, lon: float, bits: int) -> None:
    told = decoded(points.encode(frame_of([(0, lat, lon, bits, 1)]), TICK, NAMES))
    for degrees in told["points"][0][:2]:
        decimals = len(repr(float(degrees)).rstrip("0").partition(".")[2])
        assert decimals <= 8
        if bits <= 7:
            assert decimals <= 2


def test_a_place_reads_as_a_person_would_write_it() -> None:
    told = points.encode(frame_of([(2, 52.52, 13.405, 20, 3), (0, 0.0, -0.0001, 5, 1)]), TICK, NAMES)
    assert told == b'{"tick":1700000000000,"points":[[-6.0,-6.0,"other",1],[13.4049,52.5201,"web.ok",3]]}'


@given(st.lists(st.lists(places, min_size=1, max_size=20), min_size=1, max_size=5))
def test_parts_of_several_ticks_become_one_with_all_of_their_counts(
    parts: list[list[tuple[int, float, float, int, int]]],
) -> None:
    frames = [frame_of(rows, TICK - 250 * place) for place, rows in enumerate(parts)]
    whole = points.bounded([Part(frame, Kind.LIVE, 250) for frame in frames], PARENTS, 0)
    assert whole == merge(frames)


def test_many_rows_become_few_with_the_same_sum() -> None:
    random = np.random.default_rng(4)
    n = 50_000
    x, y = grid.cells(random.uniform(-80, 80, n), random.uniform(-180, 180, n))
    topic = random.integers(0, len(NAMES), n).astype(np.uint16)
    frame = Frame.of(TICK, topic, x, y, random.integers(1, 1000, n).astype(np.uint64))
    whole = points.bounded([Part(frame, Kind.LIVE, 250)], PARENTS, 0)
    told = decoded(points.encode(whole, TICK, NAMES))
    assert len(told["points"]) <= ROOM_ROWS
    assert sum(count for *_, count in told["points"]) == frame.total


def test_each_form_holds_the_same() -> None:
    news = Points(7, "5f0c2a91.7", b'{"tick":1,"points":[]}')
    assert news.event == b'id: 5f0c2a91.7\ndata: {"tick":1,"points":[]}\n\n'
    assert news.packet == '2["events",{"tick":1,"points":[]}]'
    assert news.message(False) == bytes((0x81, 35)) + b'42["events",{"tick":1,"points":[]}]'
    assert news.message(True) is news.message(False), "each form is made once"

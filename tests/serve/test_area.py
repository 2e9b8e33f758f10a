"""Tiles share out the world: every row is in one place, whatever the tiling."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynmap import grid
from dynmap.errors import SubscriptionError
from dynmap.frame import Frame, merge
from dynmap.serve.area import (
    MAX_TILES,
    ROOM_ROWS,
    VIEWER_ROWS,
    WORLD,
    Area,
    Rest,
    Tile,
    Winding,
    area_of,
    interleaved,
)


@st.composite
def tilings(draw: st.DrawFn, most: int = MAX_TILES) -> list[Tile]:
    """The world, quartered at random places: down to zoom 24, into at most `most` tiles."""
    tiles: list[Tile] = [WORLD]
    for choice in draw(st.lists(st.integers(0, 1 << 30), max_size=30)):
        splittable = [tile for tile in tiles if tile[0] < 24]
        if len(tiles) + 3 > most or not splittable:
            break
        # The newest ones are preferred, so that some tilings go deep.
        z, x, y = tile = splittable[-1 - choice % min(5, len(splittable))]
        tiles.remove(tile)
        tiles += [(z + 1, 2 * x + dx, 2 * y + dy) for dx in (0, 1) for dy in (0, 1)]
    return tiles


rows = st.lists(
    st.tuples(
        st.integers(0, 5),
        st.integers(0, 2**32 - 1),
        st.integers(0, 2**32 - 1),
        st.sampled_from([1, 5, 7, 16, 20, 24]),
        st.integers(1, 2**40),
    ),
    max_size=60,
)


def frame_of(given_rows: list[Any]) -> Frame:
    return Frame.of(
        1000,
        np.array([row[0] for row in given_rows], np.uint16),
        np.array([grid.centred(row[1], row[3]) for row in given_rows], np.uint32),
        np.array([grid.centred(row[2], row[3]) for row in given_rows], np.uint32),
        np.array([row[4] for row in given_rows], np.uint64),
    )


@given(rows, tilings())
def test_the_tiles_of_a_tiling_share_out_all_rows(given_rows: list[Any], tiles: list[Tile]) -> None:
    frame = frame_of(given_rows)
    area = area_of(tiles, rest=False)
    assert area.is_world
    assert len(area.places) == len(tiles)
    winding = Winding(frame)
    cuts = [winding.cut(place) for place in area.places]
    assert merge(cuts, 1000) == frame
    assert sum(map(len, cuts)) == len(frame)
    for tile, cut in zip(area.tiles, cuts, strict=True):
        assert cut == frame.cut(*tile)


@given(rows, tilings(), st.sets(st.integers(0, 63)))
def test_the_rest_is_what_the_tiles_lack(given_rows: list[Any], tiles: list[Tile], gone: set[int]) -> None:
    frame = frame_of(given_rows)
    kept = [tile for number, tile in enumerate(tiles) if number not in gone] or [tiles[0]]
    area = area_of(kept, rest=True)
    assert area.is_world
    assert area_of(kept, rest=False).is_world == (len(kept) == len(tiles))
    *cuts, last = [Winding(frame).cut(place) for place in area.places]
    if len(kept) == len(tiles):
        cuts.append(last)
    else:
        assert isinstance(area.places[-1], Rest)
        assert len(last) == len(set(last.topic.tolist())), "one row a topic"
        assert set(grid.bits_of(last.x)) <= {0}
        cuts.append(last)
    by_topic = np.zeros(6, np.uint64)
    for cut in cuts:
        np.add.at(by_topic, cut.topic, cut.count)
    wanted = np.zeros(6, np.uint64)
    np.add.at(wanted, frame.topic, frame.count)
    assert by_topic.tolist() == wanted.tolist()


@given(st.integers(1, MAX_TILES))
def test_bytes_are_bounded_at_any_number_of_tiles(count: int) -> None:
    area = Area(tuple((6, x % 64, x // 64) for x in range(count)))
    assert VIEWER_ROWS // 128 <= area.rows <= ROOM_ROWS
    assert area.rows * count <= VIEWER_ROWS
    assert area.rows & (area.rows - 1) == 0


def test_the_curve_goes_through_quarters_one_after_the_other() -> None:
    x, y = np.array([0, 1, 0, 1, 2, 2**32 - 1], np.uint32), np.array([0, 0, 1, 1, 0, 2**32 - 1], np.uint32)
    assert interleaved(x, y).tolist() == [0, 1, 2, 3, 4, 2**64 - 1]


@pytest.mark.parametrize(
    ("tiles", "words"),
    [
        ([], "0 tiles"),
        ([(1, 0, 0), (1, 0, 0)], "twice"),
        ([(1, 0, 0), (3, 1, 1)], "tile 3/1/1 lies in tile 1/0/0"),
        ([(0, 0, 0), (24, 5, 5)], "lies in tile 0/0/0"),
        ([(25, 0, 0)], "no tile 25/0/0"),
        ([(2, 4, 0)], "no tile 2/4/0"),
    ],
)
def test_tiles_that_make_no_sense(tiles: list[Tile], words: str) -> None:
    with pytest.raises(SubscriptionError, match=words) as caught:
        area_of(tiles, rest=False)
    assert caught.value.code == "bad_tiles"

"""The world grid: cells, their centres and sizes, and the way back to degrees."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynmap import grid

bits = st.integers(1, grid.MAX_BITS)
latitudes = st.floats(-90, 90)
longitudes = st.floats(-100_000, 100_000)


@given(latitudes, longitudes, bits)
def test_a_cell_is_named_by_its_centre(lat: float, lon: float, bits: int) -> None:
    for position in grid.cell(lat, lon, bits):
        assert 0 <= position < grid.WORLD
        assert position == grid.centred(position, bits)
        assert position % (1 << (31 - bits)) == 0
    assert (grid.bits_of(np.array(grid.cell(lat, lon, bits), np.uint32)) == bits).all()


@given(st.floats(-grid.MAX_LATITUDE, grid.MAX_LATITUDE), st.floats(-180, 179.999999), bits)
def test_a_place_lies_in_its_cell(lat: float, lon: float, bits: int) -> None:
    x, y = grid.cell(lat, lon, bits)
    half = 1 << (31 - bits)
    west, north = grid.lonlat(x - half, y - half)
    east = (x + half) / grid.WORLD * 360 - 180
    south = grid.lonlat(x, min(y + half, grid.WORLD - 1))[1]
    assert west - 1e-9 <= lon <= east + 1e-9
    assert south - 1e-6 <= lat <= north + 1e-6


@given(latitudes, longitudes, bits, bits)
def test_coarsening_is_the_same_as_starting_coarse(lat: float, lon: float, fine: int, coarse: int) -> None:
    cells = np.array(grid.cell(lat, lon, fine), np.uint32)
    expected = cells if coarse >= fine else np.array(grid.cell(lat, lon, coarse), np.uint32)
    assert np.array_equal(grid.coarsen(cells, coarse), expected)


@given(latitudes, st.floats(-180, 180), bits, st.integers(-3, 3))
def test_longitude_wraps(lat: float, lon: float, bits: int, turns: int) -> None:
    x, y = grid.cell(lat, lon, bits)
    around = grid.cell(lat, lon + 360.0 * turns, bits)
    assert around[1] == y
    apart = abs(around[0] - x)
    assert min(apart, grid.WORLD - apart) <= 1 << (32 - bits)


def test_known_places() -> None:
    assert grid.cell(0.0, 0.0, 1) == (3 << 30, 3 << 30)
    assert grid.cell(89.9, -180.0, 24) == (1 << 7, 1 << 7)
    assert grid.cell(-90.0, 179.9999999, 24) == (grid.WORLD - (1 << 7), grid.WORLD - (1 << 7))
    assert grid.lonlat(1 << 31, 1 << 31) == pytest.approx((0.0, 0.0))
    assert grid.lonlat(*grid.cell(52.52, 13.405, 24)) == pytest.approx((13.405, 52.52), abs=2e-5)


@pytest.mark.parametrize("bad", [0, 25, -1])
def test_a_precision_out_of_range_is_refused(bad: int) -> None:
    with pytest.raises(ValueError, match="1 to 24"):
        grid.cell(0, 0, bad)
    with pytest.raises(ValueError, match="1 to 24"):
        grid.coarsen(np.array([1], np.uint32), bad)


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_places_that_are_no_numbers_are_refused(bad: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        grid.cell(bad, 0)
    with pytest.raises(ValueError, match="finite"):
        grid.cell(0, bad)


def test_a_bare_corner_has_no_precision() -> None:
    assert grid.bits_of(np.array([0], np.uint32)).tolist() == [0]

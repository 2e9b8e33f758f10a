"""The world grid: latitude and longitude to cells and back. No I/O.

Positions are pairs of unsigned 32-bit Web Mercator coordinates: (0, 0) is the north-west corner and 2**32 is once
around the world. A *cell* of `bits` precision is one of 2**bits x 2**bits equal squares and is named by its **centre**:

    x = (column << (32 - bits)) | (1 << (31 - bits))

so the lowest set bit of a position tells how large its cell is, and one frame can hold cells of several sizes
(see docs/decisions/0001-cells-are-named-by-their-centre.md).
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import numpy.typing as npt

U32 = npt.NDArray[np.uint32]
F64 = npt.NDArray[np.float64]

WORLD: Final = 1 << 32
"""Grid units once around the world."""

DEFAULT_BITS: Final = 20
"""Precision of a cell unless a source says otherwise: 40,075 km / 2**20 = 38 m at the equator."""

MAX_BITS: Final = 24
"""Finest precision: 2.4 m at the equator, and what lets (topic, x, y) pack into one 64-bit key."""

COARSE_BITS: Final = 7
"""Precision of places that are only roughly known (anycast, no city): 313 km at the equator."""

MAX_LATITUDE: Final = math.degrees(2 * math.atan(math.exp(math.pi)) - math.pi / 2)
"""The projection's limit, 85.0511 degrees: what makes the Mercator world a square."""


def centred(position: int, bits: int) -> int:
    """The centre of the cell of `bits` precision that holds `position` (both in grid units)."""
    return (position >> (32 - bits) << (32 - bits)) | (1 << (31 - bits))


def cell(lat: float, lon: float, bits: int = DEFAULT_BITS) -> tuple[int, int]:
    """The cell (x, y) of a place in degrees. Latitude is clamped to the projection's limit, longitude wraps."""
    x, y = cells(np.array([lat]), np.array([lon]), bits)
    return int(x[0]), int(y[0])


def cells(lat: F64, lon: F64, bits: int = DEFAULT_BITS) -> tuple[U32, U32]:
    """The cells of many places: float64[n] degrees to uint32[n] x and y.

    Raises ValueError when `bits` is outside 1 to 24 or a coordinate is not finite.
    """
    _check_bits(bits)
    lat, lon = np.asarray(lat, np.float64), np.asarray(lon, np.float64)
    if not (np.isfinite(lat).all() and np.isfinite(lon).all()):
        raise ValueError("latitude and longitude must be finite numbers")
    turns = lon / 360.0 + 0.5
    sine = np.sin(np.radians(np.clip(lat, -MAX_LATITUDE, MAX_LATITUDE)))
    down = 0.5 - np.log((1.0 + sine) / (1.0 - sine)) / (4.0 * math.pi)
    return _cell_of_fraction(turns - np.floor(turns), bits), _cell_of_fraction(down, bits)


def _cell_of_fraction(fraction: F64, bits: int) -> U32:
    columns = np.clip(np.floor(fraction * (1 << bits)), 0, (1 << bits) - 1).astype(np.uint32)
    return np.asarray((columns << np.uint32(32 - bits)) | np.uint32(1 << (31 - bits)), np.uint32)


def lonlat(x: int, y: int) -> tuple[float, float]:
    """Longitude and latitude in degrees of a position, which for a cell is its centre."""
    lon, lat = lonlats(np.array([x], np.uint32), np.array([y], np.uint32))
    return float(lon[0]), float(lat[0])


def lonlats(x: U32, y: U32) -> tuple[F64, F64]:
    """Longitudes and latitudes in degrees (float64[n]) of positions (uint32[n])."""
    lon = x.astype(np.float64) / WORLD * 360.0 - 180.0
    lat = np.degrees(np.arctan(np.sinh(math.pi * (1.0 - 2.0 * y.astype(np.float64) / WORLD))))
    return lon, lat


def bits_of(positions: U32) -> npt.NDArray[np.uint8]:
    """The precision of each cell (uint8[n]), read off the lowest set bit of its position; 0 for a bare corner."""
    lowest = positions & (~positions + np.uint32(1))
    exponent = np.zeros(len(positions), np.uint8)
    marked = lowest != 0
    exponent[marked] = 31 - np.log2(lowest[marked].astype(np.float64)).astype(np.uint8)
    return exponent


def any_finer(positions: U32, bits: int) -> bool:
    """Whether any cell is of finer precision than `bits`."""
    return bool(int(np.bitwise_or.reduce(positions)) & ((1 << (31 - bits)) - 1))


def coarsen(positions: U32, bits: int) -> U32:
    """The cells of at most `bits` precision that hold these cells; cells already larger stay as they are.

    Raises ValueError when `bits` is outside 1 to 24.
    """
    _check_bits(bits)
    shift = np.uint32(32 - bits)
    larger = (positions & np.uint32((1 << (32 - bits)) - 1)) == 0
    coarse = (positions >> shift << shift) | np.uint32(1 << (31 - bits))
    return np.where(larger, positions, coarse).astype(np.uint32)


def _check_bits(bits: int) -> None:
    if not 1 <= bits <= MAX_BITS:
        raise ValueError(f"precision is {bits} bits, but must be 1 to {MAX_BITS}")

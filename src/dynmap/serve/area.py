"""Where a viewer looks: XYZ tiles, and perhaps the rest of the world beside them. No I/O."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from dynmap.errors import SubscriptionError
from dynmap.frame import U32, Frame

Tile = tuple[int, int, int]
"""Zoom, column, row; row 0 is in the north."""

WORLD: Final[Tile] = (0, 0, 0)

MAX_TILES: Final = 64
MAX_ZOOM: Final = 24

ROOM_ROWS: Final = 4096
"""Rows of a room's frame at the most."""

VIEWER_ROWS: Final = 8192
"""Rows of a step over all tiles of a viewer: what it costs does not depend on how closely it looks."""


@dataclass(frozen=True, slots=True)
class Rest:
    """All that lies outside of some tiles (sorted, none within another)."""

    tiles: tuple[Tile, ...]


Place = Tile | Rest
"""What a room shows."""


@dataclass(frozen=True, slots=True)
class Area:
    """Tiles (sorted, none within another), and whether the rest of the world is counted beside them."""

    tiles: tuple[Tile, ...] = (WORLD,)
    rest: bool = False

    @property
    def is_world(self) -> bool:
        """Whether everything that happens is in it."""
        return self.rest or _share(self.tiles) == 1 << 2 * MAX_ZOOM

    @property
    def places(self) -> tuple[Place, ...]:
        """A place for each of its rooms."""
        beside = self.rest and _share(self.tiles) < 1 << 2 * MAX_ZOOM
        return (*self.tiles, Rest(self.tiles)) if beside else self.tiles

    @property
    def rows(self) -> int:
        """How many rows each of its rooms may have. A power of two, so that areas of about as many tiles share them."""
        return min(ROOM_ROWS, VIEWER_ROWS >> (len(self.tiles) - 1).bit_length())


def area_of(tiles: Sequence[Tile] | None, rest: bool) -> Area:
    """The area of a request's tiles, of which there may be none: then it is the whole world.

    Raises SubscriptionError (bad_tiles) when there are too many, or one does not exist, is named twice or lies in
    another.
    """
    given = [WORLD] if tiles is None else list(tiles)
    if not 1 <= len(given) <= MAX_TILES:
        raise SubscriptionError("bad_tiles", f"{len(given)} tiles, but must be 1 to {MAX_TILES}")
    for position, (z, x, y) in enumerate(given):
        if not (0 <= z <= MAX_ZOOM and 0 <= x < 1 << z and 0 <= y < 1 << z):
            raise SubscriptionError("bad_tiles", f"tiles[{position}]: there is no tile {z}/{x}/{y}")
    _check_overlap(given)
    return Area(tuple(sorted(given)), rest)


def _check_overlap(tiles: list[Tile]) -> None:
    seen = set(tiles)
    if len(seen) < len(tiles):
        raise SubscriptionError("bad_tiles", "a tile is named twice")
    for z, x, y in tiles:
        for up in range(1, z + 1):
            if (outer := (z - up, x >> up, y >> up)) in seen:
                raise SubscriptionError(
                    "bad_tiles", f"tile {z}/{x}/{y} lies in tile {'/'.join(map(str, outer))}"
                )


def _share(tiles: Sequence[Tile]) -> int:
    """How much of the world they are, in tiles of `MAX_ZOOM`: whole numbers, so that the sum is exact."""
    return sum(1 << 2 * (MAX_ZOOM - z) for z, _, _ in tiles)


class Winding:
    """A frame's rows along the Z-order curve (https://en.wikipedia.org/wiki/Z-order_curve).

    Along it every tile of every zoom is one run, so one sort serves the rooms of all tiles, however many they are.
    """

    __slots__ = ("_codes", "_frame", "_order")

    def __init__(self, frame: Frame) -> None:
        codes = interleaved(frame.x, frame.y)
        self._frame = frame
        self._order = np.argsort(codes)
        self._codes = codes[self._order]

    def cut(self, place: Place) -> Frame:
        """The rows whose centre lies in a tile; or those outside of some, as one row a topic in a cell of 0 bits."""
        if isinstance(place, Rest):
            return self._outside(place.tiles)
        return self._frame.where(np.sort(self._rows(place)))

    def _rows(self, tile: Tile) -> npt.NDArray[np.intp]:
        first, last = _run_of(tile)
        start = np.searchsorted(self._codes, first)
        end = np.searchsorted(self._codes, last, side="right")
        return self._order[start:end]

    def _outside(self, tiles: Sequence[Tile]) -> Frame:
        outside = np.ones(len(self._frame), np.bool_)
        for tile in tiles:
            outside[self._rows(tile)] = False
        return self._frame.where(outside).placeless()


@lru_cache(maxsize=4096)
def _run_of(tile: Tile) -> tuple[np.uint64, np.uint64]:
    """The first and the last place on the curve that lie in a tile."""
    z, x, y = tile
    code = int(interleaved(np.array([x], np.uint32), np.array([y], np.uint32))[0])
    below = 2 * (32 - z)
    return np.uint64(code << below), np.uint64((code + 1 << below) - 1)


def interleaved(x: U32, y: U32) -> npt.NDArray[np.uint64]:
    """The place of positions on the curve: bits of x (uint32[n]) and y (uint32[n]) in turn, uint64[n]."""
    return np.asarray(_spread(x) | _spread(y) << np.uint64(1), np.uint64)


def _spread(positions: U32) -> npt.NDArray[np.uint64]:
    """A zero after every bit (H. S. Warren, Hacker's Delight, section 7-2)."""
    spread = positions.astype(np.uint64)
    for shift, mask in (
        (16, 0x0000FFFF0000FFFF),
        (8, 0x00FF00FF00FF00FF),
        (4, 0x0F0F0F0F0F0F0F0F),
        (2, 0x3333333333333333),
        (1, 0x5555555555555555),
    ):
        spread = (spread | spread << np.uint64(shift)) & np.uint64(mask)
    return np.asarray(spread, np.uint64)

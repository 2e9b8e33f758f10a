"""The binary frames of `/api/live` (`DYN1`, section 6 of the design): encode and decode. No I/O."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import numpy as np

from dynmap import grid
from dynmap.errors import FrameError
from dynmap.frame import U16, U32, Frame

MAGIC: Final = b"DYN1"
TILE_BITS: Final = 16
"""Positions inside a tile are in 1/65536 of its side."""

_HEADER: Final = struct.Struct("<4sBBBBIIdII")
_MOST: Final = 0xFFFFFFFF


class Kind(IntEnum):
    """What a receiver does with a frame."""

    LIVE = 0
    PICTURE = 1
    """Replaces what is drawn; never added to totals."""
    REPLAY = 2
    CAUGHT_UP = 3
    """Several ticks merged; added exactly."""
    OLD = 4
    """Old additions: counted, not drawn."""


@dataclass(frozen=True, slots=True)
class WireFrame:
    """A decoded binary frame.

    kind, z, tile_x, tile_y, subscription as in the header; `bits` is the cell size: positions are multiples of
    2**(16 - bits), at their cell's centre, rounded down. `tick` and `covers` are in ms. x, y and topic are uint16[n]
    (x, y in 1/65536 of the tile's side), count uint32[n].
    """

    kind: Kind
    z: int
    bits: int
    subscription: int
    tile_x: int
    tile_y: int
    tick: float
    covers: int
    x: U16
    y: U16
    topic: U16
    count: U32

    @property
    def total(self) -> int:
        """The sum of the counts."""
        return int(self.count.sum(dtype=np.uint64))

    def cells(self) -> tuple[U32, U32]:
        """Its rows' cells of the world grid (see `dynmap.grid`): uint32[n] x and y, the centres."""
        half = np.uint64(self.bits == TILE_BITS)  # what the rounding took
        side = np.uint64(32 - self.z)
        x, y = (
            (tile << int(side)) + (((place.astype(np.uint64) * np.uint64(2) + half) << side) >> np.uint64(17))
            for tile, place in ((self.tile_x, self.x), (self.tile_y, self.y))
        )
        return x.astype(np.uint32), y.astype(np.uint32)


def encode(
    frame: Frame,
    kind: Kind,
    covers: int,
    *,
    subscription: int = 0,
    z: int = 0,
    tile_x: int = 0,
    tile_y: int = 0,
) -> list[bytes]:
    """The binary frames that carry a frame whose rows all lie in one tile: one for each size of cell in it.

    `covers` is in ms. Cells finer than 1/65536 of the tile are merged into that. An empty frame gives none.
    """
    if not len(frame):
        return []
    finest = min(grid.MAX_BITS, z + TILE_BITS)
    if grid.any_finer(frame.x, finest) or grid.any_finer(frame.y, finest):
        frame = frame.coarsened(finest)
    lowest = frame.x & (~frame.x + np.uint32(1))
    tile = (z, tile_x, tile_y)
    return [
        _encode_one(
            part, kind, covers, subscription, min(max(32 - size.bit_length() - z, 0), TILE_BITS), tile
        )
        for size, part in _by_size(frame, lowest)
    ]


def _by_size(frame: Frame, lowest: U32) -> list[tuple[int, Frame]]:
    """The rows of each size of cell, finest first; nearly always there is only one."""
    if int(lowest.min()) == int(lowest.max()):
        return [(int(lowest[0]), frame)]
    return [(int(size), frame.where(lowest == size)) for size in np.unique(lowest)]


def _encode_one(
    frame: Frame, kind: Kind, covers: int, subscription: int, bits: int, tile: tuple[int, int, int]
) -> bytes:
    z, tile_x, tile_y = tile
    inside, shift = np.uint64((1 << (32 - z)) - 1), np.uint64(32 - z)
    x, y = (((position & inside) << np.uint64(TILE_BITS)) >> shift for position in (frame.x, frame.y))
    topic, count = frame.topic, frame.count
    while int(count.max(initial=0)) > _MOST:
        over = count > _MOST
        x, y, topic = (np.concatenate((column, column[over])) for column in (x, y, topic))
        count = np.concatenate((np.minimum(count, np.uint64(_MOST)), count[over] - np.uint64(_MOST)))
    n = len(count)
    header = _HEADER.pack(
        MAGIC, kind, z, bits, subscription, tile_x, tile_y, float(frame.tick), min(covers, _MOST), n
    )
    columns = [x.astype("<u2").tobytes(), y.astype("<u2").tobytes(), topic.astype("<u2").tobytes()]
    return b"".join((header, *columns, b"\0\0" * (n % 2), count.astype("<u4").tobytes()))


def addressed(encoded: bytes, subscription: int) -> bytes:
    """The same binary frame for another subscription id (0 to 255), so that a room is encoded once."""
    return encoded[:7] + bytes((subscription,)) + encoded[8:]


def decode(data: bytes) -> WireFrame:
    """A binary frame taken apart; its columns are views of `data`.

    Raises FrameError when the bytes are not a whole frame.
    """
    if len(data) < _HEADER.size or data[:4] != MAGIC:
        raise FrameError("not a DYN1 frame", where=f"{len(data)} bytes")
    _, kind, z, bits, subscription, tile_x, tile_y, tick, covers, n = _HEADER.unpack_from(data)
    start_of_counts = _HEADER.size + 6 * n + 2 * (n % 2)
    if len(data) != start_of_counts + 4 * n:
        raise FrameError(f"a DYN1 frame of {n} rows can't have {len(data)} bytes")
    if kind > max(Kind):
        raise FrameError(f"a DYN1 frame of unknown kind {kind}")
    x, y, topic = (np.frombuffer(data, "<u2", n, _HEADER.size + 2 * n * column) for column in range(3))
    count = np.frombuffer(data, "<u4", n, start_of_counts)
    return WireFrame(Kind(kind), z, bits, subscription, tile_x, tile_y, tick, covers, x, y, topic, count)

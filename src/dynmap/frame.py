"""Frames: what happened in a stretch of time, as counts by topic and cell. No I/O.

Everything that DynMap sends, merges, keeps and replays is a frame. Merging is concatenate-and-sum, so it is
associative and commutative, and whatever is done to a frame here keeps the sum of its counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import numpy.typing as npt

from dynmap import grid
from dynmap.errors import FrameError

U16 = npt.NDArray[np.uint16]
U32 = npt.NDArray[np.uint32]
U64 = npt.NDArray[np.uint64]
I64 = npt.NDArray[np.int64]

TICK_MS: Final = 250
"""Length of a tick in milliseconds."""

MAX_TOPICS: Final = 1 << 14
"""Topic numbers that fit into a sort key beside two 25-bit coordinates."""

_SHIFT: Final = np.uint64(31 - grid.MAX_BITS)
_TOPIC, _X = np.uint64(50), np.uint64(25)
_COORDINATE: Final = np.uint64((1 << 25) - 1)


def tick_of(ms: int) -> int:
    """The start of the tick that holds a moment; both in milliseconds since 1970."""
    return ms - ms % TICK_MS


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """Counts of one tick: columns of equal length, sorted by and unique in (topic, x, y).

    tick   start, milliseconds since 1970
    topic  uint16[n], below 16,384; what a number means is up to whoever holds the frame
    x, y   uint32[n], centres of cells (see `dynmap.grid`)
    count  uint64[n], sums of weights
    """

    tick: int
    topic: U16
    x: U32
    y: U32
    count: U64

    @classmethod
    def of(cls, tick: int, topic: U16, x: U32, y: U32, count: npt.NDArray[np.integer]) -> Self:
        """A frame of rows in any order, in which a (topic, cell) may stand many times.

        Raises FrameError when the columns differ in length or a topic number is 16,384 or more.
        """
        if not len(topic) == len(x) == len(y) == len(count):
            raise FrameError("the columns of a frame differ in length")
        if len(topic) and int(topic.max()) >= MAX_TOPICS:
            raise FrameError(
                f"topic number {int(topic.max())} is over the {MAX_TOPICS - 1} that fit into a frame"
            )
        return cls._summed(tick, pack(topic, x, y), np.asarray(count, np.uint64))

    @classmethod
    def empty(cls, tick: int) -> Self:
        """A frame in which nothing happened."""
        none = np.empty(0, np.uint32)
        return cls(tick, np.empty(0, np.uint16), none, none, np.empty(0, np.uint64))

    @classmethod
    def _summed(cls, tick: int, keys: U64, counts: U64) -> Self:
        if len(keys) > 1 and not bool((keys[1:] > keys[:-1]).all()):
            order = np.argsort(keys)  # equal keys are summed, so their order is free: twice a stable sort
            keys, counts = keys[order], counts[order]
            first = np.flatnonzero(np.concatenate(([True], keys[1:] != keys[:-1])))
            keys, counts = keys[first], np.add.reduceat(counts, first)
        topic, x, y = unpack(keys)
        return cls(tick, topic, x, y, counts)

    def __len__(self) -> int:
        return len(self.count)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Frame):
            return NotImplemented
        return (
            self.tick == other.tick
            and np.array_equal(self.keys, other.keys)
            and np.array_equal(self.count, other.count)
        )

    @property
    def keys(self) -> U64:
        """The sort keys, uint64[n], strictly increasing."""
        return pack(self.topic, self.x, self.y)

    @property
    def total(self) -> int:
        """The sum of the counts: what every operation on frames keeps."""
        return int(self.count.sum(dtype=np.uint64))

    def coarsened(self, bits: int) -> Self:
        """The same counts in cells of at most `bits` precision (1 to 24, else ValueError)."""
        x, y = grid.coarsen(self.x, bits), grid.coarsen(self.y, bits)
        return self._summed(self.tick, pack(self.topic, x, y), self.count)

    def renumbered(self, numbers: U16) -> Self:
        """The same counts with topic `t` called `numbers[t]`; topics that get one number are merged."""
        return self._summed(self.tick, pack(numbers[self.topic], self.x, self.y), self.count)

    def placeless(self) -> Self:
        """The same counts by topic alone, in the one cell of 0 bits that is the whole world."""
        middle = np.full(len(self), 1 << 31, np.uint32)
        return self._summed(self.tick, pack(self.topic, middle, middle), self.count)

    def where(self, rows: npt.NDArray[np.bool_] | npt.NDArray[np.intp]) -> Self:
        """Only the rows in which `rows` (bool[n]) is true, or those of these numbers (ascending)."""
        return type(self)(self.tick, self.topic[rows], self.x[rows], self.y[rows], self.count[rows])

    def cut(self, z: int, tile_x: int, tile_y: int) -> Self:
        """The rows whose centre lies in a tile: the tiles of one zoom share out all rows, none twice."""
        if z == 0:
            return self
        shift = np.uint32(32 - z)
        return self.where((self.x >> shift == tile_x) & (self.y >> shift == tile_y))

    def bounded(self, rows: int, parents: U16, other: int, z: int = 0) -> Self:
        """At most `rows` rows (6 or more): first cells give way, then topics, then cells again, then all topics.

        `z` is the zoom of a tile that all rows lie in: how large cells get goes by its size, and none gets larger than
        a quarter of it. `parents[t]` is the number of topic t's parent, or t itself at the root. Should even one row
        a root topic and quarter of the tile be too many, all topics are called `other`.
        """
        frame = self._bounded_by_cells(rows, z + 16, z + 6)
        while len(frame) > rows and bool((parents[frame.topic] != frame.topic).any()):
            frame = frame.renumbered(parents)
        frame = frame._bounded_by_cells(rows, z + 5, z + 1)
        return frame if len(frame) <= rows else frame.renumbered(np.full(MAX_TOPICS, other, np.uint16))

    def _bounded_by_cells(self, rows: int, finest: int, coarsest: int) -> Self:
        """In the finest cells that leave at most `rows` rows, else in the coarsest.

        They are found by halving: to count distinct keys takes a plain sort, a seventh of what summing takes.
        """
        if len(self) <= rows:
            return self
        finest, coarsest = min(finest, grid.MAX_BITS), min(coarsest, grid.MAX_BITS)
        while coarsest < finest:
            bits = (coarsest + finest + 1) // 2
            if self._rows_at(bits) <= rows:
                coarsest = bits
            else:
                finest = bits - 1
        return self.coarsened(coarsest)

    def _rows_at(self, bits: int) -> int:
        keys = np.sort(pack(self.topic, grid.coarsen(self.x, bits), grid.coarsen(self.y, bits)))
        return int(np.count_nonzero(keys[1:] != keys[:-1])) + 1


def merge(frames: Sequence[Frame], tick: int | None = None) -> Frame:
    """The sum of frames. Its tick is `tick`, or the earliest of theirs.

    Raises FrameError when there is neither a frame nor a tick.
    """
    if tick is None:
        if not frames:
            raise FrameError("nothing to merge, and no tick to give an empty frame")
        tick = min(frame.tick for frame in frames)
    filled = [frame for frame in frames if len(frame)]
    if not filled:
        return Frame.empty(tick)
    if len(filled) == 1:
        only = filled[0]
        return Frame(tick, only.topic, only.x, only.y, only.count)
    keys = np.concatenate([frame.keys for frame in filled])
    return Frame._summed(tick, keys, np.concatenate([frame.count for frame in filled]))


def frames_by_tick(tick: I64, topic: U16, x: U32, y: U32, count: npt.NDArray[np.integer]) -> list[Frame]:
    """One frame a tick, earliest first, of rows in any order (int64[n] tick in ms since 1970, uint16[n] topic,
    uint32[n] x and y, unsigned count[n])."""
    if not len(tick):
        return []
    if bool((tick == tick[0]).all()):
        return [Frame.of(int(tick[0]), topic, x, y, count)]
    order = np.argsort(_narrowed(tick), kind="stable")
    edges = np.flatnonzero(np.diff(tick[order])) + 1
    return [
        Frame.of(int(tick[rows[0]]), topic[rows], x[rows], y[rows], count[rows])
        for rows in np.split(order, edges)
    ]


def _narrowed(tick: I64) -> npt.NDArray[np.integer]:
    """The same order in 16 bits, where ticks lie that close, which is nearly always: those are sorted by radix."""
    steps, off = np.divmod(tick - tick.min(), TICK_MS)
    return tick if off.any() or int(steps.max()) > 0xFFFF else steps.astype(np.uint16)


def pack(topic: U16, x: U32, y: U32) -> U64:
    """One 64-bit sort key a row: 14 bits of topic, 25 of x, 25 of y. Sorting these is 6 times a lexsort."""
    east, south = x.astype(np.uint64) >> _SHIFT, y.astype(np.uint64) >> _SHIFT
    return np.asarray(topic.astype(np.uint64) << _TOPIC | east << _X | south, np.uint64)


def unpack(keys: U64) -> tuple[U16, U32, U32]:
    """Topic, x and y of sort keys."""
    x = (((keys >> _X) & _COORDINATE) << _SHIFT).astype(np.uint32)
    y = ((keys & _COORDINATE) << _SHIFT).astype(np.uint32)
    return (keys >> _TOPIC).astype(np.uint16), x, y

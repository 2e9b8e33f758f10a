"""Counting: located rows into one row for each tick, topic and cell. What leaves here holds no address."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from dynmap.frame import MAX_TOPICS, TICK_MS
from dynmap.pipeline.events import ROWS, Block
from dynmap.pipeline.kernels_rollup import (
    LOCATED,
    MAX_TICKS,
    TICK_SLOTS,
    UNLOCATED,
    USED,
    ColumnsAt,
    CounterAt,
    count_rows,
    emit,
    rehash,
)
from dynmap.pipeline.memory import address_of
from dynmap.relay.message import Rejection

U16 = npt.NDArray[np.uint16]
U32 = npt.NDArray[np.uint32]


@dataclass(frozen=True, slots=True)
class Rollup:
    """What happened since the last flush: the same fields as `dynmap.relay.message.BatchMessage`.

    topics     names; the column `topic` and the keys of `unlocated` index into it
    ticks      starts in ms since 1970; the column `tick` indexes into it
    tick, topic, x, y, count   uint16[n], uint16[n], uint32[n], uint32[n], uint32[n]; a count over 2^32-1 is
               split over several rows, else rows are unique in (tick, topic, x, y)
    located, unlocated, rejected   sums of weights; unlocated by topic index
    reasons    rejected weights by reason
    examples   a few rejected lines a reason, addresses masked
    """

    topics: list[str]
    ticks: list[int]
    tick: U16
    topic: U16
    x: U32
    y: U32
    count: U32
    located: int
    unlocated: dict[int, int] = field(default_factory=dict)
    rejected: int = 0
    reasons: dict[str, int] = field(default_factory=dict)
    examples: list[Rejection] = field(default_factory=list)

    @property
    def received(self) -> int:
        """The weight of all events in it: received = located + unlocated + rejected."""
        return self.located + sum(self.unlocated.values()) + self.rejected

    def with_rejected(self, rejected: int, reasons: dict[str, int], examples: list[Rejection]) -> Rollup:
        """The same counts and these rejected lines."""
        return replace(self, rejected=rejected, reasons=reasons, examples=examples)


_SMALLEST: Final = 4 * ROWS
"""Entries of an empty table."""

_FULL_ROWS: Final = 1 << 20
_FULL_TICKS: Final = MAX_TICKS // 4
_FULL_WEIGHT: Final = 1 << 46


class Counter:
    """The counts since the last `emit`, in a hash table that grows with what is in it (`kernels_rollup`)."""

    def __init__(self) -> None:
        self._secret = secrets.randbits(62) | 1
        self._sums = np.zeros(4, np.int64)
        self._ticks = np.zeros(MAX_TICKS, np.int64)
        self._tick_slots = np.zeros(TICK_SLOTS, np.int32)
        self._index_of = np.full(MAX_TOPICS, -1, np.int32)
        self._used = np.zeros(MAX_TOPICS, np.uint16)
        self._unlocated = np.zeros(MAX_TOPICS, np.int64)
        self._allocate(_SMALLEST)

    def _allocate(self, entries: int) -> None:
        self._table = np.zeros(2 * entries, np.uint64)
        self._touched = np.zeros(entries, np.uint32)
        arrays: tuple[npt.NDArray[Any], ...] = (
            self._table,
            self._touched,
            self._ticks,
            self._tick_slots,
            self._sums,
        )
        self._at = CounterAt._make((entries - 1, *map(address_of, arrays), self._secret))

    def reserve(self, rows: int) -> None:
        """Make room for this many more rows."""
        entries = len(self._touched)
        while 2 * (int(self._sums[USED]) + rows) > entries:
            entries *= 2
        if entries > len(self._touched):
            kept, before = (self._table, self._touched), self._at
            self._allocate(entries)
            rehash(before, self._at)
            del kept

    def count(self, block: Block, rows: int, arrival: int, own_time: bool, line: int) -> tuple[int, int]:
        """Count the good rows of a block that has cells: weights (located, unlocated). `arrival` in ms since 1970."""
        self.reserve(rows)
        located, unlocated = count_rows(block.at, rows, arrival, int(own_time), line, self._at)
        return located, unlocated

    @property
    def full(self) -> bool:
        """Whether it should be emptied before more comes: a call of 1 MiB of lines then still fits."""
        used, _, _, ticks = sums = self._sums.tolist()
        weight = sums[LOCATED] + sums[UNLOCATED]
        return bool(used >= _FULL_ROWS or ticks >= _FULL_TICKS or weight >= _FULL_WEIGHT)

    def emit(self, names: list[str]) -> Rollup:
        """All counts, with `names[slot]` as topics; the table is empty afterwards."""
        used, located, unlocated, tick_count = self._sums.tolist()
        room = used + ((located + unlocated) >> 32)
        tick, topic = np.empty(room, np.uint16), np.empty(room, np.uint16)
        x, y, count = np.empty(room, np.uint32), np.empty(room, np.uint32), np.empty(room, np.uint32)
        columns: tuple[npt.NDArray[Any], ...] = (
            tick,
            topic,
            x,
            y,
            count,
            self._index_of,
            self._used,
            self._unlocated,
        )
        rows, topics = emit(self._at, ColumnsAt._make(map(address_of, columns)))
        ticks = (self._ticks[:tick_count] * TICK_MS).tolist()
        if len(self._touched) > _SMALLEST and 32 * rows < len(self._touched):
            self._allocate(_SMALLEST)
        return Rollup(
            topics=[names[slot] for slot in self._used[:topics].tolist()],
            ticks=ticks,
            tick=tick[:rows],
            topic=topic[:rows],
            x=x[:rows],
            y=y[:rows],
            count=count[:rows],
            located=located,
            unlocated={
                index: weight for index, weight in enumerate(self._unlocated[:topics].tolist()) if weight
            },
        )

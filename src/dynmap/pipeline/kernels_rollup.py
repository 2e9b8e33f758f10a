"""Compiled counting: one entry for each (tick, topic, cell), found by hashing, emitted as columns.

An entry is two uint64: `frame.pack(topic, x, y)`, whose cell is 0 for events without a place, and 16 bits of tick
number above 48 bits of count; a count of 0 means a free entry. `touched` lists the entries in use, so that emptying
the table costs what was in it, not what it could hold.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dynmap.frame import TICK_MS
from dynmap.pipeline.events import GOOD, BlockAt
from dynmap.pipeline.memory import (
    as_int,
    fetch_soon,
    get_i32,
    get_i64,
    get_u8,
    get_u16,
    get_u32,
    get_u64,
    inlined,
    kernel,
    put_32,
    put_i64,
    put_u16,
    put_u64,
)

MAX_TICKS = 65_535
"""Tick numbers of one rollup: one below what its column holds."""

TICK_SLOTS = 1 << 17

_AHEAD = 128
"""Rows whose entries are fetched before the first of them is counted: waits for memory overlap."""

_FUTURE_MS = 5_000
"""A time further ahead of arrival than this counts as arrival."""

_CELL = np.uint64((1 << 50) - 1)
_COUNT = np.uint64((1 << 48) - 1)
_MOST = (1 << 32) - 1
_COORDINATE = (1 << 25) - 1
_SPREAD = np.uint64(0x9E3779B97F4A7C15)

USED, LOCATED, UNLOCATED, TICKS = 0, 1, 2, 3
"""What `sums` (int64[4]) holds: entries in use, weights since the last flush, tick numbers given."""


class CounterAt(NamedTuple):
    """A counter as kernels take it: addresses, but for the first and last.

    mask        entries of the table - 1
    table       uint64[2 * entries]
    touched     uint32[entries]: which entries are in use
    ticks       int64[MAX_TICKS]: ticks since 1970, by number
    tick_slots  int32[TICK_SLOTS]: hash table of tick numbers + 1
    sums        int64[4]
    secret      what hashes are multiplied by, odd
    """

    mask: int
    table: int
    touched: int
    ticks: int
    tick_slots: int
    sums: int
    secret: int


class ColumnsAt(NamedTuple):
    """Where `emit` writes: addresses of the columns of a Rollup, and what it needs to number topics.

    `index_of` is int32[16384], all -1; `used` uint16[16384]: slots of the topics;
    `unlocated` int64[16384]: their weights.
    """

    tick: int
    topic: int
    x: int
    y: int
    weight: int
    index_of: int
    used: int
    unlocated: int


@kernel
def put_cells(block: BlockAt, rows: int, sixes: int, cell_of_place: int) -> None:
    """Cells of a block's rows from their places, those with IPv6 from theirs."""
    for row in range(rows):
        put_u64(block.cell, row, get_u64(cell_of_place, get_i32(block.place, row)))
    for i in range(sixes):
        place = get_i32(block.six_place, i)
        put_u64(block.cell, get_i32(block.six_row, i), get_u64(cell_of_place, place))


@inlined
def _first(to: CounterAt, key: np.uint64, number: int) -> int:
    """Where the entry of a key and tick number is looked for first."""
    mixed = (key ^ (np.uint64(number) * _SPREAD)) * np.uint64(to.secret)
    mixed ^= mixed >> np.uint64(32)
    return as_int((mixed * _SPREAD) >> np.uint64(32)) & to.mask


@inlined
def _entry(to: CounterAt, key: np.uint64, number: int, at: int) -> int:
    """Where the entry of a key and tick number is, or would go; `at` is where to look first."""
    while True:
        second = get_i64(to.table, 2 * at + 1)
        if second == 0 or (get_u64(to.table, 2 * at) == key and (second >> 48) & 0xFFFF == number):
            return at
        at = (at + 1) & to.mask


@inlined
def _home(tick: int) -> int:
    """Where a tick is looked for first: neighbours are neighbours, and blocks of 64 are strewn."""
    return ((tick & 63) | (((tick >> 6) * 0x9E3779B1) << 6)) & (TICK_SLOTS - 1)


@inlined
def _tick_number(to: CounterAt, tick: int) -> int:
    """The number of a tick (counted in ticks since 1970), given now if it is new; -1 when there are none left."""
    at = _home(tick)
    while True:
        slot = get_i32(to.tick_slots, at)
        if slot == 0:
            break
        if get_i64(to.ticks, slot - 1) == tick:
            return slot - 1
        at = (at + 1) & (TICK_SLOTS - 1)
    number = get_i64(to.sums, TICKS)
    if number >= MAX_TICKS:
        return -1
    put_i64(to.ticks, number, tick)
    put_i64(to.sums, TICKS, number + 1)
    put_32(to.tick_slots, at, number + 1)
    return number


@inlined
def _forget_ticks(to: CounterAt) -> None:
    """Take all tick numbers back: clear every run of slots in which one is."""
    for number in range(get_i64(to.sums, TICKS)):
        at = _home(get_i64(to.ticks, number))
        while get_i32(to.tick_slots, at) != 0:
            put_32(to.tick_slots, at, 0)
            at = (at + 1) & (TICK_SLOTS - 1)
    put_i64(to.sums, TICKS, 0)


@inlined
def _tick(stamp: int, line: int, arrival: int) -> int:
    """The tick that an event belongs to, by its own time if that can be. Whole seconds are shared out."""
    ms = stamp >> 1
    if stamp < 0 or ms > arrival + _FUTURE_MS:
        ms = arrival
    elif stamp & 1:
        ms += (line & 3) * TICK_MS
    return ms // TICK_MS


@inlined
def _prepare(
    block: BlockAt, first: int, end: int, arrival: int, own_time: int, line: int, arrived: int, to: CounterAt
) -> None:
    """Put key, tick number and first entry of rows where cell, stamp and topic's hash were, and fetch the entries."""
    number, last = arrived, -1
    for row in range(first, end):
        if own_time != 0:
            tick = _tick(get_i64(block.stamp, row), line + row, arrival)
            if tick != last:
                last, number = tick, _tick_number(to, tick)
                if number < 0:
                    number = arrived
        key = (np.uint64(get_u16(block.slot, row)) << np.uint64(50)) | get_u64(block.cell, row)
        at = _first(to, key, number)
        fetch_soon(to.table + 16 * at)
        put_u64(block.cell, row, key)
        put_i64(block.stamp, row, number)
        put_i64(block.topic_key, row, at)


@kernel
def count_rows(
    block: BlockAt, rows: int, arrival: int, own_time: int, line: int, to: CounterAt
) -> tuple[int, int]:
    """Count the good rows of a block: (located, unlocated) weights. The table must have room for all of them.

    `own_time` is 1 when lines' own times count; `line` is how many lines the connection or file had before.
    The columns cell, stamp and topic_key are used up.
    """
    located, unlocated, used = 0, 0, get_i64(to.sums, USED)
    arrived = _tick_number(to, arrival // TICK_MS)
    if (
        arrived < 0
    ):  # the caller should have flushed long ago; nothing is lost, but the tick is the last one given
        arrived = MAX_TICKS - 1
    for first in range(0, rows, _AHEAD):
        end = min(rows, first + _AHEAD)
        _prepare(block, first, end, arrival, own_time, line, arrived, to)
        for row in range(first, end):
            if get_u8(block.state, row) != GOOD:
                continue
            key, number, weight = (
                get_u64(block.cell, row),
                get_i64(block.stamp, row),
                get_u32(block.weight, row),
            )
            if key & _CELL == 0:
                unlocated += weight
            else:
                located += weight
            at = _entry(to, key, number, get_i64(block.topic_key, row))
            second = get_i64(to.table, 2 * at + 1)
            if second == 0:
                put_32(to.touched, used, at)
                used += 1
                put_u64(to.table, 2 * at, key)
                second = number << 48
            put_i64(to.table, 2 * at + 1, second + weight)
    put_i64(to.sums, USED, used)
    put_i64(to.sums, LOCATED, get_i64(to.sums, LOCATED) + located)
    put_i64(to.sums, UNLOCATED, get_i64(to.sums, UNLOCATED) + unlocated)
    return located, unlocated


@kernel
def rehash(old: CounterAt, new: CounterAt) -> None:
    """Move all entries into a larger, empty table."""
    for i in range(get_i64(old.sums, USED)):
        before = get_u32(old.touched, i)
        key, second = get_u64(old.table, 2 * before), get_i64(old.table, 2 * before + 1)
        number = (second >> 48) & 0xFFFF
        at = _entry(new, key, number, _first(new, key, number))
        put_u64(new.table, 2 * at, key)
        put_i64(new.table, 2 * at + 1, second)
        put_32(new.touched, i, at)


@kernel
def emit(of: CounterAt, to: ColumnsAt) -> tuple[int, int]:
    """Write the entries out as columns and empty the counter: (rows, topics).

    Topics are numbered anew in order of appearance. Columns need room for entries + total weight / 2^32.
    """
    rows, topics = 0, 0
    for i in range(get_i64(of.sums, USED)):
        at = get_u32(of.touched, i)
        key, second = get_u64(of.table, 2 * at), get_u64(of.table, 2 * at + 1)
        put_i64(of.table, 2 * at + 1, 0)
        slot, left = as_int(key >> np.uint64(50)), as_int(second & _COUNT)
        index = get_i32(to.index_of, slot)
        if index < 0:
            index, topics = topics, topics + 1
            put_32(to.index_of, slot, index)
            put_u16(to.used, index, slot)
            put_i64(to.unlocated, index, 0)
        cell = as_int(key & _CELL)
        if cell == 0:
            put_i64(to.unlocated, index, get_i64(to.unlocated, index) + left)
            continue
        while left > 0:
            part = min(_MOST, left)
            put_u16(to.tick, rows, as_int(second >> np.uint64(48)))
            put_u16(to.topic, rows, index)
            put_32(to.x, rows, (cell >> 25) << 7)
            put_32(to.y, rows, (cell & _COORDINATE) << 7)
            put_32(to.weight, rows, part)
            left -= part
            rows += 1
    for i in range(topics):
        put_32(to.index_of, get_u16(to.used, i), -1)
    for i in range(TICKS):
        put_i64(of.sums, i, 0)
    _forget_ticks(of)
    return rows, topics

"""Compiled counting: one entry for each (tick, topic, cell), found by hashing, emitted as columns.

An entry is two uint64: `frame.pack(topic, x, y)`, whose cell is 0 for events without a place, and 16 bits of tick number
above 48 bits of count; a count of 0 means a free entry. `touched` lists the entries in use, so that emptying
the table costs what was in it, not what it could hold.
"""

from __future__ import annotations

import numpy as np

from dynmap.frame import TICK_MS
from dynmap.pipeline.events import GOOD, I32, I64, U16, U32, U64, Columns
from dynmap.pipeline.memory import inlined, kernel

MAX_TICKS = 65_535
"""Tick numbers of one rollup: one below what its column holds."""

_FUTURE_MS = 5_000
"""A time further ahead of arrival than this counts as arrival."""

_CELL = np.uint64((1 << 50) - 1)
_COUNT = np.uint64((1 << 48) - 1)
_TOPIC, _X, _TICK = np.uint64(50), np.uint64(25), np.uint64(48)
_SPREAD = np.uint64(0x9E3779B97F4A7C15)

USED, LOCATED, UNLOCATED, TICKS = 0, 1, 2, 3
"""What `sums` (int64[4]) holds: entries in use, weights since the last flush, tick numbers given."""


@kernel
def places_to_cells(place: I32, cell: U64, rows: int, cell_of_place: U64) -> None:
    """Cells of the rows of a block from their places."""
    for row in range(rows):
        cell[row] = cell_of_place[place[row]]


@kernel
def scatter_places(row: I32, place: I32, listed: int, cell: U64, cell_of_place: U64) -> None:
    """Cells of the listed rows (those with IPv6) from their places."""
    for i in range(listed):
        cell[row[i]] = cell_of_place[place[i]]


@inlined
def _entry(table: U64, key: np.uint64, number: np.uint64, secret: np.uint64) -> int:
    """Where the entry of a key and tick number is, or would go."""
    mask = np.uint64((table.shape[0] >> 1) - 1)
    mixed = (key ^ (number * _SPREAD)) * secret
    mixed ^= mixed >> np.uint64(32)
    at = (mixed * _SPREAD) >> np.uint64(32) & mask
    while True:
        second = table[2 * at + np.uint64(1)]
        if second == 0 or (table[2 * at] == key and second >> _TICK == number):
            return np.int64(at)
        at = (at + np.uint64(1)) & mask


@inlined
def _tick_number(start: int, ticks: I64, slots: I32, sums: I64) -> int:
    """The number of a tick (counted in ticks since 1970), given now if it is new; -1 when there are none left."""
    mask = slots.shape[0] - 1
    # Neighbouring ticks are neighbours here, and blocks of 64 are strewn.
    at = ((start & 63) | (((start >> 6) * 0x9E3779B1) << 6)) & mask
    while slots[at] != 0:
        if ticks[slots[at] - 1] == start:
            return np.int64(slots[at] - 1)
        at = (at + 1) & mask
    number = sums[TICKS]
    if number >= MAX_TICKS:
        return -1
    ticks[number] = start
    sums[TICKS] = number + 1
    slots[at] = number + 1
    return number


@kernel
def tick_number(start: int, ticks: I64, slots: I32, sums: I64) -> int:
    """`_tick_number` for Python."""
    return _tick_number(start, ticks, slots, sums)


@kernel
def forget_ticks(ticks: I64, slots: I32, sums: I64) -> None:
    """Take all tick numbers back."""
    mask = slots.shape[0] - 1
    for number in range(sums[TICKS]):
        start = ticks[number]
        at = ((start & 63) | (((start >> 6) * 0x9E3779B1) << 6)) & mask
        while slots[at] != 0:
            slots[at] = 0
            at = (at + 1) & mask
    sums[TICKS] = 0


@inlined
def _tick(stamp: int, line: int, arrival: int) -> int:
    """The tick that an event belongs to, by its own time if that can be. Whole seconds are shared out over their ticks."""
    ms = stamp >> 1
    if stamp < 0 or ms > arrival + _FUTURE_MS:
        return arrival // TICK_MS
    if stamp & 1:
        ms += (line & 3) * TICK_MS
    return ms // TICK_MS


@kernel
def count_rows(
    columns: Columns,
    rows: int,
    arrival: int,
    own_time: bool,
    line: int,
    table: U64,
    touched: U32,
    ticks: I64,
    slots: I32,
    sums: I64,
    secret: np.uint64,
) -> tuple[int, int]:
    """Count the good rows of a block: (located, unlocated) weights. The table must have room for all of them.

    `line` is how many lines the connection or file had before.
    """
    located, unlocated = 0, 0
    arrived = _tick_number(arrival // TICK_MS, ticks, slots, sums)
    # The caller flushes well before ticks run out; should they, the last number given takes the rest.
    fallback = arrived if arrived >= 0 else MAX_TICKS - 1
    number, last, last_number = fallback, -1, fallback
    for row in range(rows):
        if columns.state[row] != GOOD:
            continue
        cell, weight = columns.cell[row], np.uint64(columns.weight[row])
        if cell == 0:
            unlocated += np.int64(weight)
        else:
            located += np.int64(weight)
        if own_time:
            start = _tick(columns.stamp[row], line + row, arrival)
            if start != last:
                last = start
                last_number = _tick_number(start, ticks, slots, sums)
                if last_number < 0:
                    last_number = fallback
            number = last_number
        key = (np.uint64(columns.slot[row]) << _TOPIC) | cell
        at = _entry(table, key, np.uint64(number), secret)
        if table[2 * at + 1] == 0:
            touched[sums[USED]] = at
            sums[USED] += 1
            table[2 * at] = key
            table[2 * at + 1] = np.uint64(number) << _TICK
        table[2 * at + 1] += weight
    sums[LOCATED] += located
    sums[UNLOCATED] += unlocated
    return located, unlocated


@kernel
def rehash(old: U64, old_touched: U32, table: U64, touched: U32, sums: I64, secret: np.uint64) -> None:
    """Move all entries into a larger, empty table."""
    for i in range(sums[USED]):
        from_ = old_touched[i]
        key, second = old[2 * from_], old[2 * from_ + 1]
        at = _entry(table, key, second >> _TICK, secret)
        table[2 * at] = key
        table[2 * at + 1] = second
        touched[i] = at


@kernel
def emit(
    table: U64,
    touched: U32,
    sums: I64,
    index_of: I32,
    used: U16,
    unlocated: I64,
    tick: U16,
    topic: U16,
    x: U32,
    y: U32,
    count: U32,
) -> tuple[int, int]:
    """Write the entries out as columns and empty the table: (rows, topics).

    Topics are numbered anew in order of appearance: `used[i]` is the slot of topic i, `unlocated[i]` its weight without
    a place. `index_of` (by slot) is all -1 before and after. Columns need room for entries + total weight / 2^32.
    """
    rows, topics = 0, 0
    for i in range(sums[USED]):
        at = np.int64(touched[i])
        key, second = table[2 * at], table[2 * at + 1]
        table[2 * at + 1] = 0
        slot = np.int64(key >> _TOPIC)
        if index_of[slot] < 0:
            index_of[slot] = topics
            used[topics] = slot
            unlocated[topics] = 0
            topics += 1
        index, left = index_of[slot], second & _COUNT
        if key & _CELL == 0:
            unlocated[index] += np.int64(left)
            continue
        while left > 0:
            part = min(left, np.uint64(0xFFFFFFFF))
            tick[rows] = second >> _TICK
            topic[rows] = index
            x[rows] = ((key >> _X) & np.uint64((1 << 25) - 1)) << np.uint64(7)
            y[rows] = (key & np.uint64((1 << 25) - 1)) << np.uint64(7)
            count[rows] = part
            left -= part
            rows += 1
    for i in range(topics):
        index_of[used[i]] = -1
    for i in range(3):
        sums[i] = 0
    return rows, topics

"""Compiled decoding of format `ip`: an address a line, optionally followed by topic, time and n."""

from __future__ import annotations

import numpy as np

from dynmap.pipeline.events import (
    BAD_WEIGHT,
    GOOD,
    LIBRARY,
    MAX_LINE,
    MAX_WEIGHT,
    NO_ADDRESS,
    NO_STAMP,
    TOO_LONG,
    TOO_MANY_FIELDS,
    BlockAt,
    Filled,
    KeysAt,
)
from dynmap.pipeline.kernels_address import FOUR, NONE, read_four, read_subject
from dynmap.pipeline.kernels_time import read_number, read_stamp
from dynmap.pipeline.kernels_topic import TOPIC, nothing_found, put_topic, text_digest
from dynmap.pipeline.memory import (
    as_int,
    byte,
    find,
    get_u64,
    inlined,
    kernel,
    line_end,
    put_32,
    put_i64,
    put_u8,
    put_u64,
    skip_blanks,
)

_NEWLINE, _DASH = 10, 45


@inlined
def put_line(block: BlockAt, row: int, at: int, end: int) -> None:
    """Begin a row: its line, and what holds when the line says nothing else."""
    put_i64(block.start, row, at)
    put_32(block.length, row, end - at)
    put_32(block.v4, row, 0)
    put_i64(block.stamp, row, NO_STAMP)
    put_32(block.weight, row, 1)


@inlined
def put_address(block: BlockAt, row: int, sixes: int, kind: int, four: int, high: np.uint64) -> int:
    """Set the address of a row; returns how many rows are listed as IPv6 now."""
    if kind == FOUR:
        put_32(block.v4, row, four)
        return sixes
    put_32(block.six_row, sixes, row)
    put_u64(block.six_high, sixes, high)
    return sixes + 1


@inlined
def _token_end(at: int, end: int) -> int:
    while at < end and byte(at) != 32 and byte(at) != 9:
        at += 1
    return at


@inlined
def _is_given(at: int, end: int) -> bool:
    return end > at and not (end == at + 1 and byte(at) == _DASH)


@inlined
def read_weight(at: int, end: int, limit: int) -> int:
    """An integer from 1 to 1,000,000, or 0 when the text is none."""
    kind, value, _, stop = read_number(at, end, limit)
    return value if kind == 1 and stop == end and 1 <= value <= MAX_WEIGHT else 0


@inlined
def _fields(block: BlockAt, row: int, at: int, end: int, limit: int, keys: KeysAt) -> int:
    """What follows the address: `topic ts n`, each of which may be left out at the end or be `-`."""
    topic = skip_blanks(at, end)
    topic_end = _token_end(topic, end)
    nothing_found(keys)
    if _is_given(topic, topic_end):
        for k in range(keys.wanted):
            if get_u64(keys.field, k) == TOPIC:
                put_u64(keys.found, k, text_digest(topic, topic_end, limit, keys))
    time = skip_blanks(topic_end, end)
    time_end = _token_end(time, end)
    if _is_given(time, time_end):
        put_i64(block.stamp, row, read_stamp(time, time_end, limit))
    weight = skip_blanks(time_end, end)
    weight_end = _token_end(weight, end)
    if skip_blanks(weight_end, end) != end:
        return TOO_MANY_FIELDS
    if _is_given(weight, weight_end):
        n = read_weight(weight, weight_end, limit)
        if n == 0:
            return BAD_WEIGHT
        put_32(block.weight, row, n)
    return put_topic(block, row, keys)


@kernel
def decode_ip(at: int, limit: int, block: BlockAt, keys: KeysAt) -> Filled:
    """Fill a block with the lines in [at, limit), the last of which ends in a newline too."""
    row, sixes, special = as_int(0), as_int(0), 0
    while at < limit and row < block.room:
        four, stop = read_four(at, limit, limit)
        if four >= 0 and byte(stop) == _NEWLINE:
            put_line(block, row, at, stop)
            put_32(block.v4, row, four)
            nothing_found(keys)
            state = put_topic(block, row, keys)
            at = stop + 1
        else:
            newline = find(at, limit, _NEWLINE)
            start, end = skip_blanks(at, newline), line_end(at, newline)
            long = newline - at > MAX_LINE
            at = newline + 1
            if start >= end:
                continue
            put_line(block, row, start, end)
            kind, four, high, stop = read_subject(start, end, limit)
            if long:
                state = TOO_LONG
            elif kind == NONE:
                state = NO_ADDRESS
            else:
                sixes = put_address(block, row, sixes, kind, four, high)
                state = _fields(block, row, stop, end, limit, keys)
        put_u8(block.state, row, state)
        special += state != GOOD
        row += 1
    return Filled(at, row, sixes, 0, special)


@kernel
def decode_lines(at: int, limit: int, block: BlockAt, keys: KeysAt) -> Filled:
    """Only tell the lines in [at, limit) apart and leave them to the library."""
    row = as_int(0)
    while at < limit and row < block.room:
        newline = find(at, limit, _NEWLINE)
        start, end = skip_blanks(at, newline), line_end(at, newline)
        long = newline - at > MAX_LINE
        at = newline + 1
        if start >= end:
            continue
        put_line(block, row, start, end)
        put_u8(block.state, row, TOO_LONG if long else LIBRARY)
        row += 1
    return Filled(at, row, 0, 0, row)

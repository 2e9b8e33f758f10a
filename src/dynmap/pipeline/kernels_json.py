r"""Compiled decoding of JSON lines: flat objects, with fields in any order and spacing.

The kernel takes only what it has checked byte by byte to be valid JSON. Whatever is nested, unusual or wrong it marks
LIBRARY, and `formats.read_json` decides with the same result (a property test compares the two). The last of several
values of one name counts, null is as good as absent, and lat and lon win over ip.
"""

from __future__ import annotations

import math

import numpy as np

from dynmap.pipeline.events import (
    BAD_ADDRESS,
    BAD_COORDINATES,
    BAD_WEIGHT,
    GOOD,
    LIBRARY,
    MAX_LINE,
    MAX_WEIGHT,
    NO_STAMP,
    NO_SUBJECT,
    OUT_OF_RANGE,
    TOO_LONG,
    BlockAt,
    Filled,
    KeysAt,
)
from dynmap.pipeline.kernels_address import NONE, read_subject
from dynmap.pipeline.kernels_ip import put_address, put_line
from dynmap.pipeline.kernels_time import (
    read_number,
    read_stamp,
    stamp_of_integer,
    stamp_of_number,
    value_of_number,
)
from dynmap.pipeline.kernels_topic import name_key, nothing_found, other_digest, put_topic, text_digest
from dynmap.pipeline.memory import (
    VECTOR,
    as_int,
    byte,
    find,
    get_i64,
    get_u64,
    inlined,
    kernel,
    line_end,
    lowest,
    not_plain,
    part,
    put_32,
    put_f64,
    put_i64,
    put_u8,
    put_u64,
    tail_word,
)

_IP, _LAT, _LON, _TS, _N = (int.from_bytes(name, "little") for name in (b"ip", b"lat", b"lon", b"ts", b"n"))
_TRUE, _FALSE, _NULL = (int.from_bytes(name, "little") for name in (b"true", b"alse", b"null"))

_NEWLINE, _QUOTE, _BACKSLASH, _COMMA, _COLON, _OPEN, _CLOSE = 10, 34, 92, 44, 58, 123, 125

_ABSENT, _GIVEN, _WRONG = 0, 1, 2
_ESCAPES, _HIGH = 1, 2

_TEXT, _NUMBER, _LITERAL = 1, 2, 3


@inlined
def _skip(at: int) -> int:
    while byte(at) == 32 or byte(at) == 9 or byte(at) == 13:
        at += 1
    return at


@part
def _after_escape(at: int, end: int) -> int:
    """Past the escape at `at`; -1 when it is wrong, or half of a surrogate pair, which the library should judge."""
    kind = byte(at + 1)
    if kind != 117:
        return at + 2 if kind in (34, 92, 47, 98, 102, 110, 114, 116) else -1
    if at + 6 > end:
        return -1
    value = 0
    for i in range(2, 6):
        c = byte(at + i)
        digit = c - 48 if c <= 57 else (c | 32) - 87
        if digit < 0 or digit > 15 or (c > 57 and digit < 10):
            return -1
        value = value * 16 + digit
    return at + 6 if value < 0xD800 or value > 0xDFFF else -1


@inlined
def _string_end(at: int, end: int, limit: int) -> tuple[int, int]:
    """The closing quote of the string whose text begins at `at`, and what is in it; (-1, 0) when it is not right.

    Newlines are not plain, so this never runs past the line's.
    """
    flags = 0
    while True:
        if at + VECTOR <= limit:
            marks = not_plain(at)
            if marks == 0:
                at += VECTOR
                continue
            at += lowest(marks)
        value = byte(at)
        if value == _QUOTE:
            return at, flags
        if value < 32:
            return -1, 0
        if value == _BACKSLASH:
            flags |= _ESCAPES
            at = _after_escape(at, end)
            if at < 0:
                return -1, 0
        else:
            flags |= _HIGH if value > 127 else 0
            at += 1


@part
def is_utf8(at: int, end: int) -> bool:
    """Whether bytes are UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF."""
    while at < end:
        first = byte(at)
        at += 1
        if first < 0x80:
            continue
        if first < 0xC2 or first > 0xF4:
            return False
        more = 1 if first < 0xE0 else (2 if first < 0xF0 else 3)
        if at + more > end:
            return False
        second = byte(at)
        low = 0xA0 if first == 0xE0 else (0x90 if first == 0xF0 else 0x80)
        high = 0x9F if first == 0xED else (0x8F if first == 0xF4 else 0xBF)
        if second < low or second > high:
            return False
        for i in range(1, more):
            if byte(at + i) & 0xC0 != 0x80:
                return False
        at += more
    return True


@inlined
def _literal_end(at: int, limit: int) -> int:
    """Past `true`, `false` or `null`, or -1."""
    four = tail_word(at, min(4, limit - at), limit)
    if four == _TRUE or four == _NULL:
        return at + 4
    if byte(at) == 102 and tail_word(at + 1, min(4, limit - at - 1), limit) == _FALSE:
        return at + 5
    return -1


@inlined
def _weight(at: int, kind: int, mantissa: int, decimals: int) -> int:
    """The weight that a number means, 0 for none. It need not be written as an integer, only be one: 1e3 is."""
    if kind == 1:
        return mantissa if 1 <= mantissa <= MAX_WEIGHT else 0
    value = value_of_number(at, kind, mantissa, decimals)
    return as_int(value) if 1 <= value <= MAX_WEIGHT and value == math.floor(value) else 0


@inlined
def _subject_state(weight: int, lat: int, lon: int, ip: int, latitude: float, longitude: float) -> int:
    """What is wrong with a line as a whole, in the order in which it is told."""
    if weight == 0:
        return BAD_WEIGHT
    if lat != _ABSENT or lon != _ABSENT:
        if lat != _GIVEN or lon != _GIVEN:
            return BAD_COORDINATES
        inside = -90.0 <= latitude <= 90.0 and -180.0 <= longitude <= 180.0
        return GOOD if inside else OUT_OF_RANGE
    if ip == _ABSENT:
        return NO_SUBJECT
    return GOOD if ip == _GIVEN else BAD_ADDRESS


@inlined
def _decode_line(
    at: int, end: int, limit: int, block: BlockAt, row: int, sixes: int, points: int, keys: KeysAt
) -> tuple[int, int, int]:
    """One line: (state, rows listed as IPv6, rows listed as points)."""
    undecided, start = (LIBRARY, sixes, points), at
    ip, lat, lon, seen = _ABSENT, _ABSENT, _ABSENT, 0
    ip_kind, four, high = NONE, 0, np.uint64(0)
    latitude, longitude = 0.0, 0.0
    weight, stamp = 1, NO_STAMP
    nothing_found(keys)
    if byte(at) != _OPEN:
        return undecided
    at = _skip(at + 1)
    empty = byte(at) == _CLOSE
    while not empty:
        if byte(at) != _QUOTE:
            return undecided
        name = at + 1
        at, flags = _string_end(name, end, limit)
        if at < 0 or flags & _ESCAPES:
            return undecided
        seen |= flags
        length = at - name
        key = name_key(name, length, limit, keys) if length <= 8 or keys.wanted > 0 else np.uint64(0)
        at = _skip(at + 1)
        if byte(at) != _COLON:
            return undecided
        value = _skip(at + 1)
        first = byte(value)
        number, mantissa, decimals = 0, 0, 0
        escaped = False
        if first == _QUOTE:
            kind, value = _TEXT, value + 1
            stop, flags = _string_end(value, end, limit)
            seen |= flags
            escaped = flags & _ESCAPES != 0
            at = stop + 1
        elif first == 45 or 48 <= first <= 57:
            kind = _NUMBER
            number, mantissa, decimals, stop = read_number(value, end, limit)
            at = stop
            if number == 0:
                return undecided
        else:
            kind = _LITERAL
            stop = _literal_end(value, limit)
            at = stop
        if stop < 0:
            return undecided
        absent = kind == _LITERAL and first == 110
        if length <= 3:
            if length == 2 and key == _IP:
                if escaped:
                    return undecided
                ip = _ABSENT if absent else _WRONG
                if kind == _TEXT:
                    ip_kind, four, high, past = read_subject(value, stop, limit)
                    ip = _GIVEN if ip_kind != NONE and past == stop else _WRONG
            elif length == 2 and key == _TS:
                if escaped:
                    return undecided
                stamp = NO_STAMP
                if kind == _TEXT:
                    stamp = read_stamp(value, stop, limit)
                elif number == 1:
                    stamp = stamp_of_integer(mantissa)
                elif kind == _NUMBER:
                    stamp = stamp_of_number(value_of_number(value, number, mantissa, decimals))
            elif length == 1 and key == _N:
                weight = 1 if absent else 0
                if kind == _NUMBER:
                    weight = _weight(value, number, mantissa, decimals)
            elif length == 3 and key == _LAT:
                lat = _ABSENT if absent else (_GIVEN if kind == _NUMBER else _WRONG)
                if kind == _NUMBER:
                    latitude = value_of_number(value, number, mantissa, decimals)
            elif length == 3 and key == _LON:
                lon = _ABSENT if absent else (_GIVEN if kind == _NUMBER else _WRONG)
                if kind == _NUMBER:
                    longitude = value_of_number(value, number, mantissa, decimals)
        for k in range(keys.wanted):
            if get_u64(keys.field, k) == key and get_i64(keys.length, k) == length:
                if absent:
                    put_u64(keys.found, k, np.uint64(0))
                elif kind == _TEXT:
                    put_u64(keys.found, k, text_digest(value, stop, limit, keys))
                else:
                    put_u64(keys.found, k, other_digest(value, stop, limit, keys))
        at = _skip(at)
        if byte(at) == _CLOSE:
            break
        if byte(at) != _COMMA:
            return undecided
        at = _skip(at + 1)
    if at + 1 != end or (seen & _HIGH and not is_utf8(start, end)):
        return undecided
    state = _subject_state(weight, lat, lon, ip, latitude, longitude)
    if state != GOOD:
        return state, sixes, points
    put_32(block.weight, row, weight)
    put_i64(block.stamp, row, stamp)
    if lat == _GIVEN:
        put_32(block.point_row, points, row)
        put_f64(block.lat, points, latitude)
        put_f64(block.lon, points, longitude)
        points += 1
    else:
        sixes = put_address(block, row, sixes, ip_kind, four, high)
    return put_topic(block, row, keys), sixes, points


@kernel
def decode_json(at: int, limit: int, block: BlockAt, keys: KeysAt) -> Filled:
    """Fill a block with the lines in [at, limit), the last of which ends in a newline too."""
    row, sixes, points, special = as_int(0), as_int(0), as_int(0), 0
    while at < limit and row < block.room:
        newline = find(at, limit, _NEWLINE)
        start, end = at, line_end(at, newline)
        while start < end and (byte(start) == 32 or byte(start) == 9):
            start += 1
        long = newline - at > MAX_LINE
        at = newline + 1
        if start >= end:
            continue
        put_line(block, row, start, end)
        if long:
            state = TOO_LONG
        else:
            state, sixes, points = _decode_line(start, end, limit, block, row, sixes, points, keys)
        put_u8(block.state, row, state)
        special += state != GOOD
        row += 1
    return Filled(at, row, sixes, points, special)

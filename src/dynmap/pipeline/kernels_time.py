"""Compiled reading of times and numbers. A stamp is ms since 1970 times 2, plus 1 if written in whole seconds.

Whatever is no time, or is not after 1970, becomes NO_STAMP: the event then counts at its arrival.
"""

from __future__ import annotations

import numpy as np

from dynmap.pipeline.events import NO_STAMP
from dynmap.pipeline.memory import as_int, byte, inlined, kernel, part, strtod

_SECONDS_BELOW = 100_000_000_000
"""A bare number below this is seconds (to the year 5138), from it on milliseconds (from March 1973)."""

_NEVER = 1 << 50
"""Milliseconds (year 37,648) that no clock shows."""


@inlined
def days_before(year: int, month: int, day: int) -> int:
    """Days from 1970-01-01 to a date of the Gregorian calendar (years from 0).

    Counts from March, so that the leap day comes last: 153 days are five months from March or August.
    """
    late = month <= 2
    y = year - 1 if late else year
    day_of_year = (153 * (month + (9 if late else -3)) + 2) // 5 + day - 1
    return y * 365 + y // 4 - y // 100 + y // 400 + day_of_year - 719_468


@inlined
def _is_date(year: int, month: int, day: int) -> bool:
    if month < 1 or month > 12 or day < 1 or day > 31:
        return False
    if month == 2:
        leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
        return day <= (29 if leap else 28)
    return day <= 30 or not (month == 4 or month == 6 or month == 9 or month == 11)


@inlined
def two(at: int) -> int:
    """Two digits, or a number far below zero when they are none."""
    tens, ones = byte(at) - 48, byte(at + 1) - 48
    return tens * 10 + ones if 0 <= tens <= 9 and 0 <= ones <= 9 else -1_000_000


@inlined
def _month(at: int) -> int:
    """The number of an English month of three letters, or 0."""
    name = (byte(at) << 16) | (byte(at + 1) << 8) | byte(at + 2)
    number = 0
    for i, letters in enumerate(
        (0x4A616E, 0x466562, 0x4D6172, 0x417072, 0x4D6179, 0x4A756E)
        + (0x4A756C, 0x417567, 0x536570, 0x4F6374, 0x4E6F76, 0x446563)
    ):
        if name == letters:
            number = i + 1
    return number


@inlined
def seconds_of_day(at: int) -> int:
    """`HH:MM:SS` in seconds, or -1. A leap second counts as the next."""
    hour, minute, second = two(at), two(at + 3), two(at + 6)
    if byte(at + 2) != 58 or byte(at + 5) != 58:
        return -1
    if not (0 <= hour <= 23 and 0 <= minute <= 59 and 0 <= second <= 60):
        return -1
    return hour * 3600 + minute * 60 + second


@kernel
def clf_midnight(at: int) -> int:
    """The Unix time of midnight of a day as access logs write it, `17/May/2015:..:..:.. +0200`, or -1 (26 bytes)."""
    day, month, year = two(at), _month(at + 3), two(at + 7) * 100 + two(at + 9)
    hours, minutes = two(at + 22), two(at + 24)
    sign = byte(at + 21)
    if byte(at + 2) != 47 or byte(at + 6) != 47 or byte(at + 11) != 58 or byte(at + 20) != 32:
        return -1
    if year < 1970 or not _is_date(year, month, day) or (sign != 43 and sign != 45):
        return -1
    if not (0 <= hours <= 23 and 0 <= minutes <= 59):
        return -1
    offset = hours * 3600 + minutes * 60
    midnight = days_before(year, month, day) * 86_400 + (offset if sign == 45 else -offset)
    return midnight if midnight >= 0 else -1


@inlined
def stamp_of_seconds(seconds: int) -> int:
    """The stamp of a whole second."""
    return seconds * 2000 + 1 if seconds > 0 else NO_STAMP


@inlined
def stamp_of_integer(value: int) -> int:
    """The stamp of a bare integer: seconds or milliseconds."""
    if value <= 0 or value >= _NEVER:
        return NO_STAMP
    return stamp_of_seconds(value) if value < _SECONDS_BELOW else value * 2


@kernel
def stamp_of_number(value: float) -> int:
    """The stamp of any number; what is no integer is rounded to the millisecond."""
    if not 0.0 < value < _NEVER:
        return NO_STAMP
    if value == np.floor(value):
        return stamp_of_integer(as_int(value))
    ms = as_int(np.floor(value * 1000.0 + 0.5) if value < _SECONDS_BELOW else np.floor(value + 0.5))
    return ms * 2 if ms > 0 else NO_STAMP


@part
def _stamp_of_rfc3339(at: int, end: int) -> int:
    """`2026-11-23T10:05:03.25Z`, with `t`, `z` or a blank too, and an offset `+02:00` or `+0200`."""
    if end - at < 20 or byte(at + 4) != 45 or byte(at + 7) != 45:
        return NO_STAMP
    if (byte(at + 10) | 32) != 116 and byte(at + 10) != 32:
        return NO_STAMP
    year, month, day = two(at) * 100 + two(at + 2), two(at + 5), two(at + 8)
    time = seconds_of_day(at + 11)
    if year < 1969 or not _is_date(year, month, day) or time < 0:
        return NO_STAMP
    i, ms, scale, whole = at + 19, 0, 100, True
    if byte(i) == 46:
        start, whole = i + 1, False
        i += 1
        while i < end and 0 <= byte(i) - 48 <= 9:
            ms += (byte(i) - 48) * scale
            scale //= 10
            i += 1
        if i == start or i >= end:
            return NO_STAMP
    offset = 0
    if (byte(i) | 32) == 122:
        i += 1
    else:
        sign, colon = byte(i), 1 if end - i == 6 else 0
        if (sign != 43 and sign != 45) or end - i != 5 + colon or (colon == 1 and byte(i + 3) != 58):
            return NO_STAMP
        hours, minutes = two(i + 1), two(i + 3 + colon)
        if not (0 <= hours <= 23 and 0 <= minutes <= 59):
            return NO_STAMP
        offset = (hours * 3600 + minutes * 60) * (1 if sign == 43 else -1)
        i = end
    seconds = days_before(year, month, day) * 86_400 + time - offset
    if i != end or seconds <= 0:
        return NO_STAMP
    return stamp_of_seconds(seconds) if whole else (seconds * 1000 + ms) * 2


@inlined
def read_number(at: int, end: int, limit: int) -> tuple[int, int, int, int]:
    """A number by the grammar of JSON: (kind, mantissa, decimals, its end).

    kind is 0 for none (or one so long that the library should see it), 1 for an integer, 2 for mantissa / 10^decimals,
    3 for one that only `value_of_number` can tell. The mantissa carries the sign, but not that of -0.
    """
    i, mantissa, decimals = at, 0, 0
    negative = i < end and byte(i) == 45
    i += negative
    start = i
    while i < end and 0 <= byte(i) - 48 <= 9:
        mantissa = mantissa * 10 + byte(i) - 48
        i += 1
    digits = i - start
    if digits == 0 or digits > 18 or (digits > 1 and byte(start) == 48):
        return 0, 0, 0, at
    kind = 1
    if i < end and byte(i) == 46:
        kind, start = 2, i + 1
        i += 1
        while i < end and 0 <= byte(i) - 48 <= 9:
            if digits + decimals < 18:
                mantissa = mantissa * 10 + byte(i) - 48
            decimals += 1
            i += 1
        if i == start:
            return 0, 0, 0, at
        if digits + decimals > 18:
            kind = 3
    if i < end and (byte(i) | 32) == 101:
        kind = 3
        i += 1
        if i < end and (byte(i) == 43 or byte(i) == 45):
            i += 1
        start = i
        while i < end and 0 <= byte(i) - 48 <= 9:
            i += 1
        if i == start or i - start > 2:
            return 0, 0, 0, at
    if i - at > 40 or i >= limit:
        return 0, 0, 0, at
    return kind, -mantissa if negative else mantissa, decimals, i


_POWERS = 10.0 ** np.arange(23)
_EXACT = 1 << 53


@inlined
def value_of_number(at: int, kind: int, mantissa: int, decimals: int) -> float:
    """The double nearest to what `read_number` read at `at`.

    Below 2^53 both the mantissa and the power of ten are exact, so one division rounds once: correctly.
    """
    if kind != 3 and -_EXACT < mantissa < _EXACT:
        return float(mantissa / _POWERS[decimals] if kind == 2 else mantissa)
    nearest: float = strtod(at, 0)
    return nearest


@inlined
def read_stamp(at: int, end: int, limit: int) -> int:
    """The stamp of a text: seconds, milliseconds or RFC 3339; NO_STAMP when it is none of these."""
    kind, mantissa, decimals, stop = read_number(at, end, limit)
    if kind != 0 and stop == end:
        if kind == 1:
            return stamp_of_integer(mantissa)
        return stamp_of_number(value_of_number(at, kind, mantissa, decimals))
    return _stamp_of_rfc3339(at, end)


@kernel
def read_stamp_text(at: int, end: int, limit: int) -> int:
    """`read_stamp` for Python: one byte more than the text must be readable."""
    return read_stamp(at, end, limit)

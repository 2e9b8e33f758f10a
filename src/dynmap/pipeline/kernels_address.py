"""Compiled reading of IP addresses. What counts as one agrees with Python's `ipaddress`.

So an octet has no leading zeros (`010` is eight to some programs and ten to others), an IPv6 group has one to four
digits and `::` stands once, for at least one group. IPv6 that stands for an IPv4 address is IPv4:
`::ffff:1.2.3.4`, and what else `dynmap.geo.kernels.v4_within` knows.
"""

from __future__ import annotations

import numpy as np

from dynmap.geo.kernels import v4_within
from dynmap.pipeline.memory import VECTOR, as_int, byte, dots_and_ends, inlined, kernel, lowest, part

NONE, FOUR, SIX = 0, 4, 6

_DOT, _COLON, _COMMA, _SPACE, _TAB = 46, 58, 44, 32, 9


@inlined
def _octet(end: int, digits: int) -> int:
    """The value of one to three digits that end before `end`; 256 or more when it is none."""
    first = byte(end - digits) - 48
    tens = byte(end - min(digits, 2)) - 48
    value: int = byte(end - 1) - 48 + (10 * tens if digits > 1 else 0) + (100 * first if digits > 2 else 0)
    return value + (256 if digits > 1 and first == 0 else 0)


@inlined
def _four_at_once(at: int) -> tuple[int, int]:
    """Dotted IPv4 at `at`, with 16 bytes to read: (address, its end), or (-1, at)."""
    marks = dots_and_ends(at)
    ends = marks >> VECTOR
    if ends == 0:
        return -1, at
    stop = lowest(ends)
    dots = marks & ((1 << stop) - 1)
    if dots == 0:
        return -1, at
    first = lowest(dots)
    dots &= dots - 1
    if dots == 0:
        return -1, at
    second = lowest(dots)
    dots &= dots - 1
    if dots == 0 or dots & (dots - 1) != 0:
        return -1, at
    third = lowest(dots)
    a, b, c, d = first, second - first - 1, third - second - 1, stop - third - 1
    if min(min(a, b), min(c, d)) < 1 or max(max(a, b), max(c, d)) > 3:
        return -1, at
    one, two = _octet(at + first, a), _octet(at + second, b)
    three, four = _octet(at + third, c), _octet(at + stop, d)
    if max(max(one, two), max(three, four)) > 255:
        return -1, at
    return (one << 24) | (two << 16) | (three << 8) | four, at + stop


@part
def _four_by_bytes(at: int, end: int) -> tuple[int, int]:
    """The same, byte by byte, for the last bytes of a buffer."""
    value, octet, digits, dots = 0, 0, 0, 0
    i = at
    while i < end:
        digit = byte(i) - 48
        if 0 <= digit <= 9:
            if digits == 3 or (digits > 0 and octet == 0):
                return -1, at
            octet = octet * 10 + digit
            digits += 1
        elif digit == _DOT - 48 and dots < 3:
            if digits == 0 or octet > 255:
                return -1, at
            value, octet, digits, dots = (value << 8) | octet, 0, 0, dots + 1
        else:
            break
        i += 1
    if dots != 3 or digits == 0 or octet > 255 or (i < end and byte(i) == _DOT):
        return -1, at
    return (value << 8) | octet, i


@inlined
def read_four(at: int, end: int, limit: int) -> tuple[int, int]:
    """Dotted IPv4 that begins at `at`: (address, its end), or (-1, at). Whether it should end there is the caller's."""
    if at + VECTOR <= limit:
        value, stop = _four_at_once(at)
        return (value, stop) if stop <= end else (-1, at)
    return _four_by_bytes(at, end)


@inlined
def _hex(value: int) -> int:
    digit = value - 48
    if 0 <= digit <= 9:
        return digit
    letter = (value | 32) - 97
    return letter + 10 if 0 <= letter <= 5 else -1


@inlined
def _shifted(high: np.uint64, low: np.uint64, groups: int) -> tuple[np.uint64, np.uint64]:
    """A 128-bit number moved up by 0 to 8 groups of 16 bits."""
    for _ in range(groups):
        high = (high << np.uint64(16)) | (low >> np.uint64(48))
        low = low << np.uint64(16)
    return high, low


@part
def read_six(at: int, end: int) -> tuple[int, int, np.uint64, int]:
    """IPv6 that begins at `at`: (kind, IPv4, upper 64 bits, its end); kind is FOUR if it holds such.

    A zone (`%eth0`) is read over.
    """
    high, low, left_high, left_low = np.uint64(0), np.uint64(0), np.uint64(0), np.uint64(0)
    groups, gap, i = 0, -1, at
    nothing = (NONE, 0, np.uint64(0), at)
    if i + 1 < end and byte(i) == _COLON:
        if byte(i + 1) != _COLON:
            return nothing
        gap, i = 0, i + 2
    while i < end and groups < 8:
        start, group = i, 0
        while i < end and i - start < 5:
            digit = _hex(byte(i))
            if digit < 0:
                break
            group = (group << 4) | digit
            i += 1
        if i == start:
            break
        if i < end and byte(i) == _DOT:
            four, i = _four_by_bytes(start, end)
            if four < 0 or groups > 6:
                return nothing
            high, low = _shifted(high, low, as_int(2))
            low |= np.uint64(four)
            groups += 2
            break
        if i - start > 4:
            return nothing
        high, low = _shifted(high, low, as_int(1))
        low |= np.uint64(group)
        groups += 1
        if i >= end or byte(i) != _COLON:
            break
        if i + 1 < end and byte(i + 1) == _COLON:
            if gap >= 0:
                return nothing
            gap, left_high, left_low = groups, high, low
            high, low = np.uint64(0), np.uint64(0)
            i += 2
        elif groups == 8 or i + 1 >= end or _hex(byte(i + 1)) < 0:
            return nothing
        else:
            i += 1
    if (gap < 0 and groups != 8) or (gap >= 0 and groups > 7) or (i < end and byte(i) == _COLON):
        return nothing
    if gap >= 0:
        left_high, left_low = _shifted(left_high, left_low, 8 - gap)
        high, low = high | left_high, low | left_low
    if i + 1 < end and byte(i) == 37:
        i += 1
        while i < end and (
            _hex(byte(i)) >= 0 or 97 <= (byte(i) | 32) <= 122 or byte(i) == 45 or byte(i) == 95
        ):
            i += 1
    four = as_int(v4_within(high, low))
    if four >= 0:
        return FOUR, four, np.uint64(0), i
    return SIX, 0, high, i


@inlined
def _is_public(kind: int, four: int, high: np.uint64) -> bool:
    """Whether an address of a list may be the visitor's: not private, local, shared, multicast or reserved."""
    if kind == SIX:
        return bool((high >> np.uint64(61)) == 1 and (high >> np.uint64(32)) != 0x20010DB8)
    a, b = four >> 24, (four >> 16) & 255
    if a == 0 or a == 10 or a == 127 or a >= 224 or (a == 100 and 64 <= b < 128) or (a == 169 and b == 254):
        return False
    if (a == 172 and 16 <= b < 32) or (a == 192 and b == 168) or (a == 198 and 18 <= b < 20):
        return False
    return (four >> 8) not in (0xC00000, 0xC00002, 0xC63364, 0xCB0071)


@inlined
def _after_port(at: int, end: int) -> int:
    """The end of a `:port` at `at`, or `at` when there is none, or -1 when it is wrong."""
    if at >= end or byte(at) != _COLON:
        return at
    i, port = at + 1, 0
    while i < end and 0 <= byte(i) - 48 <= 9 and i - at < 7:
        port = port * 10 + byte(i) - 48
        i += 1
    return i if i > at + 1 and port < 65536 else -1


@part
def _read_one(at: int, end: int) -> tuple[int, int, np.uint64, int]:
    """One address: bare, with a port, or in brackets with or without one."""
    if at < end and byte(at) == 91:
        kind, four, high, stop = read_six(at + 1, end)
        if kind == NONE or stop >= end or byte(stop) != 93:
            return NONE, 0, np.uint64(0), at
        stop = _after_port(stop + 1, end)
        return (kind, four, high, stop) if stop > 0 else (NONE, 0, np.uint64(0), at)
    four, stop = _four_by_bytes(at, end)
    if four >= 0:
        stop = _after_port(stop, end)
        return (FOUR, four, np.uint64(0), stop) if stop > 0 else (NONE, 0, np.uint64(0), at)
    return read_six(at, end)


@inlined
def _after_placeholder(at: int, end: int) -> int:
    """The end of what stands in a list for an address that is not told: `-` or `unknown`; else -1."""
    if at < end and byte(at) == 45:
        return at + 1
    if at + 7 > end:
        return -1
    for i, letter in enumerate((117, 110, 107, 110, 111, 119, 110)):
        if (byte(at + i) | 32) != letter:
            return -1
    return at + 7


@kernel
def read_unusual(at: int, end: int) -> tuple[int, int, np.uint64, int]:
    """An address with all its trimmings, or a list of them as in X-Forwarded-For, of which the first public one counts.

    Returns (kind, IPv4 address, upper 64 bits of IPv6, end); kind is NONE when there is none or what follows is
    neither a blank nor the end. In a list without a public address the first one counts.
    """
    nothing = (NONE, 0, np.uint64(0), at)
    best_kind, best_four, best_high, public = NONE, 0, np.uint64(0), False
    i = at
    while True:
        kind, four, high, stop = _read_one(i, end)
        if kind == NONE:
            stop = _after_placeholder(i, end)
            if stop < 0:
                return nothing
        elif best_kind == NONE or (not public and _is_public(kind, four, high)):
            best_kind, best_four, best_high = kind, four, high
            public = _is_public(kind, four, high)
        i = stop
        if i < end and byte(i) == _COMMA:
            i += 1
            while i < end and (byte(i) == _SPACE or byte(i) == _TAB):
                i += 1
            continue
        if i < end and byte(i) != _SPACE and byte(i) != _TAB:
            return nothing
        return best_kind, best_four, best_high, i


@inlined
def read_subject(at: int, end: int, limit: int) -> tuple[int, int, np.uint64, int]:
    """`read_unusual`, with a short way for plain IPv4 before a blank or the end."""
    four, stop = read_four(at, end, limit)
    if four >= 0 and (stop == end or byte(stop) == _SPACE):
        return FOUR, four, np.uint64(0), stop
    return read_unusual(at, end)

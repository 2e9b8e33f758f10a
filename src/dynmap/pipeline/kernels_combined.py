r"""Compiled decoding of access logs, `common` and `combined`, as Apache and nginx write them.

    203.0.113.7 - frank [17/May/2015:10:05:03 +0000] "GET /a.png?b HTTP/1.1" 200 2326 "http://from/" "Agent/1.0"

A line must have an address, a time in brackets, a quoted request and a status of three digits; what stands between them
or follows is not looked at. The address may be a list (a logged X-Forwarded-For), or stand second after a virtual host
(Apache's `vhost_combined`). A time that can't be read means arrival. In a request `\"` does not end it.
"""

from __future__ import annotations

import numpy as np

from dynmap.pipeline.events import (
    GOOD,
    MAX_LINE,
    NO_ADDRESS,
    NO_STAMP,
    NOT_ACCESS_LOG,
    TOO_LONG,
    BlockAt,
    Filled,
    KeysAt,
)
from dynmap.pipeline.kernels_address import FOUR, NONE, read_four, read_unusual
from dynmap.pipeline.kernels_ip import put_address, put_line
from dynmap.pipeline.kernels_time import clf_midnight, seconds_of_day, stamp_of_seconds
from dynmap.pipeline.kernels_topic import nothing_found, put_topic, text_digest
from dynmap.pipeline.memory import (
    as_int,
    byte,
    find,
    get_i64,
    inlined,
    kernel,
    line_end,
    part,
    put_i64,
    put_u8,
    put_u64,
    skip_blanks,
    tail_word,
    word,
)

FIELDS = ("method", "path", "protocol", "status", "bytes", "referer", "agent", "user", "host")
"""What templates may use, by number. `path` is without the query; `host` is only there with `vhost_combined`."""

_METHOD, _PATH, _PROTOCOL, _STATUS, _BYTES, _REFERER, _AGENT, _USER, _HOST = range(9)
_NEWLINE, _SPACE, _QUOTE, _BACKSLASH, _OPEN, _CLOSE, _QUESTION, _COLON = 10, 32, 34, 92, 91, 93, 63, 58
_NO_USER = int.from_bytes(b" - - [", "little")
_TIME_LENGTH = 26


@inlined
def _closing_quote(at: int, end: int) -> int:
    """The address of the quote that ends a text which begins at `at`, or `end`."""
    start = at
    while True:
        at = find(at, end, _QUOTE)
        slashes = 0
        while at - slashes > start and byte(at - slashes - 1) == _BACKSLASH:
            slashes += 1
        if at == end or slashes % 2 == 0:
            return at
        at += 1


@part
def _find_time(at: int, end: int) -> tuple[int, int]:
    """(where the time in brackets begins, the address of `]`); (-1, -1) when there are no brackets."""
    first, i = -1, at
    while True:
        i = find(i, end, _OPEN)
        if i == end:
            break
        if first < 0:
            first = i
        if i + _TIME_LENGTH + 1 < end and byte(i + _TIME_LENGTH + 1) == _CLOSE:
            return i + 1, i + _TIME_LENGTH + 1
        i += 1
    close = find(first, end, _CLOSE) if first >= 0 else end
    return (first + 1, close) if close < end else (-1, -1)


@part
def _unusual_subject(at: int, end: int) -> tuple[int, int, np.uint64, int, int]:
    """`read_unusual`, and how long the name of the virtual host before the address is."""
    kind, four, high, stop = read_unusual(at, end)
    if kind != NONE:
        return kind, four, high, stop, 0
    host_end = find(at, end, _SPACE)
    kind, four, high, stop = read_unusual(min(host_end + 1, end), end)
    return kind, four, high, stop, find(at, host_end, _COLON) - at


@inlined
def _read_line(at: int, end: int, limit: int) -> tuple[int, int, int, np.uint64, int, int, int, int, int]:
    """(state, kind, IPv4, IPv6, host's length, end of the address, time, request, its closing quote)."""
    host = 0
    four, stop = read_four(at, end, limit)
    kind, high = FOUR, np.uint64(0)
    if four < 0 or stop >= end or byte(stop) != _SPACE:
        kind, four, high, stop, host = _unusual_subject(at, end)
        if kind == NONE:
            return NO_ADDRESS, kind, four, high, 0, at, at, at, at
    time, close = stop + 6, stop + 6 + _TIME_LENGTH
    if not (close < end and byte(close) == _CLOSE and tail_word(stop, 6, limit) == _NO_USER):
        time, close = _find_time(stop, end)
        if time < 0:
            return NOT_ACCESS_LOG, kind, four, high, host, stop, at, at, at
    request = find(close, end, _QUOTE) + 1
    quote = _closing_quote(request, end) if request < end else end
    if not (
        quote + 4 < end and byte(quote + 1) == _SPACE and (quote + 5 == end or byte(quote + 5) == _SPACE)
    ):
        return NOT_ACCESS_LOG, kind, four, high, host, stop, time, request, quote
    for i in range(2, 5):
        if not 0 <= byte(quote + i) - 48 <= 9:
            return NOT_ACCESS_LOG, kind, four, high, host, stop, time, request, quote
    if close - time != _TIME_LENGTH:
        time = 0
    return GOOD, kind, four, high, host, stop, time, request, quote


@inlined
def _request_span(number: int, request: int, quote: int) -> tuple[int, int]:
    """Method, path or protocol of `METHOD target PROTOCOL`; empty when the request is something else."""
    blank = find(request, quote, _SPACE)
    second = find(blank + 1, quote, _SPACE)
    if blank == quote:
        return quote, quote
    if number == _METHOD:
        return request, blank
    if number == _PROTOCOL:
        return min(second + 1, quote), quote
    return blank + 1, find(blank + 1, second, _QUESTION)


@part
def _tail_span(number: int, quote: int, end: int) -> tuple[int, int]:
    """Bytes, referrer or user agent, which follow the status."""
    at = min(quote + 6, end)
    stop = find(at, end, _SPACE)
    if number == _BYTES:
        return at, stop
    at = find(stop, end, _QUOTE) + 1
    stop = _closing_quote(at, end) if at < end else end
    if number == _AGENT and stop < end:
        at = find(stop + 1, end, _QUOTE) + 1
        stop = _closing_quote(at, end) if at < end else end
    elif number == _AGENT:
        at = end
    return (at, stop) if at < end else (end, end)


@part
def _user_span(stop: int, time: int) -> tuple[int, int]:
    """The user, between the address and the time: ` - frank [`."""
    identity = find(stop + 1, time, _SPACE)
    return min(identity + 1, time), max(min(identity + 1, time), time - 2)


@inlined
def _span(
    number: int, at: int, host: int, stop: int, time: int, request: int, quote: int, end: int
) -> tuple[int, int]:
    if number <= _PROTOCOL:
        return _request_span(number, request, quote)
    if number == _STATUS:
        return quote + 2, quote + 5
    if number == _HOST:
        return at, at + host
    if number == _USER:
        return _user_span(stop, time) if time > 0 else (at, at)
    return _tail_span(number, quote, end)


@inlined
def _is_dash(start: int, end: int) -> bool:
    return end == start + 1 and byte(start) == 45


@kernel
def access_spans(at: int, end: int, limit: int, spans: int) -> bool:
    """Put start and end of each of FIELDS into `spans` (address of int64[18]); False for a bad line."""
    state, _, _, _, host, stop, time, request, quote = _read_line(at, end, limit)
    if state != GOOD:
        return False
    for number in range(9):
        start, stop_ = _span(number, at, host, stop, time, request, quote, end)
        if _is_dash(start, stop_):
            start = stop_
        put_i64(spans, 2 * number, start)
        put_i64(spans, 2 * number + 1, stop_)
    return True


@kernel
def decode_combined(at: int, limit: int, block: BlockAt, keys: KeysAt) -> Filled:
    """Fill a block with the lines in [at, limit), the last of which ends in a newline too."""
    row, sixes, special = as_int(0), as_int(0), 0
    # Lines of a day share all of the time but the hours: its first 12 bytes and the zone are the key of a cache of one.
    day, year, zone, midnight = np.uint64(0), np.uint64(0), np.uint64(0), -1
    while at < limit and row < block.room:
        newline = find(at, limit, _NEWLINE)
        start, end = skip_blanks(at, newline), line_end(at, newline)
        long = newline - at > MAX_LINE
        at = newline + 1
        if start >= end:
            continue
        put_line(block, row, start, end)
        state, kind, four, high, host, stop, time, request, quote = _read_line(start, end, limit)
        if long:
            state = TOO_LONG
        if state == GOOD:
            sixes = put_address(block, row, sixes, kind, four, high)
            if time > 0:
                a, b, c = word(time), word(time + 8) & np.uint64(0xFFFFFFFF), word(time + 18) >> np.uint64(16)
                if a != day or b != year or c != zone:
                    day, year, zone, midnight = a, b, c, clf_midnight(time)
                seconds = seconds_of_day(time + 12)
                good = midnight >= 0 and seconds >= 0
                put_i64(block.stamp, row, stamp_of_seconds(midnight + seconds) if good else NO_STAMP)
            nothing_found(keys)
            for k in range(keys.wanted):
                number = get_i64(keys.span, k)
                if number >= 0:
                    first, last = _span(number, start, host, stop, time, request, quote, end)
                    if first < last and not _is_dash(first, last):
                        put_u64(keys.found, k, text_digest(first, last, limit, keys))
            state = put_topic(block, row, keys)
        put_u8(block.state, row, state)
        special += state != GOOD
        row += 1
    return Filled(at, row, sixes, 0, special)

"""The formats of lines: how each is recognised, read by a kernel, and read again by Python where the kernel passes.

`FORMATS` is the one list of them; its samples are their documentation and their tests.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

import msgspec
import numpy as np

from dynmap.errors import SettingsError
from dynmap.pipeline import events
from dynmap.pipeline.events import MAX_WEIGHT, NO_STAMP, BlockAt, Filled, KeysAt
from dynmap.pipeline.kernels_address import NONE, read_unusual
from dynmap.pipeline.kernels_combined import FIELDS, access_spans, decode_combined
from dynmap.pipeline.kernels_ip import decode_ip, decode_lines
from dynmap.pipeline.kernels_json import decode_json
from dynmap.pipeline.kernels_time import read_stamp_text, stamp_of_number
from dynmap.pipeline.memory import address_of

Values = Mapping[str, object]


_LONG: Final = 1 << 53
"""Integers up to here are exact as doubles; as times they are absurd long before."""


class Reading(NamedTuple):
    """A line as Python reads it: an address (kind 4 or 6) or coordinates (kind 0), and its other values."""

    kind: int
    four: int
    high: int
    lat: float
    lon: float
    stamp: int
    weight: int
    values: Values


class RejectedLineError(ValueError):
    """A line that is no event; `state` is the reason's number."""

    def __init__(self, state: int) -> None:
        super().__init__(events.REASONS[state])
        self.state = state


class Sample(NamedTuple):
    """A line and what it means: address or (lat, lon), or the reason why not; topic, stamp in ms, weight."""

    line: bytes
    subject: str | tuple[float, float]
    topic: str | None = None
    ms: int | None = None
    weight: int = 1


@dataclass(frozen=True)
class Format:
    """A format. `fill` is its kernel; `read` (None when the kernel reads everything) and `values` work on one line.

    `fields` are what a topic template may use, None for anything.
    """

    name: str
    fill: Callable[[int, int, BlockAt, KeysAt], Filled]
    values: Callable[[bytes], Values]
    read: Callable[[bytes], Reading] | None = None
    fields: tuple[str, ...] | None = None
    samples: tuple[Sample, ...] = ()


def read_address(text: str) -> tuple[int, int, int]:
    """(kind, IPv4 address, upper 64 bits of IPv6) of a text that is nothing else; kind 0 for none."""
    data = np.frombuffer(text.encode("utf-8", "replace") + b"\n", np.uint8)
    at = address_of(data)
    kind, four, high, stop = read_unusual(at, at + len(data) - 1)
    return (kind, four, int(high)) if stop == at + len(data) - 1 else (NONE, 0, 0)


def read_time(text: str) -> int:
    """The stamp of a text, NO_STAMP when it is none."""
    data = np.frombuffer(text.encode("utf-8", "replace") + b"\n", np.uint8)
    at = address_of(data)
    return int(read_stamp_text(at, at + len(data) - 1, at + len(data)))


def _subject(address: str) -> tuple[int, int, int]:
    found = read_address(address)
    if found[0] == NONE:
        raise RejectedLineError(events.BAD_ADDRESS)
    return found


def _inside(lat: float, lon: float) -> tuple[float, float]:
    if not (-90.0 <= lat <= 90.0 and -180.0 <= lon <= 180.0):
        raise RejectedLineError(events.OUT_OF_RANGE)
    return lat, lon


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _json_weight(value: object) -> int:
    if value is None:
        return 1
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise RejectedLineError(events.BAD_WEIGHT)
    if not (1 <= value <= MAX_WEIGHT and value == int(value)):
        raise RejectedLineError(events.BAD_WEIGHT)
    return int(value)


def _json_stamp(value: object) -> int:
    if isinstance(value, bool):
        return NO_STAMP
    if isinstance(value, int):
        return int(stamp_of_number(float(value))) if 0 < value < _LONG else NO_STAMP
    if isinstance(value, float):
        return int(stamp_of_number(value))
    return read_time(value) if isinstance(value, str) else NO_STAMP


def json_values(line: bytes) -> Values:
    """The object on a line. Raises RejectedLineError."""
    try:
        found = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise RejectedLineError(events.NOT_JSON) from None
    if not isinstance(found, dict):
        raise RejectedLineError(events.NOT_OBJECT)
    return found


def read_json(line: bytes) -> Reading:
    """An event in JSON, by the library: the same as `kernels_json` for every line. Raises RejectedLineError."""
    values = json_values(line)
    weight = _json_weight(values.get("n"))
    lat, lon, ip = values.get("lat"), values.get("lon"), values.get("ip")
    kind, four, high, point = NONE, 0, 0, (0.0, 0.0)
    if lat is not None or lon is not None:
        if not (_is_number(lat) and _is_number(lon)):
            raise RejectedLineError(events.BAD_COORDINATES)
        point = _inside(float(lat), float(lon))  # type: ignore[arg-type]
    elif ip is None:
        raise RejectedLineError(events.NO_SUBJECT)
    else:
        if not isinstance(ip, str):
            raise RejectedLineError(events.BAD_ADDRESS)
        kind, four, high = _subject(ip)
    return Reading(kind, four, high, *point, _json_stamp(values.get("ts")), weight, values)


def ip_values(line: bytes) -> Values:
    """The topic of a line of format `ip`."""
    data = np.frombuffer(line + b"\n", np.uint8)
    at = address_of(data)
    _, _, _, stop = read_unusual(at, at + len(line))
    rest = line[stop - at :].split()
    return {"topic": rest[0].decode("utf-8", "replace") if rest and rest[0] != b"-" else None}


def access_values(line: bytes) -> Values:
    """The fields of a line of an access log."""
    data = np.frombuffer(line + b"\n", np.uint8)
    at, spans = address_of(data), np.zeros(2 * len(FIELDS), np.int64)
    if not access_spans(at, at + len(line), at + len(data), address_of(spans)):
        return {}
    pairs = (spans - at).reshape(-1, 2).tolist()
    return {
        name: line[start:end].decode("utf-8", "replace") if start < end else None
        for name, (start, end) in zip(FIELDS, pairs, strict=True)
    }


IP: Final = Format(
    "ip",
    decode_ip,
    ip_values,
    fields=("topic",),
    samples=(
        Sample(b"203.0.113.7", "203.0.113.7"),
        Sample(b"203.0.113.7 email.open 1700000000000 3", "203.0.113.7", "email.open", 1_700_000_000_000, 3),
        Sample(b"2001:db8::7 - 2026-11-23T10:05:03Z", "2001:db8::7", None, 1_795_428_303_000),
        Sample(b"[2001:db8::7]:443", "2001:db8::7"),
        Sample(b"203.0.113.7:51200 web", "203.0.113.7", "web"),
        Sample(b"10.0.0.1, 83.149.9.216, 66.249.73.135 web", "83.149.9.216", "web"),
        Sample(b"::ffff:203.0.113.7", "203.0.113.7"),
        Sample(b"a.b.c.d", events.REASONS[events.NO_ADDRESS]),
        Sample(b"1.2.3.4.5", events.REASONS[events.NO_ADDRESS]),
        Sample(b"01.2.3.4", events.REASONS[events.NO_ADDRESS]),
        Sample(b"203.0.113.7 web 1700000000 0", events.REASONS[events.BAD_WEIGHT]),
        Sample(b"203.0.113.7 web 1700000000 1 more", events.REASONS[events.TOO_MANY_FIELDS]),
    ),
)

_ACCESS_SAMPLES = (
    Sample(
        b'203.0.113.7 - - [17/May/2015:10:05:03 +0000] "GET /a.png?b=c HTTP/1.1" 200 2326',
        "203.0.113.7",
        None,
        1_431_857_103_000,
    ),
    Sample(
        b'2001:db8::7 - frank [17/May/2015:12:05:03 +0200] "GET / HTTP/1.1" 304 - "-" "curl/8.5 \\"x\\""',
        "2001:db8::7",
        None,
        1_431_857_103_000,
    ),
    Sample(b'www.example.org:80 203.0.113.7 - - [17/May/2015:10:05:03 +0000] "-" 408 0', "203.0.113.7"),
    Sample(b'203.0.113.7 - - [yesterday] "GET / HTTP/1.1" 200 5', "203.0.113.7"),
    Sample(
        b'host.example.org - - [17/May/2015:10:05:03 +0000] "GET / HTTP/1.1" 200 5',
        events.REASONS[events.NO_ADDRESS],
    ),
    Sample(b'203.0.113.7 "GET / HTTP/1.1" 200 5', events.REASONS[events.NOT_ACCESS_LOG]),
)

COMBINED: Final = Format("combined", decode_combined, access_values, fields=FIELDS, samples=_ACCESS_SAMPLES)

COMMON: Final = Format("common", decode_combined, access_values, fields=FIELDS)
"""The first seven fields of `combined`, read by the same kernel."""

JSON: Final = Format(
    "json",
    decode_json,
    json_values,
    read_json,
    samples=(
        Sample(
            b'{"ip":"203.0.113.7","topic":"email.open","ts":1700000000000}',
            "203.0.113.7",
            "email.open",
            1_700_000_000_000,
        ),
        Sample(b'{"lat": 52.5, "lon": 13.4, "n": 1000, "tags": ["nested"]}', (52.5, 13.4), weight=1000),
        Sample(
            b'{"ts":"2026-11-23T10:05:03.5+01:00","lon":-180,"lat":-9e1}',
            (-90.0, -180.0),
            ms=1_795_424_703_500,
        ),
        Sample(b'{"ip":"203.0.113.7","lat":1,"lon":2}', (1.0, 2.0)),
        Sample(b'{"ip":"203.0.113.7"', events.REASONS[events.NOT_JSON]),
        Sample(b'["203.0.113.7"]', events.REASONS[events.NOT_OBJECT]),
        Sample(b'{"ip":"203.0.113.7","n":-1}', events.REASONS[events.BAD_WEIGHT]),
        Sample(b'{"ip":"203.0.113.7","n":1.5}', events.REASONS[events.BAD_WEIGHT]),
        Sample(b'{"lat":91,"lon":0}', events.REASONS[events.OUT_OF_RANGE]),
        Sample(b'{"lat":1}', events.REASONS[events.BAD_COORDINATES]),
        Sample(b'{"user":"frank"}', events.REASONS[events.NO_SUBJECT]),
    ),
)

FORMATS: Final = {each.name: each for each in (IP, COMBINED, COMMON, JSON)}

DETECTED: Final = (JSON, COMBINED, IP)
"""What `auto` tries."""


def regex_format(pattern: str | None, where: str) -> Format:
    """The format of a source's own pattern. Raises SettingsError when it is missing or wrong."""
    if not pattern:
        raise SettingsError("format regex needs a pattern", where=where, hint=r"pattern=(?P<ip>\S+) .*")
    try:
        compiled = re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        raise SettingsError(
            f"the pattern is no regular expression: {error}", where=where, hint=json.dumps(pattern)
        ) from None
    groups = set(compiled.groupindex)
    if "ip" not in groups and not {"lat", "lon"} <= groups:
        raise SettingsError(
            "the pattern has neither a group ip nor groups lat and lon", where=where, hint="(?P<ip>...)"
        )

    def values(line: bytes) -> Values:
        found = compiled.search(line.decode("utf-8", "replace"))
        if found is None:
            raise RejectedLineError(events.NO_MATCH)
        return found.groupdict()

    def read(line: bytes) -> Reading:
        return _read_texts(values(line))

    return Format("regex", decode_lines, values, read, fields=tuple(sorted(groups)))


def _text(values: Values, name: str) -> str | None:
    """A group's text; nothing and `-` are as good as absent."""
    value = values.get(name)
    return value if isinstance(value, str) and value not in ("", "-") else None


def _read_texts(values: Values) -> Reading:
    """An event from texts, as a pattern finds them."""
    n, ts = _text(values, "n"), _text(values, "ts")
    if n is not None and not (n.isascii() and n.isdigit() and len(n) < 8 and 1 <= int(n) <= MAX_WEIGHT):
        raise RejectedLineError(events.BAD_WEIGHT)
    lat, lon, ip = (_text(values, name) for name in ("lat", "lon", "ip"))
    kind, four, high, point = NONE, 0, 0, (0.0, 0.0)
    if lat is not None or lon is not None:
        try:
            point = _inside(float(lat or ""), float(lon or ""))
        except RejectedLineError:
            raise
        except ValueError:
            raise RejectedLineError(events.BAD_COORDINATES) from None
    elif ip is None:
        raise RejectedLineError(events.NO_SUBJECT)
    else:
        kind, four, high = _subject(ip)
    stamp = NO_STAMP if ts is None else read_time(ts)
    topic = {**values, "topic": _text(values, "topic")}
    return Reading(kind, four, high, *point, stamp, int(n or 1), topic)

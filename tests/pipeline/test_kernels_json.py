"""The kernel and the library read JSON alike, whatever the line."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dynmap.pipeline.events import GOOD, LIBRARY, NO_KEYS, REASONS, Block
from dynmap.pipeline.formats import Reading, RejectedLineError, read_json
from dynmap.pipeline.kernels_json import decode_json
from dynmap.pipeline.memory import address_of

NAMES = st.sampled_from(
    ["ip", "lat", "lon", "topic", "ts", "n", "user", "a rather long name", "", "é", 'q"', "ipx"]
)
ADDRESSES = st.sampled_from(
    ["1.2.3.4", "::1", "2001:db8::7", "1.2.3.4:80", "10.0.0.1, 8.8.4.4", "a.b.c.d", "", " 1.2.3.4"]
)
TEXTS = st.one_of(
    ADDRESSES, st.text(max_size=20), st.sampled_from(["2026-11-23T10:05:03Z", "1700000000", "web.page"])
)
NUMBERS = st.one_of(
    st.integers(-200, 2000),
    st.integers(),
    st.floats(-200, 200),
    st.floats(allow_nan=False, allow_infinity=False),
).map(json.dumps)
ODD_NUMBERS = st.sampled_from(
    [
        *"-0 0.0 1e3 1E+3 1.5e-1 01 1. .5 - 1e 1e+ +1 NaN Infinity -Infinity 1000000 1000001 1e6 5.0 0".split(),
        *"1e400 -1e-400 1.7e9 1700000000.5 1e-5 89.99999999999999999".split(),
        *("9" * 18, "9" * 19, "9" * 400, "0." + "1" * 30, "1" * 17 + ".5"),
    ]
)
NESTED = st.sampled_from(["[]", "{}", "[1,2]", '{"a":{"b":1}}', "[" * 5000, "[" * 50 + "]" * 50])
LITERALS = st.sampled_from(["true", "false", "null", "nul", "True", "tru", "falsey", "nulll"])
ESCAPED = st.sampled_from(
    [
        r'"\u0031.2.3.4"',
        r'"a\"b"',
        r'"\/"',
        r'"\ud83d\ude00"',
        r'"\ud800"',
        r'"\q"',
        r'"\u00"',
        '"\\',
        '"\t"',
        '"\x00"',
        r'"\udc00"',
    ]
)
VALUES = st.one_of(
    TEXTS.map(json.dumps),
    TEXTS.map(lambda text: json.dumps(text, ensure_ascii=False)),
    NUMBERS,
    ODD_NUMBERS,
    NESTED,
    LITERALS,
    ESCAPED,
)
BLANK = st.sampled_from(["", "", "", " ", "\t", "\r", "  "])


@st.composite
def objects(draw: st.DrawFn) -> bytes:
    """Objects with any fields, mostly right, in any spacing, sometimes cut or with a byte changed."""
    fields = []
    for _ in range(draw(st.integers(0, 6))):
        name = json.dumps(draw(NAMES), ensure_ascii=draw(st.booleans()))
        before, after, colon = (
            draw(BLANK),
            draw(BLANK),
            draw(st.sampled_from([":", ":", ":", ": ", " : ", ""])),
        )
        fields.append(f"{before}{name}{colon}{draw(VALUES)}{after}")
    comma = draw(st.sampled_from([",", ",", ",", ", ", ",,"]))
    line = ("{" + comma.join(fields) + "}").encode("utf-8", "surrogatepass")
    if draw(st.integers(0, 9)) == 0 and line:
        at = draw(st.integers(0, len(line) - 1))
        line = draw(
            st.sampled_from(
                [line[:at], line[:at] + bytes([draw(st.integers(0, 255))]) + line[at + 1 :], line + b"x"]
            )
        )
    return line.replace(b"\n", b" ")


def by_kernel(line: bytes, room: bytes) -> tuple[int, Any]:
    """State and event of a line; `room` is what follows it in the buffer."""
    data, block = np.frombuffer(line + b"\n" + room, np.uint8), Block(2)
    at = address_of(data)
    filled = decode_json(at, at + len(data), block.at, NO_KEYS)
    if filled[1] == 0 or int(block.start[0]) > at + len(line):
        return -1, None
    state = int(block.state[0])
    if state != GOOD:
        return state, None
    common = (int(block.stamp[0]), int(block.weight[0]))
    if filled[3] and block.point_row[0] == 0:
        return state, (0, 0, 0, float(block.lat[0]), float(block.lon[0]), *common)
    if filled[2] and block.six_row[0] == 0:
        return state, (6, 0, int(block.six_high[0]), 0.0, 0.0, *common)
    return state, (4, int(block.v4[0]), 0, 0.0, 0.0, *common)


def by_library(line: bytes) -> tuple[int, Any]:
    """The same by the library."""
    try:
        reading: Reading = read_json(line)
    except RejectedLineError as rejected:
        return rejected.state, None
    return GOOD, tuple(reading[:-1])


@given(objects(), st.sampled_from([b"", b'{"ip":"9.9.9.9","topic":"x"}\n']))
@settings(max_examples=1000, deadline=None)
@example(b'{"ip":"1.2.3.4","ip":null,"ip":"5.6.7.8"}', b"")
@example(b'{"n":1e3,"ip":"1.2.3.4"}', b"")
@example(b'{"n":true,"ip":"1.2.3.4"}', b"")
@example(b'{"ts":true,"ip":"1.2.3.4"}', b"")
@example(b'{"lat":-0,"lon":-0.0}', b"")
@example(b'{"lat":52.520008000000001,"lon":13.404953999999999}', b"")
@example(b"{}", b"")
@example(b'{"ip":"1.2.3.4"}}', b"")
@example(b'{"ip":"1.2.3.4",}', b"")
@example(b'{"ip":"1.2.3.4"\xff}', b"")
@example(b'{"a":"\xed\xa0\x80","ip":"1.2.3.4"}', b"")
@example(b'{"a":"\xf4\x90\x80\x80","ip":"1.2.3.4"}', b"")
@example(b'{"a":"\xc3\xa9","ip":"1.2.3.4"}', b"")
def test_the_kernel_says_what_the_library_says(line: bytes, room: bytes) -> None:
    state, event = by_kernel(line, room)
    if state in (LIBRARY, -1):
        return
    assert (state, event) == by_library(line.strip(b" \t\r"))


@pytest.mark.parametrize(
    "line",
    [
        b'{"ip":"203.0.113.7","topic":"email.open","ts":1700000000000}',
        b' { "ip" : "203.0.113.7" , "user" : "caf\xc3\xa9" , "ok" : true , "x" : null } ',
        b'{"path":"\\/a\\/b","agent":"\\u00e9\\"","lat":52.520008,"lon":13.404953999999999,"n":1e1}',
    ],
)
def test_common_lines_are_not_left_to_the_library(line: bytes) -> None:
    for room in (b"", b"{}\n" * 20):
        assert by_kernel(line, room)[0] == GOOD


@given(st.binary(max_size=60))
@settings(deadline=None)
def test_random_bytes_are_read_alike(noise: bytes) -> None:
    line = b'{"ip":"1.2.3.4","a":"' + noise.replace(b"\n", b"") + b'"}'
    state, event = by_kernel(line, b"")
    if state != LIBRARY:
        assert (state, event) == by_library(line)


@given(st.lists(st.tuples(st.sampled_from(["a", "b", "topic"]), VALUES), max_size=4))
@settings(deadline=None, max_examples=200)
def test_topics_by_hash_are_topics_by_the_library(run: Any, fields: list[tuple[str, str]]) -> None:
    """The same lines with a nested field, which the library reads, count under the same topics."""
    body = ",".join(f'"{name}":{value}' for name, value in fields)
    plain = (
        ('{"ip":"1.2.3.4"' + ("," + body if body else "") + "}")
        .encode("utf-8", "surrogatepass")
        .replace(b"\n", b" ")
    )
    nested = plain[:1] + b'"tags":[],' + plain[1:]
    for topic in (None, "x.{a}.{b}"):
        one = run(plain + b"\n", format="json", topic=topic)
        two = run(nested + b"\n", format="json", topic=topic)
        assert (one[0], one[1].topics, one[1].reasons) == (two[0], two[1].topics, two[1].reasons)


def test_every_reason_has_a_text_of_its_own() -> None:
    assert len(set(REASONS.values())) == len(REASONS)

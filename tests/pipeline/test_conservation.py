"""Promise 1: received = located + unlocated + rejected, whatever comes and however it is cut."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dynmap.pipeline.pipeline import MAX_LINE, LiveTopics, Pipeline, Rollup, Taken

NOW = 1_800_000_000_000
Make = Callable[..., Pipeline]

IP = [
    "8.8.8.8",
    "1.2.3.4",
    "10.0.0.1",
    "::1",
    "2001:db8::1",
    "a.b.c.d",
    "1.2.3.4:80 t 1700000000 7",
    "9.9.9.9 a.b",
]
ACCESS = [
    '8.8.8.8 - - [17/May/2015:10:05:03 +0000] "GET /a HTTP/1.1" 200 1',
    '2001:db8::1 - - [17/May/2015:10:05:04 +0000] "GET /b HTTP/1.1" 404 1 "-" "x"',
    '10.0.0.1 - - [x] "GET /b HTTP/1.1" 404 1 "-" "x"',
    "8.8.8.8 - -",
]
JSON = [
    '{"ip":"8.8.8.8","n":3}',
    '{"lat":1.5,"lon":2.5,"ts":1700000000,"topic":"a.b"}',
    '{"ip":"10.0.0.1","tags":[1]}',
    '{"lat":91,"lon":0}',
    '{"ip":"8.8.8.8"',
    '{"ip":"2001:db8::1","topic":"1.2.3.4"}',
    "[]",
    "NaN",
]
ODD = ["", " ", "\t\r", "\x00", "\x7f\x1b[0m", "x" * 70_000, "8.8.8.8" + " " * 66_000, "…"]
LINE = st.one_of(
    st.sampled_from([text.encode() for text in IP + ACCESS + JSON + ODD]),
    st.binary(max_size=80).map(lambda noise: noise.replace(b"\n", b"")),
)
LINES = st.lists(LINE, max_size=40).map(lambda lines: b"".join(line + b"\n" for line in lines))


def taken_in(pipeline: Pipeline, parts: Iterable[bytes]) -> Taken:
    """The sum of several calls with one decoder."""
    decoder = pipeline.decoder()
    sums = [pipeline.take_in(np.frombuffer(part, np.uint8), NOW, decoder) for part in parts]
    return Taken(*(sum(column) for column in zip(*sums, strict=True))) if sums else Taken(0, 0, 0, 0)


def counts(rollup: Rollup) -> Counter[tuple[str, int, int, int]]:
    """Counts by topic, tick and cell."""
    out: Counter[tuple[str, int, int, int]] = Counter()
    for tick, topic, x, y, count in zip(
        *(column.tolist() for column in (rollup.tick, rollup.topic, rollup.x, rollup.y, rollup.count)),
        strict=True,
    ):
        out[rollup.topics[topic], rollup.ticks[tick], x, y] += count
    return out


def check(taken: Taken, rollup: Rollup | None) -> None:
    """All that must hold of one flush."""
    assert taken.received == taken.located + taken.unlocated + taken.rejected
    if rollup is None:
        assert taken.received == 0
        return
    assert rollup.received == taken.received
    assert int(rollup.count.sum()) == rollup.located == taken.located
    assert sum(rollup.unlocated.values()) == taken.unlocated
    assert sum(rollup.reasons.values()) == rollup.rejected == taken.rejected
    keys = list(
        zip(rollup.tick.tolist(), rollup.topic.tolist(), rollup.x.tolist(), rollup.y.tolist(), strict=True)
    )
    assert len(set(keys)) == len(keys)
    assert rollup.rejected == 0 or rollup.examples


@given(LINES, st.sampled_from(["auto", "ip", "combined", "json"]), st.sampled_from(["arrival", "event"]))
@settings(deadline=None, max_examples=300)
def test_nothing_is_lost_or_made(make: Make, lines: bytes, form: str, time: str) -> None:
    pipeline = make(format=form, time=time)
    check(taken_in(pipeline, [lines]), pipeline.flush())
    assert pipeline.flush() is None


@given(LINES, st.data(), st.sampled_from(["ip", "combined", "json", "regex"]))
@settings(deadline=None, max_examples=200)
def test_how_lines_are_cut_into_calls_makes_no_difference(
    make: Make, lines: bytes, data: st.DataObject, form: str
) -> None:
    extra = {"pattern": r"(?P<ip>[0-9a-f.:]+)"} if form == "regex" else {}
    whole, parts = make(format=form, time="event", **extra), make(format=form, time="event", **extra)
    each = [line + b"\n" for line in lines.split(b"\n")[:-1]]
    cuts = sorted(data.draw(st.lists(st.integers(0, len(each)), max_size=6)))
    pieces = [b"".join(each[a:b]) for a, b in zip([0, *cuts], [*cuts, len(each)], strict=True)]
    taken = taken_in(whole, [lines])
    assert taken == taken_in(parts, pieces)
    one, other = whole.flush(), parts.flush()
    check(taken, one)
    check(taken, other)
    if one is not None and other is not None:
        assert counts(one) == counts(other)
        assert one.reasons == other.reasons


@given(st.binary(max_size=3000), st.sampled_from(["auto", "ip", "combined", "common", "json"]))
@settings(deadline=None, max_examples=300)
def test_random_bytes(make: Make, noise: bytes, form: str) -> None:
    pipeline = make(format=form, time="event", topic="x.{a}" if form in ("auto", "json") else None)
    taken = taken_in(pipeline, [noise])
    check(taken, pipeline.flush())
    assert taken.received >= sum(
        1 for line in noise.removeprefix(b"\xef\xbb\xbf").split(b"\n") if line.strip(b" \t\r")
    )


def test_more_than_a_block_and_every_kind_of_row(make: Make) -> None:
    lines = (
        '{"ip":"8.8.8.8"}\n{"ip":"2001:db8::1"}\n{"lat":1,"lon":1}\n{"ip":"10.1.1.1"}\n{"ip":1}\n' * 5000
    ).encode()
    pipeline = make(format="json")
    taken = taken_in(pipeline, [lines])
    assert taken == (25_000, 15_000, 5_000, 5_000)
    rollup = pipeline.flush()
    check(taken, rollup)
    assert rollup is not None
    assert sorted(rollup.count.tolist()) == [5_000, 5_000, 5_000]


def test_a_line_over_64_kib_is_one_rejected_event(make: Make) -> None:
    pipeline = make(format="ip")
    exact, over = b"1.2.3.4" + b" " * (MAX_LINE - 7), b"1.2.3.4" + b" " * (MAX_LINE - 6)
    assert taken_in(pipeline, [exact + b"\n"]) == (1, 1, 0, 0)
    assert taken_in(pipeline, [over + b"\n", b"1" * 10_000_000 + b"\n"]) == (2, 0, 0, 2)
    pipeline.reject("line over 64 KiB", b"1.2.3.4 and so on", NOW)
    rollup = pipeline.flush()
    assert rollup is not None
    assert rollup.reasons == {"line over 64 KiB": 3}
    assert all("1.2.3.4" not in example.line for example in rollup.examples)


def test_a_count_over_32_bits_is_split(make: Make) -> None:
    pipeline = make(format="json")
    line = b'{"ip":"1.2.3.4","n":1000000}\n' * 10_000
    taken = taken_in(pipeline, [line])
    assert taken.located == 10**10
    rollup = pipeline.flush()
    assert rollup is not None
    assert sorted(rollup.count.tolist()) == [10**10 - 2 * (2**32 - 1), 2**32 - 1, 2**32 - 1]


def test_errors_name_lines_and_are_bounded(make: Make) -> None:
    pipeline, errors = make(format="ip"), list[Any]()
    lines = b"1.2.3.4\n\nbad\n" + b"1.2.3.4\n" * 9000 + b"worse\n" * 200
    pipeline.take_in(np.frombuffer(lines, np.uint8), NOW, pipeline.decoder(), errors)
    assert [error.line for error in errors[:3]] == [2, 9003, 9004]
    assert len(errors) == 100


def test_lines_may_come_read_only_and_without_an_end(make: Make) -> None:
    pipeline = make(format="ip")
    lines = np.frombuffer(b"1.2.3.4\n5.6.7.8", np.uint8)
    lines.flags.writeable = False
    assert pipeline.take_in(lines, NOW, pipeline.decoder()) == (2, 2, 0, 0)
    assert pipeline.take_in(np.empty(0, np.uint8), NOW, pipeline.decoder()) == (0, 0, 0, 0)
    assert pipeline.take_in(np.frombuffer(b"1.2.3.4\n" * 2, np.uint8)[::1], NOW, pipeline.decoder()) == (
        2,
        2,
        0,
        0,
    )


@pytest.mark.parametrize("bits", [1, 7, 8, 20, 24])
def test_cells_have_the_precision_of_the_source(make: Make, bits: int) -> None:
    pipeline = make(format="ip", precision=bits)
    taken_in(pipeline, [b"".join(b"%d.1.1.1\n" % first for first in range(1, 200))])
    rollup = pipeline.flush()
    assert rollup is not None
    assert set((rollup.x & -rollup.x.astype(np.int64)).tolist()) == {1 << (31 - bits)}


def test_endless_topics_are_bounded_and_said_once(make: Make) -> None:
    topics = LiveTopics()
    pipeline = make(topics, format="json")
    for start in range(0, 12_000, 4_000):
        lines = "".join(
            f'{{"ip":"1.2.3.4","topic":"p{n % 9}.t{n}"}}\n' for n in range(start, start + 4_000)
        ).encode()
        taken = taken_in(pipeline, [lines])
        assert taken == (4_000, 4_000, 0, 0)
        rollup = pipeline.flush()
        check(taken, rollup)
    assert rollup is not None
    assert set(rollup.topics) == {f"p{n}.other" for n in range(9)}
    assert topics.size == 4096 + 9
    notices = topics.notices()
    assert len(notices) == 1
    assert topics.notices() == []


def test_full_is_said_before_ticks_run_out(make: Make) -> None:
    pipeline = make(format="json", time="event")
    lines = "".join(
        f'{{"ip":"1.2.3.4","ts":{1_700_000_000_000 + 250 * n}}}\n' for n in range(70_000)
    ).encode()
    taken = taken_in(pipeline, [lines])
    full = pipeline.full
    rollup = pipeline.flush()
    check(taken, rollup)
    assert rollup is not None
    assert len(rollup.ticks) == 65_535
    assert (full, pipeline.full) == (True, False)
    check(taken_in(pipeline, [lines[:1000]]), pipeline.flush())

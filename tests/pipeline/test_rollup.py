"""Counting: what comes out is what plain Python counts, tick by tick."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from dynmap import grid
from dynmap.pipeline.pipeline import Pipeline
from dynmap.relay.message import BatchMessage

NOW = 1_800_000_000_000
Make = Callable[..., Pipeline]

EVENTS = st.lists(
    st.tuples(
        st.floats(-90, 90).map(lambda v: round(v, 4)),
        st.floats(-180, 180).map(lambda v: round(v, 4)),
        st.one_of(st.none(), st.integers(NOW - 10**7, NOW + 20_000), st.integers(1, 10**10), st.just(10**17)),
        st.sampled_from(["a", "b.c", "d"]),
        st.integers(1, 10**6),
    ),
    max_size=60,
)


def tick_of(ts: int | None, line: int) -> int:
    """The tick of an event by the rules of the design."""
    ms = NOW
    if ts is not None and ts < 10**11:
        ms = ts * 1000 + 250 * (line % 4)
        ms = ms if ts * 1000 <= NOW + 5000 else NOW
    elif ts is not None and ts <= NOW + 5000:
        ms = ts
    return ms // 250 * 250


@given(EVENTS, st.integers(1, 24))
@settings(deadline=None, max_examples=100)
def test_counts_by_tick_topic_and_cell(
    make: Make, events: list[tuple[float, float, int | None, str, int]], bits: int
) -> None:
    pipeline = make(format="json", time="event", precision=bits)
    expected: Counter[tuple[int, str, int, int]] = Counter()
    lines = ""
    for number, (lat, lon, ts, topic, n) in enumerate(events):
        stamp = "" if ts is None else f'"ts":{ts},'
        lines += f'{{{stamp}"lat":{lat},"lon":{lon},"topic":"{topic}","n":{n}}}\n'
        expected[tick_of(ts, number), topic, *grid.cell(lat, lon, bits)] += n
    pipeline.take_in(np.frombuffer(lines.encode(), np.uint8), NOW, pipeline.decoder())
    rollup = pipeline.flush()
    if rollup is None:
        assert not events
        return
    message = BatchMessage(
        source="web", producer="p", generation=0, first=0, last=1, arrival=NOW,
        topics=rollup.topics, ticks=rollup.ticks,
        **BatchMessage.columns(rollup.tick, rollup.topic, rollup.x, rollup.y, rollup.count),
        located=rollup.located, unlocated=rollup.unlocated, rejected=rollup.rejected,
        reasons=rollup.reasons, examples=rollup.examples,
    )  # fmt: skip
    counted: Counter[tuple[int, str, int, int]] = Counter()
    for frame in message.frames():
        for topic, x, y, count in zip(
            frame.topic.tolist(), frame.x.tolist(), frame.y.tolist(), frame.count.tolist(), strict=True
        ):
            counted[frame.tick, rollup.topics[topic], x, y] += count
    assert counted == expected


def test_the_table_grows_and_is_reset(make: Make) -> None:
    pipeline = make(format="json", precision=24)
    lines = "".join(f'{{"lat":{n / 4000:.5f},"lon":{n / 400:.4f}}}\n' for n in range(70_000)).encode()
    for _ in range(2):
        pipeline.take_in(np.frombuffer(lines, np.uint8), NOW, pipeline.decoder())
        rollup = pipeline.flush()
        assert rollup is not None
        assert len(rollup.count) == 70_000
        assert set(rollup.count.tolist()) == {1}


def test_whole_seconds_are_spread_evenly_over_their_ticks(make: Make) -> None:
    pipeline = make(format="combined", time="event")
    line = b'1.2.3.4 - - [17/May/2015:10:05:03 +0000] "GET / HTTP/1.1" 200 1\n'
    decoder = pipeline.decoder()
    for part in (3, 5, 1, 7):
        pipeline.take_in(np.frombuffer(line * part, np.uint8), NOW, decoder)
    rollup = pipeline.flush()
    assert rollup is not None
    by_tick = {
        rollup.ticks[tick]: count
        for tick, count in zip(rollup.tick.tolist(), rollup.count.tolist(), strict=True)
    }
    assert by_tick == {1_431_857_103_000 + 250 * n: 4 for n in range(4)}


def test_arrival_wins_unless_the_source_says_otherwise(make: Make) -> None:
    pipeline = make(format="json")
    pipeline.take_in(
        np.frombuffer(b'{"ip":"1.2.3.4","ts":1700000000}\n', np.uint8), NOW + 260, pipeline.decoder()
    )
    rollup = pipeline.flush()
    assert rollup is not None
    assert rollup.ticks == [NOW + 250]

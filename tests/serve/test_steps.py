"""From batches to steps, selections and totals: nothing is lost or counted twice on the way."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dynmap import grid, topics, wire
from dynmap.errors import MessageError
from dynmap.frame import TICK_MS, Frame
from dynmap.relay.message import BatchMessage, Rejection
from dynmap.serve import selection
from dynmap.serve.access import WHOLE
from dynmap.serve.area import ROOM_ROWS, WORLD
from dynmap.serve.index import TopicIndex
from dynmap.serve.interest import Interest
from dynmap.serve.selection import PICTURE_SLICES, Bound, Part
from dynmap.serve.steps import OLD_MS, Collector, Step
from dynmap.serve.totals import Totals
from dynmap.wire import Kind

NOW = 1_700_000_000_000
NAMES = ["web.ok", "web.bad", "mail", "shop.order.new"]

rows = st.lists(
    st.tuples(
        st.sampled_from([0, 0, 0, -TICK_MS, -30_000, -OLD_MS - TICK_MS, -86_400_000, 3000]),
        st.integers(0, len(NAMES) - 1),
        st.tuples(st.floats(-80, 80), st.floats(-180, 179), st.sampled_from([7, 12, 20, 24])),
        st.one_of(st.integers(1, 5), st.integers(2**31, 2**32 - 1)),
    ),
    max_size=12,
)
batches = st.lists(rows, max_size=5)


def batch_of(rows: list[Any], **changed: Any) -> BatchMessage:
    ticks = sorted({NOW + row[0] for row in rows})
    cells = [grid.cell(*row[2]) for row in rows]
    fields: dict[str, Any] = {
        "source": "log",
        "producer": "log",
        "generation": 0,
        "first": 0,
        "last": 1,
        "arrival": NOW,
        "topics": NAMES,
        "ticks": ticks,
        **BatchMessage.columns(
            np.array([ticks.index(NOW + row[0]) for row in rows], np.uint16),
            np.array([row[1] for row in rows], np.uint16),
            np.array([x for x, _ in cells], np.uint32),
            np.array([y for _, y in cells], np.uint32),
            np.array([row[3] for row in rows], np.uint32),
        ),
        "located": sum(row[3] for row in rows),
        "unlocated": {1: 2},
        "rejected": 3,
        "reasons": {"no address": 3},
        "examples": [Rejection("no address", "x.x.x.x")],
    }
    return BatchMessage(**{**fields, **changed})


def step_of(given_batches: list[list[Any]]) -> tuple[Step, TopicIndex]:
    index = TopicIndex()
    collector = Collector(index)
    for batch in given_batches:
        collector.take(batch_of(batch), NOW)
    return collector.close(NOW), index


def by_topic(parts: list[Part], index: TopicIndex) -> Counter[str]:
    found: Counter[str] = Counter()
    for part in parts:
        for encoded in part.encode(WORLD):
            frame = wire.decode(encoded)
            for number, count in zip(frame.topic.tolist(), frame.count.tolist(), strict=True):
                found[index.names[number]] += count
    return found


def expected(given_batches: list[list[Any]]) -> Counter[str]:
    found: Counter[str] = Counter()
    for batch in given_batches:
        for _, topic, _, count in batch:
            found[NAMES[topic]] += count
    return found


def everything(frame: Frame) -> Frame:
    return frame


def bounded(parts: list[Part], index: TopicIndex) -> list[Part]:
    return Bound(ROOM_ROWS, index.parents, index.other).within(parts, WORLD)


@settings(max_examples=50)
@given(batches)
def test_a_step_holds_all_of_its_batches(given_batches: list[list[Any]]) -> None:
    step, index = step_of(given_batches)
    assert step.located == sum(expected(given_batches).values())
    assert len({frame.tick for frame in step.frames}) == len(step.frames)
    assert all(frame.tick >= NOW - OLD_MS for frame in step.frames)
    assert not len(step.old) or step.old.tick + step.old_covers <= NOW - OLD_MS
    totals = Totals()
    totals.add(step, NOW + 100)
    assert totals.all_located == step.located
    assert {index.names[n]: int(totals.located[n]) for n in np.flatnonzero(totals.located)} == expected(
        given_batches
    )
    assert totals.received == step.located + 5 * len(given_batches)
    assert (totals.all_unlocated, totals.rejected) == (2 * len(given_batches), 3 * len(given_batches))


@settings(max_examples=50)
@given(batches)
def test_what_goes_out_live_is_what_came_in(given_batches: list[list[Any]]) -> None:
    step, index = step_of(given_batches)
    parts = bounded(selection.as_it_was(step, everything), index)
    assert by_topic(parts, index) == expected(given_batches)
    for part in parts:
        assert (part.kind is Kind.OLD) == (part.frame.tick < NOW - OLD_MS)


@settings(max_examples=50)
@given(st.lists(batches, max_size=4))
def test_catching_up_is_exact(steps_of_batches: list[list[list[Any]]]) -> None:
    index = TopicIndex()
    collector = Collector(index)
    steps = []
    for given_batches in steps_of_batches:
        for batch in given_batches:
            collector.take(batch_of(batch), NOW)
        steps.append(collector.close(NOW))
    parts = bounded(selection.caught_up(steps, everything), index)
    assert by_topic(parts, index) == sum((expected(one) for one in steps_of_batches), Counter())
    assert [part.kind for part in parts] in ([], [Kind.CAUGHT_UP], [Kind.OLD], [Kind.CAUGHT_UP, Kind.OLD])
    for part in parts:
        assert part.covers >= TICK_MS


@settings(max_examples=50)
@given(
    batches, st.lists(st.sampled_from(["web.*", "mail", "shop.>", "web.ok", "*"]), min_size=1, unique=True)
)
def test_an_interest_lets_through_its_topics_only(
    given_batches: list[list[Any]], patterns: list[str]
) -> None:
    step, index = step_of(given_batches)
    of = Interest(tuple(sorted(patterns)), WHOLE, index).filter()
    wanted = Counter(
        {
            name: count
            for name, count in expected(given_batches).items()
            if any(topics.matches(pattern, name) for pattern in patterns)
        }
    )
    assert by_topic(bounded(selection.as_it_was(step, of), index), index) == wanted
    assert by_topic(bounded(selection.caught_up([step], of), index), index) == wanted


def many(count: int, ticks: int, seed: int = 1) -> list[Any]:
    rng = np.random.default_rng(seed)
    return [
        (-TICK_MS * int(tick), int(topic), (float(lat), float(lon), 20), 1)
        for tick, topic, lat, lon in zip(
            rng.integers(0, ticks, count),
            rng.integers(0, len(NAMES), count),
            rng.uniform(-80, 80, count),
            rng.uniform(-180, 179, count),
            strict=True,
        )
    ]


@pytest.mark.parametrize("ticks", [1, 3, 200])
def test_a_step_is_bounded_however_many_ticks_it_touches(ticks: int) -> None:
    step, index = step_of([many(10_000, ticks)])
    parts = bounded(selection.as_it_was(step, everything), index)
    assert sum(part.frame.total for part in parts) == 10_000
    assert sum(len(part.frame) for part in parts) <= 2 * ROOM_ROWS
    assert max(len(part.frame) for part in parts) > ROOM_ROWS / 8


def test_a_picture_is_a_few_slices_of_the_last_seconds() -> None:
    index = TopicIndex()
    collector = Collector(index)
    steps = []
    for number in range(40):
        at = NOW + number * TICK_MS
        collector.take(batch_of([(number * TICK_MS, 0, (10.0, 10.0, 20), 1)]), at)
        steps.append(collector.close(at))
    end = NOW + 40 * TICK_MS
    parts = bounded(selection.picture(steps, end - 5000, end, everything), index)
    assert PICTURE_SLICES / 2 < len(parts) <= PICTURE_SLICES
    assert all(part.kind is Kind.PICTURE for part in parts)
    assert sum(part.frame.total for part in parts) == 20
    assert [part.frame.tick for part in parts] == sorted(part.frame.tick for part in parts)
    assert parts[0].frame.tick >= end - 5000
    assert parts[-1].frame.tick + parts[-1].covers >= end
    assert selection.picture(steps, end, end + 5000, everything) == []
    crowded, index = step_of([many(10_000, 1)])
    (part,) = bounded(selection.picture([crowded], NOW, NOW + 250, everything), index)
    assert len(part.frame) <= ROOM_ROWS // 2
    assert part.frame.total == 10_000


@pytest.mark.parametrize("changed", [{"located": 1}, {"unlocated": {9: 1}}, {"x": b""}])
def test_a_batch_that_does_not_hang_together_changes_nothing(changed: dict[str, Any]) -> None:
    index = TopicIndex()
    collector = Collector(index)
    with pytest.raises(MessageError):
        collector.take(batch_of([(0, 0, (1.0, 1.0, 20), 7)], **changed), NOW)
    step = collector.close(NOW)
    assert (step.rows, step.tally.rejected, len(step.tally.unlocated)) == (0, 0, 0)


def test_reasons_and_sources_are_bounded() -> None:
    index = TopicIndex()
    collector, totals = Collector(index), Totals()
    for number in range(3000):
        reasons = {f"reason {number}": 1}
        collector.take(batch_of([], rejected=1, reasons=reasons, source=f"source{number}"), NOW)
        totals.add(collector.close(NOW), NOW)
    assert len(totals.reasons) <= 65
    assert sum(totals.reasons.values()) == 3000
    assert len(totals.received_by_source) <= 1025
    assert sum(totals.received_by_source.values()) == totals.received
    assert len(totals.examples) == 20


def test_latency_is_weighed_by_events() -> None:
    collector, totals = Collector(TopicIndex()), Totals()
    assert totals.latency(0.5) == [None]
    fast, slow = (0, 0, (1.0, 1.0, 20), 95), (0, 0, (1.0, 1.0, 20), 5)
    collector.take(batch_of([fast], unlocated={}, rejected=0, arrival=NOW - 100), NOW)
    collector.take(batch_of([slow], unlocated={}, rejected=0, arrival=NOW - 900), NOW)
    totals.add(collector.close(NOW), NOW)
    assert totals.latency(0.5, 0.9, 0.99) == [100.0, 100.0, 900.0]
    assert totals.rate == 50.0

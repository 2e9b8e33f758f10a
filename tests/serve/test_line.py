"""Who is slow, judged by what waits and by acks; and how a thin line gets fewer steps."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynmap.serve.line import MAX_UNACKNOWLEDGED, SLOWEST, STALLED_SECONDS, Line


def fall(line: Line, now: float) -> None:
    assert line.is_full(True, 0, now)
    assert not line.is_full(False, 0, now + 0.5)


def test_what_waits_makes_a_line_full() -> None:
    line = Line()
    assert not line.is_full(False, 1000, 0)
    assert line.is_full(True, 1000, 1)
    assert not line.is_full(False, 2000, 2)


def test_acks_make_a_line_full_only_when_there_have_been_some() -> None:
    line = Line()
    assert not line.is_full(False, 10_000, 0)
    line.acknowledge(10_000)
    assert not line.is_full(False, 10_000 + MAX_UNACKNOWLEDGED, 1)
    assert line.is_full(False, 10_100, 2)
    line.acknowledge(10_100)
    assert not line.is_full(False, 10_100, 3)
    line.acknowledge(9_000)
    assert not line.is_full(False, 10_100, 4), "an ack that was overtaken takes nothing back"


def test_a_new_subscription_is_not_behind() -> None:
    line = Line()
    line.acknowledge(5)
    line.ask(1, 500)
    assert not line.is_full(False, 500, 0)


def test_stalled_is_who_is_full_without_a_break() -> None:
    line = Line()
    assert line.is_full(True, 0, 0)
    assert not line.is_stalled(STALLED_SECONDS)
    assert line.is_stalled(STALLED_SECONDS + 1)
    assert not line.is_full(False, 0, 100)
    assert not line.is_stalled(500)


def test_a_thin_line_gets_half_as_many_steps_and_more_again_when_it_is_well() -> None:
    line = Line()
    for now in (0, 10, 20):
        assert not line.adapt(now)
        fall(line, now)
    assert line.adapt(21)
    assert (line.every, line.is_slowed) == (2, True)
    assert not line.adapt(50), "not before it has been well for long"
    assert line.adapt(90)
    assert (line.every, line.is_slowed) == (1, False)
    assert not line.adapt(1000)


def test_it_never_gets_more_than_it_asked_for() -> None:
    line = Line()
    line.ask(8, 0)
    for round in range(5):
        for now in (0, 1, 2):
            fall(line, 100 * round + now)
        line.adapt(100 * round + 3)
    assert line.every == SLOWEST
    line.ask(4, 0)
    assert line.every == SLOWEST, "a new wish does not make the line any wider"
    for later in range(600, 2000, 61):
        line.adapt(later)
    assert line.every == 4


@pytest.mark.parametrize("seconds", [25, 40])
def test_a_fall_now_and_then_changes_nothing(seconds: int) -> None:
    line = Line()
    for number in range(10):
        fall(line, 2 * number * seconds)
        assert not line.adapt(2 * number * seconds + 1)
    assert line.every == 1


@given(
    st.lists(st.tuples(st.sampled_from(["ack", "ask", "full", "adapt"]), st.integers(0, 200)), max_size=60)
)
def test_its_pace_stays_within_bounds(events: list[tuple[str, int]]) -> None:
    line, now, wish = Line(), 0.0, 1
    for what, number in events:
        now += number / 10
        match what:
            case "ack":
                line.acknowledge(number)
            case "ask":
                wish = 1 + number % 40
                line.ask(wish, number)
            case "full":
                line.is_full(number % 2 == 0, number, now)
            case _:
                line.adapt(now)
        assert wish <= line.every <= max(wish, SLOWEST)

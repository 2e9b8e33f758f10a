"""The ring: bounded in time and bytes, honest about what it has forgotten."""

from __future__ import annotations

import numpy as np
import pytest

from dynmap.frame import TICK_MS, Frame
from dynmap.serve.ring import Ring
from dynmap.serve.steps import Step, Tally


def step(number: int, rows: int = 1, tick: int | None = None) -> Step:
    tick = number * TICK_MS if tick is None else tick
    x = np.arange(1, rows + 1, dtype=np.uint32) << np.uint32(7)
    frame = Frame.of(tick, np.zeros(rows, np.uint16), x, x, np.ones(rows, np.uint64))
    return Step(number, tick, (frame,) if rows else (), Frame.empty(tick), 0, Tally())


def filled(ring: Ring, count: int, rows: int = 1) -> Ring:
    for number in range(ring.last + 1, ring.last + count + 1):
        ring.append(step(number, rows))
    return ring


def test_steps_past_a_cursor() -> None:
    ring = filled(Ring(300), 10)
    assert [found.number for found in ring.between(7, ring.last)] == [8, 9, 10]
    assert ring.between(10, ring.last) == []
    assert len(ring.between(0, ring.last)) == 10
    assert [found.number for found in ring.since(9 * TICK_MS)] == [9, 10]


def test_what_is_too_old_is_forgotten() -> None:
    ring = filled(Ring(10), 100)
    assert not ring.reaches(0)
    assert ring.reaches(ring.floor)
    assert not ring.reaches(ring.floor - 1)
    assert [found.number for found in ring.between(ring.floor, ring.last)] == list(range(ring.floor + 1, 101))
    assert 100 - ring.floor == pytest.approx(10_000 / TICK_MS, abs=1)


def test_what_is_too_much_is_forgotten() -> None:
    ring = filled(Ring(86_400, max_bytes=1 << 20), 200, rows=1000)
    assert ring.size <= 1 << 20
    assert ring.floor > 0
    assert ring.size == sum(found.size for found in ring.between(0, ring.last))


def test_one_huge_step_is_kept() -> None:
    ring = filled(Ring(300, max_bytes=1000), 1, rows=1000)
    assert [found.number for found in ring.between(0, ring.last)] == [1]
    assert ring.reaches(0)


def test_steps_that_hold_nothing_take_no_room() -> None:
    ring = filled(filled(Ring(300), 1), 10_000, rows=0)
    assert ring.last == 10_001
    assert len(ring.between(0, ring.last)) <= 1


def test_a_cursor_names_a_step_of_this_life() -> None:
    ring = filled(Ring(300), 5)
    assert ring.number(ring.cursor(3)) == 3
    for cursor in (
        "",
        "nonsense",
        "5",
        f"{ring.epoch}.",
        f"{ring.epoch}.-1",
        f"{ring.epoch}.²",
        "0" * 8 + ".3",
    ):
        assert ring.number(cursor) is None
    assert ring.number(f"{ring.epoch}.6") is None, "a step that has not been yet"
    assert ring.number(f"{ring.epoch}.{'9' * 4000}") is None
    assert filled(Ring(300), 5).number(ring.cursor(3)) is None

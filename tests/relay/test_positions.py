"""How far producers are stored: never further back, and bounded."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynmap.relay import positions
from dynmap.relay.message import Position
from dynmap.relay.positions import PositionTable

stored = st.lists(
    st.builds(Position, st.sampled_from("abc"), st.integers(0, 3), st.integers(1, 50)), max_size=40
)


@given(stored)
def test_a_position_is_the_furthest_stored(order: list[Position]) -> None:
    table = PositionTable(order)
    for producer, generation in {(position.producer, position.generation) for position in order}:
        furthest = max(p.last for p in order if (p.producer, p.generation) == (producer, generation))
        assert table.stored(producer, generation) == furthest
    assert table.stored("z", 0) is None
    assert {(p.producer, p.generation, p.last) for p in PositionTable(table)} == {
        (p.producer, p.generation, p.last) for p in table
    }


def test_old_generations_are_forgotten() -> None:
    table = PositionTable(Position("log", generation, 1) for generation in range(20))
    kept = [position.generation for position in table]
    assert kept == list(range(20 - positions.MAX_GENERATIONS, 20))


def test_who_has_been_silent_the_longest_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(positions, "MAX_PRODUCERS", 3)
    table = PositionTable(Position(name, 0, 1) for name in "abc")
    table.store(Position("a", 0, 2))
    table.store(Position("d", 0, 1))
    assert [position.producer for position in table] == ["c", "a", "d"]

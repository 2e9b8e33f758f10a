"""The synthetic world says the same under the same seed, keeps its rate, and follows the sun."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from dynmap.ingest.world import DAY_S, KINDS, Person, World

NOON_UTC = 20_000 * DAY_S + 12 * 3600.0
PEOPLE = [
    Person(f"192.0.2.{n}", lon, lat)
    for n, (lon, lat) in enumerate([(0, 50), (120, 30), (-75, 40), (179, -40)])
]


def _events(world: World, seconds: float, start: float = NOON_UTC) -> list[dict[str, str]]:
    steps = int(seconds / 0.05)
    return [
        json.loads(line)
        for step in range(steps)
        for line in world.lines(start + step * 0.05, 0.05).splitlines()
    ]


def test_a_seed_says_it_all() -> None:
    assert _events(World(PEOPLE, 500.0, seed=3), 5) == _events(World(PEOPLE, 500.0, seed=3), 5)
    assert _events(World(PEOPLE, 500.0, seed=3), 5) != _events(World(PEOPLE, 500.0, seed=4), 5)


@pytest.mark.parametrize("rate", [20.0, 800.0, 50_000.0])
def test_the_rate_is_kept_within_a_factor(rate: float) -> None:
    """Happenings come on top of the usual, which swings around the rate."""
    seconds = max(2.0, 2000.0 / rate)
    assert 0.6 * rate * seconds < len(_events(World(PEOPLE, rate), seconds)) < 2.5 * rate * seconds


def test_every_kind_of_event_and_every_person_takes_part() -> None:
    events = _events(World(PEOPLE, 2000.0), 10)
    assert {event["topic"] for event in events} == {kind.topic for kind in KINDS}
    assert {event["ip"] for event in events} == {person.address for person in PEOPLE}


def test_people_sleep_at_night() -> None:
    people = [Person("192.0.2.1", 0.0, 50.0)] * 20 + [Person("192.0.2.2", 180.0, -40.0)] * 20
    seen = Counter(
        event["ip"] for event in _events(World(people, 2000.0), 10) if event["topic"] == "web.order"
    )
    assert seen["192.0.2.1"] > 2 * seen["192.0.2.2"]


def test_an_empty_world_is_refused() -> None:
    with pytest.raises(ValueError, match="people"):
        World([], 1.0)

"""The synthetic world: always the same for a seed, near its rate, and by the sun."""

from __future__ import annotations

import asyncio
from collections import Counter

import numpy as np
import pytest

from dynmap.config import SourceSettings
from dynmap.geo.table import LocationTable, open_table
from dynmap.ingest.demo import Demo
from dynmap.ingest.world import STEP_MS, TOPICS, People, World

from .recording import RecordingIntake

NOON = 1_795_435_200_000 // STEP_MS
"""A step at 12:00 UTC."""
HOUR = 3_600_000 // STEP_MS


@pytest.fixture(scope="module")
def table() -> LocationTable:
    return open_table(None)


@pytest.fixture(scope="module")
def people(table: LocationTable) -> People:
    v4 = table.sample_addresses(np.random.default_rng(1), 20_000)
    place = table.locate4(v4)
    return People(v4, table.place_x[place], table.place_y[place])


def counted(world: World, steps: range) -> Counter[str]:
    lines = b"".join(world.step(number) for number in steps).decode().splitlines()
    return Counter(line.split(" ")[1] for line in lines)


def test_a_world_is_the_same_for_a_seed_however_it_is_asked(people: People) -> None:
    one, two, other = World(people, 2000.0, 1), World(people, 2000.0, 1), World(people, 2000.0, 2)
    forward = [one.step(NOON + number) for number in range(40)]
    backward = [two.step(NOON + number) for number in reversed(range(40))]
    assert forward == backward[::-1]
    assert forward != [other.step(NOON + number) for number in range(40)]


@pytest.mark.parametrize("rate", [800.0, 100_000.0])
def test_the_mean_rate_over_a_day_is_as_asked(people: People, rate: float) -> None:
    world = World(people, rate)
    steps = range(NOON, NOON + 24 * HOUR, 24 * HOUR // 100)
    topics = counted(world, steps)
    assert topics.total() / len(steps) * 1000 / STEP_MS == pytest.approx(rate, rel=0.2)
    assert set(topics) == {topic.name for topic in TOPICS}


def test_people_follow_the_sun(people: People) -> None:
    world = World(people, 50_000.0)
    known = dict(zip(people.text, people.lon, strict=True))

    def share_of_east(start: int) -> float:
        text = b"".join(world.step(start + number * 20) for number in range(60)).splitlines()
        orders = [known[line.split(b" ")[0]] for line in text if line.endswith(b"web.order")]
        return float(np.mean(np.array(orders) > 60.0))

    assert share_of_east(NOON - 4 * HOUR) > share_of_east(NOON + 8 * HOUR) + 0.1


def test_there_are_bursts(people: People) -> None:
    world = World(people, 800.0)
    seconds = [
        counted(world, range(NOON + second * 20, NOON + second * 20 + 20)) for second in range(0, 300, 5)
    ]
    for topic in ("email.open", "attack.ssh"):
        rates = [second[topic] for second in seconds]
        assert max(rates) > 2.5 * np.median(rates)


async def test_the_demo_hands_in_lines_until_it_is_stopped(
    table: LocationTable, intake: RecordingIntake
) -> None:
    demo = Demo(SourceSettings(kind="demo", name="demo", rate=20_000))
    demo.populate(table)
    running = asyncio.create_task(demo.run(intake))
    await asyncio.sleep(0.4)
    demo.stop()
    await asyncio.wait_for(running, 2)
    assert len(intake.lines) > 2000
    assert demo.status.state == "ended"

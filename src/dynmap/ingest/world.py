"""The synthetic world: who does what, where and when, as a function of time and a seed. No I/O.

Everything happens in steps of 50 ms, and a step depends on nothing but its number, the seed and the people: the same
world shows the same events at the same time, wherever it is asked from. Its days follow the sun; its campaigns,
attacks and crowds come in slots of a few minutes, so there is always something going on.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from dynmap import grid

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]
U32 = npt.NDArray[np.uint32]

STEP_MS: Final = 50
PEOPLE: Final = 60_000
"""Addresses that anything comes from."""

ZONES: Final = 96
"""Stripes of longitude, each with as many people as the others; they share their time of day."""

_DAY_MS: Final = 86_400_000
_KM_A_DEGREE: Final = 111.2


@dataclass(frozen=True, slots=True)
class Topic:
    """What people do.

    share         of the mean rate
    night         how much of it goes on at night, 0 to 1
    peak          the local hour at which most of it happens
    """

    name: str
    share: float
    night: float
    peak: float


TOPICS: Final = (
    Topic("web.page", 0.45, 0.22, 15.0),
    Topic("web.order", 0.06, 0.10, 19.5),
    Topic("stream.play", 0.12, 0.15, 21.0),
    Topic("email.open", 0.06, 0.12, 9.5),
    Topic("email.click", 0.02, 0.12, 10.0),
    Topic("attack.ssh", 0.05, 1.0, 0.0),
)


class People:
    """Addresses with their places, from west to east.

    v4         uint32[n]
    lat, lon   float64[n], degrees
    """

    def __init__(self, v4: U32, x: U32, y: U32) -> None:
        order = np.argsort(x, kind="stable")
        self.v4 = v4[order]
        self.lon, self.lat = grid.lonlats(x[order], y[order])
        self.text = [
            b"%d.%d.%d.%d" % tuple(address) for address in self.v4.astype(">u4").view("u1").reshape(-1, 4)
        ]
        self.edges: I64 = np.linspace(0, len(v4), ZONES + 1).astype(np.int64)
        self.zone_lon: F64 = self.lon[np.minimum(self.edges[:-1] + np.diff(self.edges) // 2, len(v4) - 1)]

    def some(self, by_zone: I64, rng: np.random.Generator) -> I64:
        """So many of each zone, `by_zone` (int64[ZONES]), as indices."""
        zones = np.repeat(np.arange(ZONES), by_zone)
        first, size = self.edges[zones], self.edges[zones + 1] - self.edges[zones]
        return np.asarray(first + (rng.random(len(zones)) * size).astype(np.int64), np.int64)

    def near(self, centre: int, km: float) -> I64:
        """Those within some kilometres of one of them."""
        north = (self.lat - self.lat[centre]) * _KM_A_DEGREE
        east = (self.lon - self.lon[centre] + 540.0) % 360.0 - 180.0
        east = east * _KM_A_DEGREE * math.cos(math.radians(self.lat[centre]))
        return np.flatnonzero(north * north + east * east < km * km)


class Slot(NamedTuple):
    """When the episodes of a kind come: one in each slot of time, `share` of the mean rate on average."""

    seconds: float
    share: float
    number: int


CAMPAIGNS: Final = Slot(240.0, 0.12, 2)
ATTACKS: Final = Slot(75.0, 0.05, 3)
CROWDS: Final = Slot(180.0, 0.05, 4)

_ROLL_SECONDS: Final = 110.0
"""How long a campaign takes to go round the world, with the morning."""

_UNTIL_CLICK_MS: Final = 6_000.0
_OPENED: Final = 3
_CLICKED: Final = 4
"""Rows of `email.open` and `email.click` in TOPICS."""

_PERIODS: Final = np.array([5.0, 19.0, 83.0])
_SWINGS: Final = np.array([0.25, 0.30, 0.30])
"""Waves of so many seconds that the flow of each zone and topic drifts with, and how strong they are."""


@dataclass(frozen=True, slots=True)
class Episode:
    """Something that begins, swells and dies down.

    start    ms since 1970
    rise     seconds until it is at its height; it dies down in about three times that
    events   how many, all in all
    who      whom it comes from
    """

    start: float
    rise: float
    events: float
    who: I64

    def flow(self, now: float) -> float:
        """Events a second: a gamma curve, which has its height after `rise` and the area `events`."""
        age = (now - self.start) / 1000.0
        return self.events * age / self.rise**2 * math.exp(-age / self.rise) if age > 0 else 0.0


class World:
    """A world with a mean rate of events a second."""

    def __init__(self, people: People, rate: float, seed: int = 2013) -> None:
        self._people = people
        self._rate = rate
        self._seed = seed
        self._phases: F64 = 2 * math.pi * np.random.default_rng([seed, 0]).random((len(TOPICS), ZONES, 3))
        self._begun = lru_cache(maxsize=32)(self._begin)
        self._flows = lru_cache(maxsize=2)(self._flow)

    def step(self, number: int) -> bytes:
        """The lines of a step, in the format `ip`: address and topic."""
        now = float(number * STEP_MS)
        rng = np.random.default_rng([self._seed, 1, number])
        counts = rng.poisson(self._flows(number * STEP_MS // 1000))
        parts = [
            self._lines(kind.name, self._people.some(counts[row], rng)) for row, kind in enumerate(TOPICS)
        ]
        parts.append(self._lines("attack.ssh", self._episodes(ATTACKS, now, rng)))
        parts.append(self._lines("web.page", self._episodes(CROWDS, now, rng)))
        return b"".join(parts)

    def _lines(self, topic: str, who: I64) -> bytes:
        if not len(who):
            return b""
        text, end = self._people.text, b" %s\n" % topic.encode()
        return end.join([text[person] for person in who.tolist()]) + end

    def _flow(self, second: int) -> F64:
        """Events a step, float64[TOPICS, ZONES]; the same for a second, in which neither sun nor mail gets far."""
        now = second * 1000.0
        flow = np.stack([self._daily(row, now) for row in range(len(TOPICS))])
        flow[_OPENED] += self._mailed(now)
        flow[_CLICKED] += self._mailed(now - _UNTIL_CLICK_MS) / 6.0
        return np.asarray(flow * (STEP_MS / 1000.0), np.float64)

    def _daily(self, topic: int, now: float) -> F64:
        """What people do all day, in events a second: by the height of the sun where they are, and a slow drift."""
        kind = TOPICS[topic]
        hour = now / _DAY_MS * 24.0 + self._people.zone_lon / 15.0
        day = kind.night + (1.0 - kind.night) * (1.0 + np.cos((hour - kind.peak) * math.pi / 12.0)) / 2.0
        waves = np.sin(self._phases[topic] + 2.0 * math.pi * now / 1000.0 / _PERIODS)
        flow = day / ((1.0 + kind.night) / 2.0) * np.exp(waves @ _SWINGS - (_SWINGS @ _SWINGS) / 4.0)
        return np.asarray(flow * (self._rate * kind.share / ZONES), np.float64)

    def _mailed(self, now: float) -> F64:
        """Campaign mail opened, in events a second: it reaches each zone with its morning, from east to west."""
        flow = np.zeros(ZONES)
        latest = int(now // (CAMPAIGNS.seconds * 1000.0))
        for number in (latest - 1, latest):
            rng = np.random.default_rng([self._seed, CAMPAIGNS.number, number])
            start = number * CAMPAIGNS.seconds * 1000.0
            front = start + (180.0 - self._people.zone_lon) / 360.0 * _ROLL_SECONDS * 1000.0
            age = np.maximum(now - front, 0.0) / 1000.0
            rise = 4.0 + 5.0 * rng.random()
            events = self._rate * CAMPAIGNS.share * CAMPAIGNS.seconds / ZONES * (0.5 + rng.random())
            flow += events * age / rise**2 * np.exp(-age / rise)
        return flow

    def _episodes(self, slot: Slot, now: float, rng: np.random.Generator) -> I64:
        """Who takes part in the episodes of a kind that go on now."""
        number = int(now // (slot.seconds * 1000.0))
        chosen = [np.empty(0, np.int64)]
        for each in (number - 1, number):
            episode = self._begun(slot, each)
            count = int(rng.poisson(episode.flow(now) * STEP_MS / 1000.0))
            chosen.append(rng.choice(episode.who, count))
        return np.concatenate(chosen)

    def _begin(self, slot: Slot, number: int) -> Episode:
        """The episode of a slot: an attack comes from a few places, a crowd from one region."""
        rng = np.random.default_rng([self._seed, slot.number, number])
        start = (number + 0.7 * rng.random()) * slot.seconds * 1000.0
        events = self._rate * slot.share * slot.seconds * (0.5 + rng.random())
        everyone = len(self._people.v4)
        if slot is ATTACKS:
            who = np.concatenate(
                [self._people.near(int(centre), 15.0)[:6] for centre in rng.integers(everyone, size=5)]
            )
            return Episode(start, 6.0 + 8.0 * rng.random(), events, who)
        who = self._people.near(int(rng.integers(everyone)), 150.0 + 500.0 * rng.random())
        return Episode(start, 8.0 + 12.0 * rng.random(), events, who)

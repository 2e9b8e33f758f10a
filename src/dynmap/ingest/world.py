"""A lifelike synthetic world: lines as a web shop with mailings would log them, from where people are. No I/O.

People are addresses drawn from the location table. They are awake by day, so activity goes round with the sun; over
it lie mailings whose openings roll westward through the time zones, flash crowds in one region, and attacks from a few
places at once. Everything follows from the seed and the clock that is passed in.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

F64 = npt.NDArray[np.float64]

DAY_S: Final = 86_400.0
REFRESH_S: Final = 0.5
"""How often the crowd's weights follow the clock."""


@dataclass(frozen=True, slots=True)
class Person:
    """Where an address is, in degrees."""

    address: str
    lon: float
    lat: float


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of event: its topic, its share of the rate, and how much it keeps to the day (0 never sleeps, 1 does)."""

    topic: str
    share: float
    sleep: float


KINDS: Final = (
    Kind("web.page", 0.50, 0.80),
    Kind("web.order", 0.14, 0.90),
    Kind("email.open", 0.18, 0.85),
    Kind("email.click", 0.06, 0.90),
    Kind("attack.ssh", 0.12, 0.10),
)
_PAGE, _ORDER, _OPEN, _CLICK, _ATTACK = range(len(KINDS))


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that lasts a while and adds to one kind, around a place.

    gain     events a second at its height, as a share of the world's rate
    spread   how far around the place, in degrees
    drift    degrees a second that its centre moves east
    """

    kind: int
    start: float
    lasts: float
    gain: float
    lon: float
    lat: float
    spread: float
    drift: float = 0.0
    worldwide: bool = False

    def strength(self, now: float) -> float:
        """0 to 1: a quick rise and a slow fall."""
        part = (now - self.start) / self.lasts
        return 0.0 if not 0.0 <= part <= 1.0 else min(1.0, part * 8.0) * (1.0 - part) ** 0.7


class World:
    """Makes lines for stretches of time.

    people  who takes part, in no order
    rate    events a second, on average
    seed    two worlds of one seed, asked for the same stretches, say the same
    """

    def __init__(self, people: Sequence[Person], rate: float, seed: int = 1) -> None:
        if not people:
            raise ValueError("a world needs people")
        self._rate = rate
        self._rng = np.random.default_rng(seed)
        self._lon = np.array([person.lon for person in people])
        self._lat = np.array([person.lat for person in people])
        self._liking = self._rng.gamma(0.6, 1.0, (len(KINDS), len(people)))
        self._texts = [
            [f'{{"ip":"{person.address}","topic":"{kind.topic}"}}\n'.encode() for person in people]
            for kind in KINDS
        ]
        self._happenings: list[Happening] = []
        self._next_happening = -math.inf
        self._weights_at = -math.inf
        self._cumulated: list[F64] = []

    def lines(self, now: float, seconds: float) -> bytes:
        """What is logged in the `seconds` up to `now` (seconds since 1970), as flat JSON lines."""
        self._let_things_happen(now)
        if now - self._weights_at >= REFRESH_S:
            self._follow_the_sun(now)
        out: list[bytes] = []
        for kind, text in enumerate(self._texts):
            usual = self._rate * KINDS[kind].share * _mood(now, kind) * seconds
            out += [text[i] for i in self._drawn(self._cumulated[kind], usual)]
        for happening in self._happenings:
            extra = self._rate * happening.gain * happening.strength(now) * seconds
            if extra > 0.0:
                text = self._texts[happening.kind]
                out += [text[i] for i in self._drawn(np.cumsum(self._near(happening, now)), extra)]
        return b"".join(out)

    def _drawn(self, cumulated: F64, expected: float) -> list[int]:
        count = int(self._rng.poisson(expected))
        drawn = np.searchsorted(cumulated, self._rng.random(count) * cumulated[-1], side="right")
        return [int(i) for i in np.minimum(drawn, len(cumulated) - 1)]

    def _follow_the_sun(self, now: float) -> None:
        self._weights_at = now
        awake = _awake((now % DAY_S) / 3600.0 + self._lon / 15.0)
        self._cumulated = [
            np.cumsum(self._liking[number] * (1.0 - kind.sleep * (1.0 - awake)))
            for number, kind in enumerate(KINDS)
        ]

    def _near(self, happening: Happening, now: float) -> F64:
        east = happening.lon + happening.drift * (now - happening.start)
        across = (self._lon - east + 180.0) % 360.0 - 180.0
        along = 0.0 if happening.worldwide else self._lat - happening.lat
        near = np.exp(-(across**2 + np.square(along)) / (2.0 * happening.spread**2))
        return np.asarray(near * self._liking[happening.kind] + 1e-12, np.float64)

    def _let_things_happen(self, now: float) -> None:
        self._happenings = [
            happening for happening in self._happenings if now < happening.start + happening.lasts
        ]
        if now < self._next_happening:
            return
        self._next_happening = now + float(self._rng.uniform(6.0, 16.0))
        self._happenings += self._something(now)

    def _something(self, now: float) -> list[Happening]:
        someone = int(self._rng.integers(len(self._lon)))
        lon, lat = float(self._lon[someone]), float(self._lat[someone])
        match self._rng.choice(["mailing", "crowd", "attack"], p=[0.3, 0.35, 0.35]):
            case "mailing":
                # Morning comes to the east first: both sweep from Japan to the Pacific coast in a minute and a half.
                opens = Happening(_OPEN, now, 90.0, 0.5, 150.0, 0.0, spread=14.0, drift=-3.2, worldwide=True)
                return [opens, replace(opens, kind=_CLICK, start=now + 4.0, gain=0.15, spread=16.0)]
            case "crowd":
                lasts = float(self._rng.uniform(20.0, 45.0))
                return [
                    Happening(_PAGE, now, lasts, 0.35, lon, lat, spread=3.0),
                    Happening(_ORDER, now + 3.0, lasts, 0.12, lon, lat, spread=3.0),
                ]
            case _:
                attackers = self._rng.integers(len(self._lon), size=int(self._rng.integers(2, 6)))
                lasts = float(self._rng.uniform(12.0, 30.0))
                return [
                    Happening(_ATTACK, now, lasts, 0.12, float(self._lon[i]), float(self._lat[i]), spread=0.6)
                    for i in attackers.tolist()
                ]


def _awake(local_hour: F64) -> F64:
    """0 to 1 by the sun's hour: asleep at four, busiest in the afternoon and once more in the evening."""
    day = 0.5 - 0.5 * np.cos((local_hour - 4.0) / 24.0 * 2.0 * math.pi)
    evening = np.exp(-(((local_hour - 20.5 + 12.0) % 24.0 - 12.0) ** 2) / 6.0)
    return np.asarray(np.clip(0.85 * day + 0.25 * evening, 0.0, 1.0), np.float64)


def _mood(now: float, kind: int) -> float:
    """Slow swings around 1, each kind to its own rhythm."""
    return 1.0 + 0.18 * math.sin(now / 23.0 + kind * 1.7) + 0.10 * math.sin(now / 7.1 + kind * 4.1)

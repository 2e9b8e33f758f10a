"""`dynmap demo`: a lifelike synthetic world, as real lines through the real pipeline."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from dynmap.config import SourceSettings
from dynmap.ingest.base import Intake, Positions, Sequence
from dynmap.ingest.batching import Clock, wall_clock
from dynmap.ingest.world import PEOPLE, STEP_MS, People, World
from dynmap.relay.message import SourceStatus

if TYPE_CHECKING:
    from dynmap.geo.table import LocationTable

SEED: Final = 2013

_MOST_STEPS: Final = 20
"""Steps that are caught up on when the process was held up; what is older did not happen."""


class Demo:
    """The synthetic world of a rate and a seed."""

    def __init__(self, settings: SourceSettings, *, seed: int = SEED, clock: Clock = wall_clock) -> None:
        self.producer = settings.name
        self._settings = settings
        self._seed = seed
        self._clock = clock
        self._sequence = Sequence(clock())
        self._world: World | None = None
        self._state = "waiting"
        self._stopping = False

    @property
    def status(self) -> SourceStatus:
        """Open while the world turns."""
        detail = f"a synthetic world of about {self._settings.rate:,.0f} events a second"
        return SourceStatus(
            self._settings.name, "demo", self._settings.format, self._state, detail, producers=1
        )

    def begin(self, positions: Positions) -> None:
        """Nothing: the world begins with the clock."""

    def populate(self, table: LocationTable) -> None:
        """Choose the people, among the addresses of a location table. Slow: not for the loop."""
        rng = np.random.default_rng([self._seed, PEOPLE])
        v4 = table.sample_addresses(rng, PEOPLE)
        place = table.locate4(v4)
        people = People(v4, table.place_x[place], table.place_y[place])
        self._world = World(people, self._settings.rate, self._seed)

    async def run(self, intake: Intake) -> None:
        """Hand in each step when its time has come, until `stop`."""
        if self._world is None:
            raise RuntimeError("the demo has no people yet")
        self._state = "open"
        decoder = intake.decoder()
        done = self._clock() // STEP_MS
        while not self._stopping:
            await intake.mark()
            now = self._clock() // STEP_MS
            for number in range(max(done, now - _MOST_STEPS) + 1, now + 1):
                lines = np.frombuffer(self._world.step(number), np.uint8)
                if len(lines) and not intake.crowded:
                    intake.take_in(lines, self._sequence.span(len(lines)), decoder)
            done = max(done, now)
        self._state = "ended"

    def stop(self) -> None:
        """End the world."""
        self._stopping = True

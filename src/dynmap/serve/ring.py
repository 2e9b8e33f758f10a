"""The last steps, for viewers who come, who come back, and who are slow. No I/O."""

from __future__ import annotations

import secrets
from collections import deque
from typing import Final

from dynmap.frame import TICK_MS
from dynmap.serve.steps import Step

MAX_BYTES: Final = 64 << 20
"""What the ring may take in memory, however long it is meant to be."""


class Ring:
    """Steps that hold something, bounded in time and in bytes. `floor` is up to where it has forgotten."""

    def __init__(self, seconds: int, max_bytes: int = MAX_BYTES) -> None:
        self.epoch = secrets.token_hex(4)
        """Names this life of the server: a cursor of another life means nothing here."""
        self.last = 0
        self.tick = 0
        """Start of the last step's tick, ms since 1970."""
        self.floor = 0
        self.size = 0
        self._milliseconds = seconds * 1000
        self._max_bytes = max_bytes
        self._steps: deque[Step] = deque()

    @property
    def seconds(self) -> float:
        """How far back it reaches at most."""
        return self._milliseconds / 1000

    def restore(self, epoch: str, number: int, tick: int) -> None:
        """Go on where another server's ring stood, of whose steps up to here nothing is known."""
        self.epoch, self.last, self.tick, self.floor = epoch, number, tick, number

    def append(self, step: Step) -> None:
        """Take the next step in and forget what is too old or too much; the newest step stays in any case."""
        self.last = step.number
        self.tick = step.tick
        if step.rows:
            self._steps.append(step)
            self.size += step.size
        while len(self._steps) > 1 and (
            self._steps[0].tick < step.tick - self._milliseconds or self.size > self._max_bytes
        ):
            gone = self._steps.popleft()
            self.floor = gone.number
            self.size -= gone.size

    def between(self, first: int, last: int) -> list[Step]:
        """The steps past a number up to another, oldest first."""
        found = []
        for step in reversed(self._steps):
            if step.number <= first:
                break
            if step.number <= last:
                found.append(step)
        return found[::-1]

    def tick_of(self, number: int) -> int:
        """When the tick of a step began (ms since 1970): every tick has one."""
        return self.tick - (self.last - number) * TICK_MS

    def since(self, moment: int) -> list[Step]:
        """The steps whose tick began at a moment (ms since 1970) or later, oldest first."""
        return [step for step in self._steps if step.tick >= moment]

    def cursor(self, number: int) -> str:
        """What a viewer calls a step; opaque to it."""
        return f"{self.epoch}.{number}"

    def number(self, cursor: str) -> int | None:
        """The step that a cursor names, or None when it is of another life of the server, or nonsense."""
        epoch, _, number = cursor.partition(".")
        if epoch != self.epoch or not (number.isascii() and number.isdigit() and len(number) < 16):
            return None
        return int(number) if int(number) <= self.last else None

    def reaches(self, number: int) -> bool:
        """Whether everything past a step is still here."""
        return number >= self.floor

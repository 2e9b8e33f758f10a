"""What of a step, or of several, goes to those who watch a room: filtered, bounded, conserving. No I/O.

Everything here works on what it is handed and may run in a thread.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from dynmap import wire
from dynmap.frame import TICK_MS, U16, Frame, merge
from dynmap.serve.steps import OLD_MS, Step
from dynmap.wire import Kind

MAX_ROWS: Final = 4096
"""Rows of a room's frame."""

PICTURE_SLICES: Final = 8
PICTURE_ROWS: Final = 2048
"""A picture is that many frames of so many rows at most, so that what it shows can fade."""


@dataclass(frozen=True, slots=True)
class Part:
    """A frame and how it goes out."""

    frame: Frame
    kind: Kind
    covers: int

    def encode(self) -> list[bytes]:
        """As binary frames for subscription 0."""
        return wire.encode(self.frame, self.kind, self.covers)


@dataclass(frozen=True, slots=True)
class Selection:
    """Which topics pass (bool by topic number; None for all), and into what they are rolled up."""

    allowed: npt.NDArray[np.bool_] | None
    parents: U16
    other: int

    def live(self, step: Step) -> list[Part]:
        """A step as it happened: its own tick in up to `MAX_ROWS`, other ticks together in as many."""
        frames = self._of(step.frames)
        if sum(map(len, frames)) > MAX_ROWS and len(frames) > 1:
            largest = max(frames, key=len)
            others = [frame for frame in frames if frame is not largest]
            parts = [Part(self._bounded(largest), Kind.LIVE, TICK_MS)]
            if sum(map(len, others)) > MAX_ROWS:
                parts.append(self._merged(others, Kind.CAUGHT_UP))
            else:
                parts += [Part(frame, Kind.LIVE, TICK_MS) for frame in others]
        else:
            parts = [Part(self._bounded(frame), Kind.LIVE, TICK_MS) for frame in frames]
        return parts + self._old([step], [])

    def caught_up(self, steps: Sequence[Step]) -> list[Part]:
        """Several steps at once, exactly: what is recent in one frame to draw, the rest in one that only counts."""
        if not steps:
            return []
        horizon = steps[-1].tick - OLD_MS
        frames = self._of(frame for step in steps for frame in step.frames)
        recent = [frame for frame in frames if frame.tick >= horizon]
        parts = [self._merged(recent, Kind.CAUGHT_UP)] if recent else []
        return parts + self._old(steps, [frame for frame in frames if frame.tick < horizon])

    def picture(self, steps: Sequence[Step], start: int, end: int) -> list[Part]:
        """What happened from a moment to another (ms since 1970), in a few slices, oldest first."""
        length = max(TICK_MS, -(-(end - start) // PICTURE_SLICES // TICK_MS) * TICK_MS)
        slices: dict[int, list[Frame]] = {}
        for frame in self._of(frame for step in steps for frame in step.frames):
            if frame.tick >= start:
                slices.setdefault(min((frame.tick - start) // length, PICTURE_SLICES - 1), []).append(frame)
        return [
            Part(self._bounded(merge(frames, start + place * length), PICTURE_ROWS), Kind.PICTURE, length)
            for place, frames in sorted(slices.items())
        ]

    def _old(self, steps: Sequence[Step], aged: list[Frame]) -> list[Part]:
        found = [(step.old, step.old_covers) for step in steps if len(step.old)]
        found += [(frame, TICK_MS) for frame in aged]
        frames = self._of(frame for frame, _ in found)
        if not frames:
            return []
        start = min(frame.tick for frame, _ in found)
        end = max(frame.tick + covers for frame, covers in found)
        return [Part(self._bounded(merge(frames, start)), Kind.OLD, end - start)]

    def _merged(self, frames: Sequence[Frame], kind: Kind) -> Part:
        start = min(frame.tick for frame in frames)
        end = max(frame.tick for frame in frames) + TICK_MS
        return Part(self._bounded(merge(frames, start)), kind, end - start)

    def _of(self, frames: Iterable[Frame]) -> list[Frame]:
        if self.allowed is not None:
            allowed = self.allowed
            frames = (frame.where(allowed[frame.topic]) for frame in frames if len(frame))
        return [frame for frame in frames if len(frame)]

    def _bounded(self, frame: Frame, rows: int = MAX_ROWS) -> Frame:
        return frame.bounded(rows, self.parents, self.other)

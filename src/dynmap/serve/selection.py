"""What of a step, or of several, goes to viewers: filtered by topic, cut by place, bounded, conserving. No I/O.

Everything here works on what it is handed and may run in a thread.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from dynmap import wire
from dynmap.frame import TICK_MS, U16, Frame, merge
from dynmap.serve.area import WORLD, Place, Rest, Winding
from dynmap.serve.steps import OLD_MS, Step
from dynmap.wire import Kind

PICTURE_SLICES: Final = 8
"""A picture is that many frames, of half the rows of others each, so that what it shows can fade."""

Filter = Callable[[Frame], Frame]
"""Takes the rows of some topics out of a frame."""


@dataclass(frozen=True)
class Part:
    """A frame and how it goes out. One of the whole world can be cut into the parts of places."""

    frame: Frame
    kind: Kind
    covers: int

    @cached_property
    def _winding(self) -> Winding:
        return Winding(self.frame)

    def at(self, place: Place) -> Part:
        """What of it is at a place."""
        if place == WORLD:
            return self
        return Part(self._winding.cut(place), self.kind, self.covers)

    def encode(self, place: Place) -> list[bytes]:
        """As binary frames for subscription 0."""
        z, x, y = WORLD if isinstance(place, Rest) else place
        return wire.encode(self.frame, self.kind, self.covers, z=z, tile_x=x, tile_y=y)


def as_it_was(step: Step, of: Filter) -> list[Part]:
    """A step as it happened: a part a tick."""
    parts = [Part(frame, Kind.LIVE, TICK_MS) for frame in _filtered(step.frames, of)]
    return parts + _old([step], [], of)


def caught_up(steps: Sequence[Step], of: Filter) -> list[Part]:
    """Several steps at once, exactly: what is recent in one part to draw, the rest in one that only counts."""
    if not steps:
        return []
    horizon = steps[-1].tick - OLD_MS
    frames = _filtered((frame for step in steps for frame in step.frames), of)
    recent = [frame for frame in frames if frame.tick >= horizon]
    parts = [_merged(recent, Kind.CAUGHT_UP)] if recent else []
    return parts + _old(steps, [frame for frame in frames if frame.tick < horizon], of)


def picture(steps: Sequence[Step], start: int, end: int, of: Filter) -> list[Part]:
    """What happened from a moment to another (ms since 1970), in a few slices, oldest first."""
    length = max(TICK_MS, -(-(end - start) // PICTURE_SLICES // TICK_MS) * TICK_MS)
    slices: dict[int, list[Frame]] = {}
    for frame in _filtered((frame for step in steps for frame in step.frames), of):
        if frame.tick >= start:
            slices.setdefault(min((frame.tick - start) // length, PICTURE_SLICES - 1), []).append(frame)
    return [
        Part(merge(frames, start + place * length), Kind.PICTURE, length)
        for place, frames in sorted(slices.items())
    ]


@dataclass(frozen=True, slots=True)
class Bound:
    """How many rows a place may have, and what gives way above that: cells, then topics into their parents."""

    rows: int
    parents: U16
    other: int

    def within(self, parts: Iterable[Part], place: Place) -> list[Part]:
        """The parts of a place: those of ticks in up to twice `rows` together, others in as many each."""
        here = [part for part in (whole.at(place) for whole in parts) if len(part.frame)]
        live = [part for part in here if part.kind is Kind.LIVE]
        rest = [part for part in here if part.kind is not Kind.LIVE]
        z = 0 if isinstance(place, Rest) else place[0]
        return [self._bounded(part, z) for part in self._few(live) + rest]

    def _few(self, live: list[Part]) -> list[Part]:
        """When ticks have too many rows together, the largest stays and the others become one if they must."""
        if len(live) < 2 or sum(len(part.frame) for part in live) <= self.rows:
            return live
        largest = max(live, key=lambda part: len(part.frame))
        others = [part for part in live if part is not largest]
        if sum(len(part.frame) for part in others) <= self.rows:
            return [largest, *others]
        return [largest, _merged([part.frame for part in others], Kind.CAUGHT_UP)]

    def _bounded(self, part: Part, z: int) -> Part:
        rows = self.rows // 2 if part.kind is Kind.PICTURE else self.rows
        return Part(part.frame.bounded(rows, self.parents, self.other, z), part.kind, part.covers)


def _old(steps: Sequence[Step], aged: list[Frame], of: Filter) -> list[Part]:
    found = [(step.old, step.old_covers) for step in steps if len(step.old)]
    found += [(frame, TICK_MS) for frame in aged]
    frames = _filtered((frame for frame, _ in found), of)
    if not frames:
        return []
    start = min(frame.tick for frame, _ in found)
    end = max(frame.tick + covers for frame, covers in found)
    return [Part(merge(frames, start), Kind.OLD, end - start)]


def _merged(frames: Sequence[Frame], kind: Kind) -> Part:
    start = min(frame.tick for frame in frames)
    end = max(frame.tick for frame in frames) + TICK_MS
    return Part(merge(frames, start), kind, end - start)


def _filtered(frames: Iterable[Frame], of: Filter) -> list[Frame]:
    return [frame for frame in map(of, frames) if len(frame)]

"""From batches to steps: what came in between two moments of the serving process's clock. No I/O."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from dynmap.frame import I64, TICK_MS, U16, U32, Frame, frames_by_tick, merge, tick_of
from dynmap.relay.message import BatchMessage, Rejection
from dynmap.serve.index import TopicIndex

OLD_MS: Final = 60_000
"""Additions to ticks further back than this are counted, but no longer drawn."""

_BYTES_A_ROW: Final = 18
_BYTES_A_FRAME: Final = 400


@dataclass(slots=True)
class Tally:
    """What batches brought beside their rows: sums of weights."""

    unlocated: Counter[int] = field(default_factory=Counter)
    """By topic number."""
    rejected: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    examples: list[Rejection] = field(default_factory=list)
    received_by_source: Counter[str] = field(default_factory=Counter)
    rejected_by_source: Counter[str] = field(default_factory=Counter)
    arrivals: list[tuple[int, int]] = field(default_factory=list)
    """(arrival in ms since 1970, weight) of each batch that held events."""

    def add(self, batch: BatchMessage, numbers: list[int]) -> None:
        """Take in a batch whose topics have these numbers."""
        for topic, weight in batch.unlocated.items():
            self.unlocated[numbers[topic]] += weight
        self.rejected += batch.rejected
        self.reasons.update(batch.reasons)
        self.examples.extend(batch.examples)
        self.received_by_source[batch.source] += batch.received
        self.rejected_by_source[batch.source] += batch.rejected
        if batch.received:
            self.arrivals.append((batch.arrival, batch.received))


@dataclass(frozen=True, slots=True)
class Step:
    """What the server took in during one tick of its own clock.

    number      counts up from 1 while the server lives
    tick        start of the tick that this step closed, ms since 1970
    frames      one a tick of the events' own time, earliest first, none more than a minute behind
    old         additions to ticks before that, all in one frame whose tick is the earliest
    old_covers  how many ms `old` spans
    """

    number: int
    tick: int
    frames: tuple[Frame, ...]
    old: Frame
    old_covers: int
    tally: Tally

    @property
    def rows(self) -> int:
        """How many rows its frames have together."""
        return sum(map(len, self.frames)) + len(self.old)

    @property
    def located(self) -> int:
        """The weight of all events with a place."""
        return sum(frame.total for frame in self.frames) + self.old.total

    @property
    def size(self) -> int:
        """About how many bytes it takes in memory."""
        return self.rows * _BYTES_A_ROW + len(self.frames) * _BYTES_A_FRAME


_Rows = tuple[I64, U16, U32, U32, U32]
"""Columns tick (ms since 1970), topic, x, y and count of a batch."""


class Collector:
    """Takes batches in and closes steps."""

    def __init__(self, index: TopicIndex) -> None:
        self._index = index
        self._number = 0
        self._start_over()

    def _start_over(self) -> None:
        self._recent: list[_Rows] = []
        self._old: list[Frame] = []
        self._old_end = 0
        self._tally = Tally()

    def go_on_from(self, number: int) -> None:
        """The step before has this number."""
        self._number = number

    def take(self, batch: BatchMessage, now: int) -> None:
        """Take a batch in at a moment (ms since 1970), whole or not at all.

        Raises MessageError when the batch does not hang together.
        """
        tick, topic, x, y, count = batch.rows()
        batch.check_unlocated()
        numbers = [self._index.number(name) for name in batch.topics]
        self._tally.add(batch, numbers)
        if not len(tick):
            return
        topic = np.array(numbers, np.uint16)[topic]
        old = tick < tick_of(now) - OLD_MS
        if not old.any():
            self._recent.append((tick, topic, x, y, count))
            return
        self._old.append(Frame.of(int(tick[old].min()), topic[old], x[old], y[old], count[old]))
        self._old_end = max(self._old_end, int(tick[old].max()) + TICK_MS)
        young = ~old
        self._recent.append((tick[young], topic[young], x[young], y[young], count[young]))

    def close(self, tick: int) -> Step:
        """Everything taken in since the step before, as the step that closes `tick`."""
        self._number += 1
        old = merge(self._old) if self._old else Frame.empty(tick)
        # The rows of all batches are sorted once, here, rather than batch by batch and then again.
        columns = zip(*self._recent, strict=True)
        frames = tuple(frames_by_tick(*map(np.concatenate, columns))) if self._recent else ()
        covers = self._old_end - old.tick if len(old) else 0
        step = Step(self._number, tick, frames, old, covers, self._tally)
        self._start_over()
        return step


def counts_by_topic(frame: Frame) -> tuple[list[int], list[int]]:
    """Topic numbers of a frame, ascending, and the sum of each one's counts; exact, whatever their size."""
    if not len(frame):
        return [], []
    first = np.flatnonzero(np.concatenate(([True], frame.topic[1:] != frame.topic[:-1])))
    return frame.topic[first].tolist(), np.add.reduceat(frame.count, first).tolist()

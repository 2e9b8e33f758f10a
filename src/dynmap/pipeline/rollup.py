"""Counting: located rows into one row for each tick, topic and cell. What leaves here holds no address."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from dynmap.relay.message import Rejection

U16 = npt.NDArray[np.uint16]
U32 = npt.NDArray[np.uint32]


@dataclass(frozen=True, slots=True)
class Rollup:
    """What happened since the last flush: the same fields as `dynmap.relay.message.BatchMessage`.

    topics     names; the column `topic` and the keys of `unlocated` index into it
    ticks      starts in ms since 1970; the column `tick` indexes into it
    tick, topic, x, y, count   uint16[n], uint16[n], uint32[n], uint32[n], uint32[n]; a count over 2^32-1 is
               split over several rows, else rows are unique in (tick, topic, x, y)
    located, unlocated, rejected   sums of weights; unlocated by topic index
    reasons    rejected weights by reason
    examples   a few rejected lines a reason, addresses masked
    """

    topics: list[str]
    ticks: list[int]
    tick: U16
    topic: U16
    x: U32
    y: U32
    count: U32
    located: int
    unlocated: dict[int, int] = field(default_factory=dict)
    rejected: int = 0
    reasons: dict[str, int] = field(default_factory=dict)
    examples: list[Rejection] = field(default_factory=list)

    @property
    def received(self) -> int:
        """The weight of all events in it: received = located + unlocated + rejected."""
        return self.located + sum(self.unlocated.values()) + self.rejected

"""Running totals, as of the last step. No I/O."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from dynmap.frame import I64, MAX_TOPICS, TICK_MS
from dynmap.relay.message import Rejection
from dynmap.serve.steps import Step, counts_by_topic

_EXAMPLES: Final = 20
_REASONS: Final = 64
_SOURCES: Final = 1024
_RATE_STEPS: Final = 2000 // TICK_MS
_LATENCIES: Final = 2000
"""Batches whose latency is remembered: a minute and more at the most that one machine sends."""

_REST: Final = "other"


class Totals:
    """Sums of weights since the server started: received = located + unlocated + rejected, always."""

    def __init__(self) -> None:
        self.located: I64 = np.zeros(MAX_TOPICS, np.int64)
        self.unlocated: I64 = np.zeros(MAX_TOPICS, np.int64)
        """By topic number, like `located`."""
        self.all_located = 0
        self.all_unlocated = 0
        self.rejected = 0
        self.reasons: Counter[str] = Counter()
        self.examples: deque[Rejection] = deque(maxlen=_EXAMPLES)
        self.received_by_source: Counter[str] = Counter()
        self.rejected_by_source: Counter[str] = Counter()
        self._recent: deque[list[tuple[list[int], list[int]]]] = deque(maxlen=_RATE_STEPS)
        self._latencies: deque[tuple[int, int]] = deque(maxlen=_LATENCIES)

    @property
    def received(self) -> int:
        """Every event, whatever became of it."""
        return self.all_located + self.all_unlocated + self.rejected

    @property
    def rate(self) -> float:
        """Located events a second, over the last two seconds."""
        located = sum(sum(counts) for frames in self._recent for _, counts in frames)
        return located * 1000 / (TICK_MS * _RATE_STEPS)

    def rate_of(self, topics: npt.NDArray[np.bool_]) -> float:
        """Likewise, of some topics: bool by topic number."""
        located = sum(
            count
            for frames in self._recent
            for numbers, counts in frames
            for number, count in zip(numbers, counts, strict=True)
            if topics[number]
        )
        return located * 1000 / (TICK_MS * _RATE_STEPS)

    def add(self, step: Step, closed: int) -> None:
        """Take a step in, closed at a moment (ms since 1970)."""
        counted = [counts_by_topic(frame) for frame in (*step.frames, step.old) if len(frame)]
        for numbers, counts in counted:
            self.located[numbers] += np.array(counts, np.int64)
            self.all_located += sum(counts)
        self._recent.append(counted)
        tally = step.tally
        for number, weight in tally.unlocated.items():
            self.unlocated[number] += weight
            self.all_unlocated += weight
        self.rejected += tally.rejected
        self.examples.extend(tally.examples)
        add_bounded(self.reasons, tally.reasons, _REASONS)
        add_bounded(self.received_by_source, tally.received_by_source, _SOURCES)
        add_bounded(self.rejected_by_source, tally.rejected_by_source, _SOURCES)
        self._latencies.extend((max(0, closed - arrival), weight) for arrival, weight in tally.arrivals)

    def restore(
        self,
        located: dict[int, int],
        unlocated: dict[int, int],
        rejected: int,
        sums: Sequence[dict[str, int]],
    ) -> None:
        """Go on from these sums: by topic number, and `reasons`, `received_by_source`, `rejected_by_source` by name."""
        self.located[list(located)] = list(located.values())
        self.unlocated[list(unlocated)] = list(unlocated.values())
        self.all_located, self.all_unlocated = sum(located.values()), sum(unlocated.values())
        self.rejected = rejected
        self.reasons, self.received_by_source, self.rejected_by_source = map(Counter, sums)

    def latency(self, *quantiles: float) -> list[float | None]:
        """Quantiles (0 to 1) of the ms between an event's arrival and its step, over the last batches, by weight."""
        if not self._latencies:
            return [None] * len(quantiles)
        times, weights = np.array(sorted(self._latencies), np.int64).T
        places = np.searchsorted(np.cumsum(weights), np.array(quantiles) * weights.sum())
        return [float(time) for time in times[np.minimum(places, len(times) - 1)]]


def add_bounded(sums: Counter[str], more: Counter[str], most: int) -> None:
    """Add sums by name; names past `most` are summed as `other`."""
    for name, weight in more.items():
        sums[name if name in sums or len(sums) < most else _REST] += weight

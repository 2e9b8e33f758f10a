"""A client's books: totals that stay equal to the server's. No I/O."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from dynmap import topics
from dynmap.client.steps import Frame, Step
from dynmap.errors import MessageError
from dynmap.wire import WireFrame

_UNNAMED: Final = -1


class Ledger:
    """What has been committed, by topic, and up to which cursor.

    Frames wait until the mark that closes their step, which commits them and moves the cursor. When the connection is
    lost, what still waits is forgotten: asking again from the cursor brings it once more.

    A topic's number holds for one connection. Its place in `topics` is given once and holds for ever, so that totals
    and columns outlive a new connection and a restarted server.
    """

    def __init__(self, cursor: str | None = None) -> None:
        self.cursor = cursor
        """Up to where; None before the first answer, and when the server can't go on from where it was."""
        self.topics: list[str] = []
        self._places: dict[str, int] = {}
        self._place_of = np.empty(0, np.int32)
        self._totals = np.zeros(0, np.int64)
        self._waiting: list[Frame] = []
        self._reset: str | None = None
        self.forget_numbers()

    @property
    def totals(self) -> dict[str, int]:
        """What is committed, by topic."""
        return self._by_name(self._totals)

    @property
    def located(self) -> int:
        """The sum of all that is committed."""
        return int(self._totals.sum())

    def name(self, names: Mapping[int, str]) -> None:
        """Learn the names of topic numbers."""
        for number, name in names.items():
            if name not in self._places:
                self._places[name] = len(self.topics)
                self.topics.append(name)
            self._place_of[number] = self._places[name]
        if len(self._totals) < len(self.topics):
            self._totals = np.append(self._totals, np.zeros(len(self.topics), np.int64))

    def open(self, cursor: str, counts: Mapping[int, int]) -> None:
        """Start anew from the server's own totals, by topic number. Raises MessageError for one without a name."""
        places = self._placed(np.fromiter(counts, np.uint16, len(counts)))
        self._totals[:] = 0
        self._totals[places] = np.fromiter(counts.values(), np.int64, len(counts))
        self._waiting.clear()
        self.cursor = cursor

    def receive(self, frame: WireFrame) -> None:
        """Keep a frame for the mark that follows. Raises MessageError when a topic has no name."""
        self._waiting.append(Frame.of(frame, self._placed(frame.topic)))

    def commit(self, cursor: str, tick: int) -> Step:
        """A mark: all that waits has happened, and the books stand at its cursor."""
        added = np.zeros_like(self._totals)
        for frame in self._waiting:
            if frame.is_counted:
                np.add.at(added, frame.topic, frame.count)
        self._totals += added
        step = Step(cursor, tick, tuple(self._waiting), self._by_name(added), self.topics, self._reset)
        self._waiting.clear()
        self.cursor, self._reset = cursor, None
        return step

    def forget_waiting(self) -> None:
        """What came after the last mark will come again."""
        self._waiting.clear()

    def forget_numbers(self) -> None:
        """A new connection: topics are numbered anew."""
        self._place_of = np.full(1 << 16, _UNNAMED, np.int32)

    def keep(self, patterns: Sequence[str]) -> None:
        """Hold no totals any more but of topics that are within one of the patterns."""
        for place in np.flatnonzero(self._totals):
            if not any(topics.matches(pattern, self.topics[place]) for pattern in patterns):
                self._totals[place] = 0

    def reset(self, reason: str) -> None:
        """The server can't go on from the cursor: it starts anew."""
        self._waiting.clear()
        self.cursor, self._reset = None, reason

    def _placed(self, numbers: npt.NDArray[np.uint16]) -> npt.NDArray[np.int32]:
        places = self._place_of[numbers]
        if len(places) and int(places.min()) == _UNNAMED:
            raise MessageError(f"topic number {int(numbers[places.argmin()])} is used before it is named")
        return places

    def _by_name(self, counts: npt.NDArray[np.int64]) -> dict[str, int]:
        held = np.flatnonzero(counts)
        return {self.topics[place]: int(counts[place]) for place in held}

"""What viewers are interested in: topics. Which of them, how they are called, and how often they happened. No I/O."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from dynmap.frame import MAX_TOPICS, U16, Frame
from dynmap.serve import messages
from dynmap.serve.access import Access
from dynmap.serve.framing import text
from dynmap.serve.index import TopicIndex
from dynmap.serve.messages import Topics
from dynmap.serve.selection import Filter
from dynmap.serve.totals import Totals

Wanted = tuple[tuple[str, ...], tuple[str, ...]]
"""The patterns asked for and those that may be seen: what makes interests the same."""


class Interest:
    """Topics that are within patterns and may be seen.

    `listed` are those that have been named to viewers, in the order of naming: a viewer needs to know only how many
    of them it has been told.
    """

    def __init__(self, patterns: tuple[str, ...], access: Access, index: TopicIndex) -> None:
        self.wanted: Wanted = (patterns, access.patterns)
        self.access = Access(access.patterns)
        self.listed: list[int] = []
        self._index = index
        self._sees_all = access.is_whole
        self._is_wanted = compiled(patterns)
        self._is_shown = compiled(access.patterns)
        self._allowed = np.zeros(MAX_TOPICS, np.bool_)
        self._parents = np.arange(MAX_TOPICS, dtype=np.uint16)
        self._seen = 0
        self._is_listed = np.zeros(MAX_TOPICS, np.bool_)
        self._names: dict[int, bytes] = {}

    @property
    def allowed(self) -> npt.NDArray[np.bool_] | None:
        """Which topics are in it, by number, or None when all are.

        Not copied, though a thread may read it: what is known of a number never changes.
        """
        self._learn()
        return None if self._sees_all and self.wanted[0] == (">",) else self._allowed

    @property
    def parents(self) -> U16:
        """What topics are rolled up into when a frame gets too large: never into one that may not be seen."""
        self._learn()
        return self._index.parents if self._sees_all else self._parents

    @property
    def other(self) -> int:
        """The number of the topic that all are rolled up into in the end."""
        return self._index.other

    def filter(self) -> Filter:
        """What takes the rows of its topics out of frames; may be used in a thread."""
        allowed = self.allowed

        def of(frame: Frame) -> Frame:
            return frame if allowed is None or not len(frame) else frame.where(allowed[frame.topic])

        return of

    def totals(self, totals: Totals) -> dict[int, int]:
        """The sums of located weights by topic number, as of the last step; all of them are listed from now on."""
        numbers = np.flatnonzero(self.mask() & (totals.located > 0))
        self.list(numbers)
        return dict(zip(numbers.tolist(), totals.located[numbers].tolist(), strict=True))

    def mask(self) -> npt.NDArray[np.bool_]:
        """Which topics are in it, by number: bool[16384]."""
        self._learn()
        return self._allowed

    def list(self, numbers: npt.NDArray[np.integer]) -> None:
        """Note that these numbers, of which some may be the same, are about to be used."""
        fresh = numbers[~self._is_listed[numbers]]
        if len(fresh):
            fresh = np.unique(fresh)
            self._is_listed[fresh] = True
            self.listed.extend(fresh.tolist())
            self._names.clear()

    def names(self, told: int) -> bytes:
        """What names the topics listed past the first `told`, ready to be written; nothing when there are none."""
        if told >= len(self.listed):
            return b""
        if told not in self._names:
            fresh = {number: self._index.names[number] for number in self.listed[told:]}
            self._names[told] = text(messages.encode(Topics(fresh)))
        return self._names[told]

    def _learn(self) -> None:
        for number in range(self._seen, len(self._index)):
            name = self._index.names[number]
            shown = self._is_shown(name) is not None
            self._allowed[number] = shown and self._is_wanted(name) is not None
            parent = int(self._index.parents[number])
            may_roll_up = self._is_shown(self._index.names[parent]) is not None
            self._parents[number] = parent if may_roll_up else self._index.other
        self._seen = len(self._index)


class Interests:
    """The interests that somebody has; others do not exist."""

    def __init__(self, index: TopicIndex) -> None:
        self._index = index
        self._interests: dict[Wanted, Interest] = {}
        self._held: dict[Wanted, int] = {}

    def __len__(self) -> int:
        return len(self._interests)

    def hold(self, patterns: tuple[str, ...], access: Access) -> Interest:
        """The interest in these patterns, for somebody who will `drop` it."""
        wanted = (patterns, access.patterns)
        interest = self._interests.get(wanted)
        if interest is None:
            interest = self._interests[wanted] = Interest(patterns, access, self._index)
        self._held[wanted] = self._held.get(wanted, 0) + 1
        return interest

    def drop(self, interest: Interest) -> None:
        """One fewer has it; it ends with the last one."""
        self._held[interest.wanted] -= 1
        if not self._held[interest.wanted]:
            del self._held[interest.wanted], self._interests[interest.wanted]


def compiled(patterns: tuple[str, ...]) -> Callable[[str], re.Match[str] | None]:
    """Patterns as one regular expression's `fullmatch`: 16,384 topics in some ms, where `topics.matches` takes 100."""
    whole = "|".join(
        r"\.".join({"*": r"[^.]+", ">": r".+"}.get(token) or re.escape(token) for token in pattern.split("."))
        for pattern in patterns
    )
    return re.compile(whole).fullmatch

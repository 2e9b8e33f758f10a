"""Rooms: those who asked for the same thing. A room's frame is made and encoded once, however many watch."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from dynmap import wire
from dynmap.frame import MAX_TOPICS, TICK_MS
from dynmap.serve import messages
from dynmap.serve.framing import binary, text
from dynmap.serve.index import TopicIndex
from dynmap.serve.messages import Tile, Topics
from dynmap.serve.ring import Ring
from dynmap.serve.selection import Part, Selection
from dynmap.serve.steps import Step
from dynmap.serve.totals import Totals

if TYPE_CHECKING:
    from dynmap.serve.viewer import Viewer

FEW_STEPS: Final = 8
"""Missed steps that are sent as they were; more are merged into one."""

_HEAVY_ROWS: Final = 50_000
"""Rows whose merging would hold the server up (10 ms and more): that is done in a thread."""


class Room:
    """A set of topic patterns over an area, those who watch it, and what they get.

    `listed` are the topics that have been named to those who watch, in the order of naming: a viewer needs to know
    only how many of them it has been told.
    """

    def __init__(self, patterns: tuple[str, ...], index: TopicIndex, ring: Ring) -> None:
        self.patterns = patterns
        self.viewers: set[Viewer] = set()
        self.listed: list[int] = []
        self._index = index
        self._ring = ring
        self._matches = compiled(patterns)
        self._allowed = np.zeros(MAX_TOPICS, np.bool_)
        self._seen = 0
        self._is_listed = np.zeros(MAX_TOPICS, np.bool_)
        self._live: dict[int, list[bytes]] = {}
        self._making: dict[tuple[str, int, int], asyncio.Task[list[bytes]]] = {}
        self._names: dict[int, bytes] = {}

    def totals(self, totals: Totals) -> dict[int, int]:
        """The sums of located weights by topic number, as of the last step; all of them are listed from now on."""
        self._learn()
        known = len(self._index)
        numbers = np.flatnonzero(self._allowed[:known] & (totals.located[:known] > 0))
        self._list(numbers)
        return dict(zip(numbers.tolist(), totals.located[numbers].tolist(), strict=True))

    def step(self, step: Step) -> list[bytes]:
        """The binary frames of the step that has just closed."""
        self._making.clear()
        return self.live(step) if step.rows else []

    def live(self, step: Step) -> list[bytes]:
        """The binary frames of a step, made once. Their topics are listed."""
        made = self._live.get(step.number)
        if made is None:
            made = self._live[step.number] = self._encoded(self._selection().live(step))
            while len(self._live) > FEW_STEPS:
                del self._live[next(iter(self._live))]
        return made

    async def between(self, first: int, last: int) -> list[bytes]:
        """The binary frames of the steps past `first` up to `last`: each as it was when few, else merged."""
        steps = [step for step in self._ring.after(first) if step.number <= last]
        if len(steps) <= FEW_STEPS and _rows(steps) < _HEAVY_ROWS:
            return [frame for step in steps for frame in self.live(step)]
        selection = self._selection()
        return await self._once(("between", first, last), steps, lambda: selection.caught_up(steps))

    async def picture(self, seconds: float) -> list[bytes]:
        """The binary frames of a picture of the last seconds, as far as the ring reaches."""
        end = self._ring.tick + TICK_MS
        start = end - max(TICK_MS, int(min(seconds, self._ring.seconds) * 1000))
        steps, selection = self._ring.since(start), self._selection()
        return await self._once(("picture", start, end), steps, lambda: selection.picture(steps, start, end))

    def names(self, told: int) -> bytes:
        """What names the topics listed past the first `told`, ready to be written; nothing when there are none."""
        if told >= len(self.listed):
            return b""
        if told not in self._names:
            fresh = {number: self._index.names[number] for number in self.listed[told:]}
            self._names[told] = text(messages.encode(Topics(fresh)))
        return self._names[told]

    async def _once(
        self, key: tuple[str, int, int], steps: Sequence[Step], select: Callable[[], list[Part]]
    ) -> list[bytes]:
        """What is made for one viewer is made for all who ask for the same before the next step."""
        if key not in self._making:
            self._making[key] = asyncio.create_task(self._made(steps, select))
        return await asyncio.shield(self._making[key])

    async def _made(self, steps: Sequence[Step], select: Callable[[], list[Part]]) -> list[bytes]:
        if _rows(steps) < _HEAVY_ROWS:
            return self._encoded(select())
        return self._encoded(await asyncio.to_thread(select))

    def _encoded(self, parts: list[Part]) -> list[bytes]:
        for part in parts:
            self._list(np.unique(part.frame.topic))
        return [encoded for part in parts for encoded in part.encode()]

    def _list(self, numbers: npt.NDArray[np.integer]) -> None:
        fresh = numbers[~self._is_listed[numbers]]
        if len(fresh):
            self._is_listed[fresh] = True
            self.listed.extend(fresh.tolist())
            self._names.clear()

    def _selection(self) -> Selection:
        self._learn()
        # Not copied, though a thread may read them: what is known of a number never changes.
        allowed = None if self.patterns == (">",) else self._allowed
        return Selection(allowed, self._index.parents, self._index.other)

    def _learn(self) -> None:
        for number in range(self._seen, len(self._index)):
            self._allowed[number] = self._matches(self._index.names[number]) is not None
        self._seen = len(self._index)


class Rooms:
    """The rooms that are watched; others do not exist, and cost nothing."""

    def __init__(self, index: TopicIndex, ring: Ring) -> None:
        self._index = index
        self._ring = ring
        self._rooms: dict[tuple[tuple[str, ...], tuple[Tile, ...]], Room] = {}

    def __iter__(self) -> Iterator[Room]:
        return iter(list(self._rooms.values()))

    def __len__(self) -> int:
        return len(self._rooms)

    def enter(self, viewer: Viewer, patterns: tuple[str, ...], area: tuple[Tile, ...]) -> Room:
        """The room of these patterns and tiles, with the viewer in it."""
        room = self._rooms.get((patterns, area))
        if room is None:
            room = self._rooms[patterns, area] = Room(patterns, self._index, self._ring)
        room.viewers.add(viewer)
        return room

    def leave(self, viewer: Viewer, room: Room) -> None:
        """Take a viewer out of its room, which ends with the last one."""
        room.viewers.discard(viewer)
        if not room.viewers:
            self._rooms = {key: other for key, other in self._rooms.items() if other is not room}


class Payload:
    """What a room's viewers get at one step, joined once for each thing that viewers differ in."""

    def __init__(self, room: Room, frames: list[bytes], tail: bytes) -> None:
        self._room = room
        self._frames = frames
        self._tail = tail
        self._joined: dict[tuple[int, int], bytes] = {}

    def joined(self, told: int, subscription: int) -> bytes:
        """Everything in one piece for viewers who know `told` of the topics and call it by that subscription id."""
        key = (told, subscription)
        if key not in self._joined:
            self._joined[key] = joined(self._room.names(told), self._frames, subscription, self._tail)
        return self._joined[key]


def joined(names: bytes, frames: list[bytes], subscription: int, tail: bytes) -> bytes:
    """Names, frames and what closes them as one piece to write."""
    return b"".join((names, *(binary(wire.addressed(frame, subscription)) for frame in frames), tail))


def compiled(patterns: tuple[str, ...]) -> Callable[[str], re.Match[str] | None]:
    """Patterns as one regular expression's `fullmatch`: 16,384 topics in some ms, where `topics.matches` takes 100."""
    whole = "|".join(
        r"\.".join({"*": r"[^.]+", ">": r".+"}.get(token) or re.escape(token) for token in pattern.split("."))
        for pattern in patterns
    )
    return re.compile(whole).fullmatch


def _rows(steps: Sequence[Step]) -> int:
    return sum(step.rows for step in steps)

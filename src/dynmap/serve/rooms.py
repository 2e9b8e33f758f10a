"""Rooms: topics at a place. A room's frame is cut, bounded and encoded once a step, however many watch it.

Viewers who watch the same rooms are an audience: what its rooms say is joined once for all of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from dynmap import wire
from dynmap.serve import framing, messages
from dynmap.serve.access import Access
from dynmap.serve.area import Area, Place, Rest
from dynmap.serve.feed import FEW_STEPS, Feed, Span
from dynmap.serve.framing import text
from dynmap.serve.index import TopicIndex
from dynmap.serve.interest import Interest
from dynmap.serve.messages import Mark
from dynmap.serve.ring import Ring
from dynmap.serve.selection import Bound, Part
from dynmap.serve.steps import Step

if TYPE_CHECKING:
    from dynmap.serve.viewer import Viewer

_HEAD: Final = 8
"""Bytes of a binary frame up to and with the subscription id, in which viewers differ."""

_WORTH_DEFLATING: Final = 256


class Encoded:
    """A binary frame for any subscription, plain and, if somebody wants it, compressed."""

    __slots__ = ("_deflated", "_plain")

    def __init__(self, plain: bytes) -> None:
        self._plain = plain
        self._deflated: bytes | None = None

    def message(self, subscription: int, deflates: bool) -> bytes:
        """As a WebSocket message to a subscription."""
        addressed = wire.addressed(self._plain[:_HEAD], subscription)
        if not deflates or len(self._plain) < _WORTH_DEFLATING:
            return framing.binary(addressed + self._plain[_HEAD:])
        if self._deflated is None:
            self._deflated = framing.deflate(self._plain[_HEAD:])
        return framing.binary_deflated(addressed, self._deflated)


class Room:
    """An interest at a place, in so many rows. It is there as long as an audience has it."""

    def __init__(self, feed: Feed, place: Place, rows: int) -> None:
        self.key = (feed.interest.wanted, place, rows)
        self.feed = feed
        self.place = place
        self.audiences = 0
        self._rows = rows
        self._live: dict[int, list[Encoded]] = {}
        self._merged: dict[Span, list[Encoded]] = {}

    def live(self, step: Step) -> list[Encoded]:
        """The frames of a step as it happened."""
        made = self._live.get(step.number)
        if made is None:
            made = self._live[step.number] = self._encoded(self.feed.live(step))
            while len(self._live) > FEW_STEPS:
                del self._live[next(iter(self._live))]
        return made

    def merged(self, span: Span, parts: Sequence[Part]) -> list[Encoded]:
        """The frames of parts that were merged or are a picture."""
        made = self._merged.get(span)
        if made is None:
            made = self._merged[span] = self._encoded(parts)
        return made

    def forget(self) -> None:
        """A new step has come."""
        self._merged.clear()

    def _encoded(self, wholes: Sequence[Part]) -> list[Encoded]:
        interest = self.feed.interest
        bound = Bound(self._rows, interest.parents, interest.other)
        parts = bound.within(wholes, self.place)
        for part in parts:
            interest.list(np.unique(part.frame.topic))
        return [Encoded(encoded) for part in parts for encoded in part.encode(self.place)]


class Audience:
    """Those who watch the same rooms."""

    def __init__(self, feed: Feed, area: Area, rooms: Sequence[Room]) -> None:
        self.feed = feed
        self.interest: Interest = feed.interest
        self.area = area
        self.rooms = rooms
        self.viewers: dict[Viewer, None] = {}
        """In the order in which they came."""

    def live(self, step: Step) -> list[Encoded]:
        """The frames of a step as it happened."""
        return [frame for room in self.rooms for frame in room.live(step)] if step.rows else []

    async def between(self, first: int, last: int, *, merge: bool) -> list[Encoded]:
        """The frames past a step up to another: each as it was when few, else (or to `merge`) merged."""
        steps = None if merge else self.feed.few(first, last)
        if steps is not None:
            return [frame for step in steps for frame in self.live(step)]
        span = ("between", first, last)
        return await self._merged(span, await self.feed.caught_up(first, last), self.rooms)

    async def picture(self, seconds: float, number: int) -> list[Encoded]:
        """A picture of the last seconds up to a step: of what is drawn, so not of the rest of the world."""
        parts = await self.feed.picture(seconds, number)
        drawn = [room for room in self.rooms if not isinstance(room.place, Rest)]
        span = ("picture", number, int(seconds * 1000))
        return await self._merged(span, parts, drawn)

    async def _merged(self, span: Span, parts: list[Part], rooms: Sequence[Room]) -> list[Encoded]:
        frames: list[Encoded] = []
        for room in rooms:
            frames += room.merged(span, parts)
            if len(rooms) > 1:
                await asyncio.sleep(0)  # so many rooms at once would hold the others' step up
        return frames


class Rooms:
    """The rooms that are watched, and by whom; others do not exist, and cost nothing."""

    def __init__(self, index: TopicIndex, ring: Ring) -> None:
        self._index = index
        self._ring = ring
        self._feeds: dict[tuple[tuple[str, ...], tuple[str, ...]], Feed] = {}
        self._rooms: dict[object, Room] = {}
        self._audiences: dict[object, Audience] = {}

    def __len__(self) -> int:
        return len(self._rooms)

    @property
    def audiences(self) -> Iterator[Audience]:
        """Those who watch, by what they watch; may be changed meanwhile."""
        return iter(list(self._audiences.values()))

    def enter(self, viewer: Viewer, patterns: tuple[str, ...], access: Access, area: Area) -> Audience:
        """The audience of what was asked for, with the viewer in it."""
        key = (patterns, access.patterns, area)
        audience = self._audiences.get(key)
        if audience is None:
            audience = self._audiences[key] = self._made(patterns, access, area)
        audience.viewers[viewer] = None
        return audience

    def leave(self, viewer: Viewer, audience: Audience) -> None:
        """Take a viewer out of its audience, which ends with the last one, as its rooms do with the last audience."""
        audience.viewers.pop(viewer, None)
        if audience.viewers:
            return
        del self._audiences[*audience.interest.wanted, audience.area]
        for room in audience.rooms:
            room.audiences -= 1
            if not room.audiences:
                del self._rooms[room.key]
        audience.feed.audiences -= 1
        if not audience.feed.audiences:
            del self._feeds[audience.interest.wanted]

    def forget(self) -> None:
        """A new step has come: what was made for viewers who caught up with the one before is not asked for again."""
        for feed in self._feeds.values():
            feed.forget()
        for room in self._rooms.values():
            room.forget()

    def feed(self, patterns: tuple[str, ...], access: Access) -> Feed:
        """The feed of these patterns: a room's if there is one, else one that is kept by nobody."""
        return self._feeds.get((patterns, access.patterns)) or Feed(
            Interest(patterns, access, self._index), self._ring
        )

    def _made(self, patterns: tuple[str, ...], access: Access, area: Area) -> Audience:
        feed = self._feeds[patterns, access.patterns] = self.feed(patterns, access)
        feed.audiences += 1
        rooms = [self._room(feed, place, area.rows) for place in area.places]
        return Audience(feed, area, rooms)

    def _room(self, feed: Feed, place: Place, rows: int) -> Room:
        room = Room(feed, place, rows)
        room = self._rooms.setdefault(room.key, room)
        room.audiences += 1
        return room


class Payload:
    """What an audience gets at one step, joined once for each thing that its viewers differ in."""

    def __init__(self, audience: Audience, frames: list[Encoded], mark: Mark, tail: bytes) -> None:
        self._audience = audience
        self._frames = frames
        self._mark = mark
        self._tail = tail
        self._joined: dict[tuple[int, int, bool], bytes] = {}

    @property
    def listed(self) -> int:
        """How many topics its viewers have been told of with it."""
        return len(self._audience.interest.listed)

    def joined(self, told: int, subscription: int, deflates: bool) -> bytes:
        """Everything in one piece for viewers who know `told` of the topics and call it by that subscription id."""
        key = (told, subscription, deflates)
        made = self._joined.get(key)
        if made is None:
            names = self._audience.interest.names(told)
            made = self._joined[key] = joined(
                names, self._frames, subscription, deflates, self._mark, self._tail
            )
        return made


def joined(
    names: bytes, frames: list[Encoded], subscription: int, deflates: bool, mark: Mark, tail: bytes = b""
) -> bytes:
    """Names, frames and what closes them as one piece to write."""
    closing = text(messages.encode(Mark(mark.cursor, mark.tick, subscription)))
    return b"".join((names, *(frame.message(subscription, deflates) for frame in frames), closing, tail))

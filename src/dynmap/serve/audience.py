"""Those who watch the same rooms: what these say at a step is joined once, and written to each in one piece."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from dynmap.serve import messages
from dynmap.serve.area import Area, Rest
from dynmap.serve.feed import Feed, Span
from dynmap.serve.framing import text
from dynmap.serve.interest import Interest
from dynmap.serve.messages import Mark
from dynmap.serve.room import Encoded, Room
from dynmap.serve.selection import Part
from dynmap.serve.steps import Step

if TYPE_CHECKING:
    from dynmap.serve.viewer import Viewer

Address = tuple[int, int, bool]
"""What viewers of an audience differ in: how many topics they were told of, their subscription, whether it deflates."""

_MOST_ADDRESSES: Final = 1024


class Audience:
    """Those who watch the same rooms."""

    def __init__(self, feed: Feed, area: Area, rooms: Sequence[Room]) -> None:
        self.feed = feed
        self.interest: Interest = feed.interest
        self.area = area
        self.rooms = rooms
        self.viewers: dict[Viewer, None] = {}
        """In the order in which they came, as they lie in memory: going through them so is quicker than by a set."""
        self._addresses: dict[Address, Address] = {}

    def send(self, step: Step, mark: Mark, tail: bytes, now: float) -> None:
        """A step has closed: its frames and the mark to those whose turn it is, nothing when it holds nothing.

        `tail` goes out in any case, with a mark; `now` is in monotonic seconds. What is done here for each viewer whose
        line is well is all that it costs beside the write itself, thousands of times a tick.
        """
        frames = self.live(step)
        payload = Payload(self.interest, frames, mark, tail) if frames or tail else None
        number, previous = step.number, step.number - 1
        for viewer in self.viewers:
            if viewer.steady < number or viewer.cursor != previous:
                viewer.offer(number, payload, now)
                continue
            viewer.cursor = number
            if payload is not None and not viewer.transport.is_closing():
                address = viewer.address
                viewer.transport.write(payload.joined.get(address) or payload.join(address))
                if address[0] != payload.listed:
                    viewer.told(payload.listed)

    def address(self, told: int, subscription: int, deflates: bool) -> Address:
        """The one tuple of this value that all viewers share: so it is at hand for the processor at each of them."""
        address = (told, subscription, deflates)
        if len(self._addresses) > _MOST_ADDRESSES:
            self._addresses.clear()
        return self._addresses.setdefault(address, address)

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


class Payload:
    """What an audience gets at one step, joined once for each thing that its viewers differ in."""

    def __init__(self, interest: Interest, frames: list[Encoded], mark: Mark, tail: bytes) -> None:
        self.joined: dict[Address, bytes] = {}
        self.listed = len(interest.listed)
        """How many topics its viewers have been told of with it."""
        self._interest = interest
        self._frames = frames
        self._mark = mark
        self._tail = tail

    def join(self, address: Address) -> bytes:
        """Everything in one piece."""
        names = self._interest.names(address[0])
        made = self.joined[address] = joined(names, self._frames, address, self._mark, self._tail)
        return made


def joined(names: bytes, frames: Sequence[Encoded], address: Address, mark: Mark, tail: bytes = b"") -> bytes:
    """Names, frames and what closes them as one piece to write."""
    _, subscription, deflates = address
    closing = text(messages.encode(Mark(mark.cursor, mark.tick, subscription)))
    return b"".join((names, *(frame.message(subscription, deflates) for frame in frames), closing, tail))

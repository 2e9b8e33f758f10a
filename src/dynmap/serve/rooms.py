"""The rooms that are watched, and by whom."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from dynmap.serve.access import Access
from dynmap.serve.area import Area, Place
from dynmap.serve.audience import Audience
from dynmap.serve.feed import Feed
from dynmap.serve.index import TopicIndex
from dynmap.serve.interest import Interest, Wanted
from dynmap.serve.ring import Ring
from dynmap.serve.room import Room

if TYPE_CHECKING:
    from dynmap.serve.viewer import Viewer


class Rooms:
    """Those that are watched; others do not exist, and cost nothing."""

    def __init__(self, index: TopicIndex, ring: Ring) -> None:
        self._index = index
        self._ring = ring
        self._feeds: dict[Wanted, Feed] = {}
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

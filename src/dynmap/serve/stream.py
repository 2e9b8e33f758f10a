"""Streams of points: an interest's steps as JSON for other people's programs, made once however many listen."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Final, Protocol

from dynmap.frame import TICK_MS
from dynmap.serve import points
from dynmap.serve.access import Access
from dynmap.serve.feed import FEW_STEPS, Feed
from dynmap.serve.index import TopicIndex
from dynmap.serve.interest import Wanted
from dynmap.serve.points import Points
from dynmap.serve.ring import Ring
from dynmap.serve.rooms import Rooms
from dynmap.serve.selection import Part
from dynmap.serve.steps import Step

_BEAT: Final = 1000 // TICK_MS

_HEAVY_ROWS: Final = 50_000
"""Rows whose merging would hold the server up: that is done in a thread."""


class Subscriber(Protocol):
    """Somebody who gets points."""

    def offer(self, news: Points) -> None:
        """A step in which something happened has closed. Must not block."""

    def beat(self, number: int, now: float) -> None:
        """Once a second, after a step, at a moment (monotonic seconds). Must not block."""


class Stream:
    """The points of an interest, and who listens to them."""

    def __init__(self, feed: Feed, ring: Ring, index: TopicIndex) -> None:
        self.wanted: Wanted = feed.interest.wanted
        self.subscribers: set[Subscriber] = set()
        self._feed = feed
        self._ring = ring
        self._names = index.names
        self._live: dict[int, Points | None] = {}
        self._merging: dict[tuple[int, int], asyncio.Task[list[Points]]] = {}

    def live(self, step: Step) -> Points | None:
        """A step as it happened, or None when nothing did."""
        if step.number not in self._live:
            parts = self._feed.live(step)
            encode = self._encoder(step.number)
            self._live[step.number] = self._of(step.number, encode(parts)) if parts else None
            while len(self._live) > FEW_STEPS:
                del self._live[next(iter(self._live))]
        return self._live[step.number]

    async def between(self, first: int, last: int, *, merge: bool) -> list[Points]:
        """What happened past a step up to another: each as it was when they are few, else (or to `merge`) merged."""
        steps = None if merge else self._feed.few(first, last)
        if steps is not None:
            return [news for step in steps if (news := self.live(step)) is not None]
        span = (first, last)
        if span not in self._merging:
            self._merging[span] = asyncio.create_task(self._merged(first, last))
        return await asyncio.shield(self._merging[span])

    def forget(self) -> None:
        """A new step has come: what was merged up to the one before is not asked for again."""
        self._feed.forget()
        self._merging.clear()

    async def _merged(self, first: int, last: int) -> list[Points]:
        parts = await self._feed.caught_up(first, last)
        if not parts:
            return []
        encode = self._encoder(last)
        if sum(len(part.frame) for part in parts) < _HEAVY_ROWS:
            return [self._of(last, encode(parts))]
        return [self._of(last, await asyncio.to_thread(encode, parts))]

    def _encoder(self, number: int) -> Callable[[Sequence[Part]], bytes]:
        """What encodes the parts of a step, or of several up to it; may be used in a thread."""
        interest, names, tick = self._feed.interest, self._names, self._ring.tick_of(number)
        parents, other = interest.parents, interest.other

        def encode(parts: Sequence[Part]) -> bytes:
            return points.encode(points.bounded(parts, parents, other), tick, names)

        return encode

    def _of(self, number: int, encoded: bytes) -> Points:
        return Points(number, self._ring.cursor(number), encoded)


class Streams:
    """The streams that somebody listens to; others do not exist. A subscriber has one at a time."""

    def __init__(self, rooms: Rooms, ring: Ring, index: TopicIndex) -> None:
        self._rooms = rooms
        self._ring = ring
        self._index = index
        self.dropped = 0
        """Steps that those who get each at most once did without, since they were too slow for them."""
        self._streams: dict[Wanted, Stream] = {}
        self._heard: dict[Subscriber, Stream] = {}

    def __len__(self) -> int:
        """How many listen."""
        return len(self._heard)

    def subscribe(self, subscriber: Subscriber, patterns: tuple[str, ...], access: Access) -> Stream:
        """From the next step on, a subscriber gets what is within these patterns, and nothing else."""
        self.leave(subscriber)
        stream = self._streams.get((patterns, access.patterns))
        if stream is None:
            stream = Stream(self._rooms.feed(patterns, access), self._ring, self._index)
            self._streams[stream.wanted] = stream
        stream.subscribers.add(subscriber)
        self._heard[subscriber] = stream
        return stream

    def leave(self, subscriber: Subscriber) -> None:
        """Take somebody out of the stream that it listens to, if it does; a stream ends with the last one."""
        stream = self._heard.pop(subscriber, None)
        if stream is not None:
            stream.subscribers.discard(subscriber)
            if not stream.subscribers:
                del self._streams[stream.wanted]

    def follow(self, step: Step) -> None:
        """A step has closed: tell those who listen of it."""
        now = time.monotonic()
        for stream in list(self._streams.values()):
            stream.forget()
            news = stream.live(step) if step.rows else None
            if news is not None:
                for subscriber in tuple(stream.subscribers):
                    subscriber.offer(news)
        if step.number % _BEAT == 0:
            for subscriber in tuple(self._heard):
                subscriber.beat(step.number, now)

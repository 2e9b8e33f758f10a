"""Somebody who is connected by Socket.IO: what it wants, and how it gets that."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Final, Protocol

import msgspec
from engineio import packet
from websockets.frames import CloseCode

from dynmap.errors import SubscriptionError
from dynmap.serve.access import Access
from dynmap.serve.connection import LiveProtocol
from dynmap.serve.line import STALLED_SECONDS, Line
from dynmap.serve.live import Live
from dynmap.serve.messages import MAX_PATTERNS, Subscribe
from dynmap.serve.points import Points
from dynmap.serve.viewer import EXPIRED

MAX_QUEUED: Final = 8
"""Packets that may wait for a client until its next poll; it does without those that come on top."""


class Session(Protocol):
    """What is used of python-engineio's `AsyncSocket`: a client's session, over one transport and then maybe another.

    session   of its application: "connection" is its WebSocket, if it has one, and "client" the `SocketClient`
    queue     packets on their way to whatever transport it has
    upgraded  whether that is the WebSocket
    """

    sid: str
    session: dict[str, Any]
    queue: asyncio.Queue[packet.Packet | None]
    upgraded: bool
    closing: bool
    closed: bool

    async def close(self, wait: bool = True, abort: bool = False, reason: str | None = None) -> None:
        """End it, telling the client unless `abort`."""


class SocketClient:
    """A client. What it wants is one set of patterns, so that no event comes twice, however they overlap.

    It gets each step in one write, at most once: while its line takes no more, steps are dropped.
    """

    def __init__(self, live: Live, session: Session, access: Access) -> None:
        self.session = session
        self.access = access
        self.patterns: frozenset[str] = frozenset()
        self._line = Line()
        self._live = live
        self._writes = False

    @property
    def connection(self) -> LiveProtocol | None:
        """Its WebSocket, if it has one."""
        return self.session.session.get("connection")

    def subscribe(self, given: object) -> None:
        """It wants these patterns too. Raises SubscriptionError, and then nothing has changed."""
        wanted = _patterns_of(given)
        self.access.check(wanted)
        self._want(self.patterns | wanted)

    def unsubscribe(self, given: object = None) -> None:
        """It wants these patterns no more, or none at all. Raises SubscriptionError."""
        self._want(self.patterns - _patterns_of(given) if given is not None else frozenset())

    def leave(self) -> None:
        """It is gone."""
        self._live.streams.leave(self)

    def offer(self, news: Points) -> None:
        """A step in which something happened has closed."""
        session = self.session
        if session.closing or session.closed:
            return
        if (connection := self._writable()) is not None:
            if not connection.is_clogged:
                connection.push(news.message(connection.deflates))
                return
        elif session.queue.qsize() < MAX_QUEUED:
            session.queue.put_nowait(_packet_of(news))
            return
        self._live.streams.dropped += 1

    def beat(self, number: int, now: float) -> None:
        """Once a second: nothing, since `trouble` is asked for whether it is subscribed or not."""

    def trouble(self, now: float) -> tuple[int, str] | None:
        """Why it has to go, as a close code and a reason, at a moment (monotonic seconds); None while it may stay."""
        if self.access.is_over:
            return EXPIRED, "the token has expired"
        connection = self.connection
        clogged = connection is not None and connection.is_clogged
        if self._line.is_full(clogged, 0, now) and self._line.is_stalled(now):
            return CloseCode.TRY_AGAIN_LATER, f"took nothing for {STALLED_SECONDS:.0f} seconds"
        return None

    def _writable(self) -> LiveProtocol | None:
        """Its WebSocket, once all that went by way of the queue is out; from then on, nothing does but answers."""
        connection = self.connection
        if not self._writes and connection is not None and self.session.upgraded:
            self._writes = self.session.queue.empty() and not connection.is_clogged
        return connection if self._writes else None

    def _want(self, patterns: frozenset[str]) -> None:
        if len(patterns) > MAX_PATTERNS:
            raise SubscriptionError("bad_topics", f"{len(patterns)} patterns, but at most {MAX_PATTERNS}")
        if patterns:
            self._live.streams.subscribe(self, _normal(patterns), self.access)
        else:
            self._live.streams.leave(self)
        self.patterns = patterns


def _patterns_of(given: object) -> frozenset[str]:
    """A pattern, a list of them, or an object with these as `topics`. Raises SubscriptionError."""
    topics = given["topics"] if isinstance(given, dict) and "topics" in given else given
    try:
        listed = msgspec.convert([topics] if isinstance(topics, str) else topics, list[str])
    except msgspec.ValidationError as error:
        what = "topics are a pattern, or a list of patterns"
        raise SubscriptionError("bad_topics", what) from error
    _normal(listed)
    return frozenset(listed)


def _normal(patterns: Iterable[str]) -> tuple[str, ...]:
    """What makes sets of patterns the same. Raises SubscriptionError when one is no pattern."""
    return Subscribe(topics=list(patterns)).patterns()


@lru_cache(maxsize=1)
def _packet_of(news: Points) -> packet.Packet:
    """The packet for a queue; one for all who get the same, since it keeps what it has been encoded as."""
    return packet.Packet(packet.MESSAGE, data=news.packet)

"""The heart of the serving process: batches in, a step a tick, each viewer's part of it out."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Final

import numpy as np
from websockets.frames import CloseCode

from dynmap.frame import TICK_MS
from dynmap.relay import message
from dynmap.relay.message import BatchMessage, Status
from dynmap.relay.positions import PositionTable, position_of
from dynmap.serve import messages
from dynmap.serve.access import WHOLE, Access
from dynmap.serve.connection import HttpProtocol, LiveProtocol
from dynmap.serve.framing import text
from dynmap.serve.index import TopicIndex
from dynmap.serve.journal import Begun, Closed, Journal, Took
from dynmap.serve.messages import Hello, Ingest, Mark, Stats
from dynmap.serve.report import Report
from dynmap.serve.ring import Ring
from dynmap.serve.rooms import Rooms
from dynmap.serve.steps import Collector, Step
from dynmap.serve.stream import Streams
from dynmap.serve.totals import Totals
from dynmap.serve.viewer import Viewer

logger = logging.getLogger(__name__)

_GRACE_MS: Final = 15
"""How long after a tick its step closes: batches that end with the tick are in by then."""

_BEAT: Final = 1000 // TICK_MS
"""A mark and the stats go out every so many steps, whether anything happened or not."""

Follower = Callable[[Step], None]
"""Is told of each step after it has gone out to viewers: other ways out than the WebSocket. Must not block."""

Connection = LiveProtocol | HttpProtocol

Ending = Callable[[], Sequence[Connection]]
"""Ends what another way out serves; the connections that are soon gone for it."""


def now_ms() -> int:
    """The wall clock, ms since 1970."""
    return time.time_ns() // 1_000_000


class Live:
    """Everything that viewers see, and the viewers."""

    def __init__(self, ring_seconds: int, journal: Journal | None = None) -> None:
        self.started = now_ms()
        self.positions = PositionTable()
        """Of the batches that were taken in; kept by who hands them on."""
        self.index = TopicIndex()
        self.totals = Totals()
        self.ring = Ring(ring_seconds)
        self.rooms = Rooms(self.index, self.ring)
        self.report = Report(self.started, self.index, self.totals)
        self.viewers: dict[Viewer, None] = {}
        """In the order in which they came."""
        self.streams = Streams(self.rooms, self.ring, self.index)
        self.followers: set[Follower] = {self.streams.follow}
        self.endings: set[Ending] = set()
        self._collector = Collector(self.index)
        self._journal = journal
        self._tending: set[asyncio.Task[None]] = set()

    def take(self, batch: BatchMessage) -> None:
        """Take a batch in for the coming step. Raises MessageError when it does not hang together."""
        now = now_ms()
        self._collector.take(batch, now)
        if self._journal is not None:
            self._journal.write(Took(now, message.encode(batch)))

    def hear(self, status: Status) -> None:
        """Note how ingest does."""
        self.report.hear(status)

    def ingest_is_gone(self, drained: bool) -> None:
        """Note that the ingest process is gone, `drained` if it said so before."""
        self.report.ingest_is_gone(drained)

    @property
    def status(self) -> Status | None:
        """What ingest said last."""
        return self.report.status

    @property
    def ingest(self) -> Ingest:
        """How the ingest process does."""
        return self.report.ingest

    def stats(self, access: Access = WHOLE) -> Stats:
        """The state of things as of the last step, as much of it as an access may know."""
        return self.report.stats(access, self.watching)

    def enter(self, connection: LiveProtocol, access: Access = WHOLE) -> Viewer:
        """A viewer for a connection that was just accepted, greeted."""
        viewer = Viewer(self, connection, access)
        connection.listener = viewer
        self.viewers[viewer] = None
        hello = messages.encode(Hello(now_ms(), self.ring.epoch, self.started))
        connection.push(text(hello) + self._stats(access))
        return viewer

    def leave(self, viewer: Viewer) -> None:
        """Forget a viewer."""
        viewer.leave()
        del self.viewers[viewer]

    def tend(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Work for a viewer, in a task of its own that is waited for at the end."""
        task = asyncio.create_task(work)
        self._tending.add(task)
        task.add_done_callback(self._tended)
        return task

    def _tended(self, task: asyncio.Task[None]) -> None:
        self._tending.discard(task)
        if not task.cancelled() and task.exception() is not None:
            logger.error("something went wrong for a viewer", exc_info=task.exception())

    async def tick(self) -> None:
        """Close a step at every tick of the wall clock, for ever."""
        while True:
            now = time.time() * 1000
            end = (int(now - _GRACE_MS) // TICK_MS + 1) * TICK_MS
            await asyncio.sleep((end + _GRACE_MS - now) / 1000)
            self.step(end - TICK_MS)

    def step(self, tick: int) -> Step:
        """Close the step of a tick and send it out."""
        step = self._close(tick)
        if self._journal is not None:
            self._note(self._journal, step)
        self.report.forget()
        self.rooms.forget()
        self._send(step)
        for follower in tuple(self.followers):
            follower(step)
        return step

    @property
    def watching(self) -> int:
        """How many watch, in whatever way."""
        return len(self.viewers) + len(self.streams)

    def restore(self, tick: int) -> None:
        """Learn from the journal what a process before this one knew, so that its viewers' cursors mean something.

        What it had taken in, but not sent, goes into a step that closes `tick` (ms since 1970).
        """
        if self._journal is None:
            return
        for record in self._journal.records():
            match record:
                case Begun():
                    self._restore(record)
                case Took(now, data):
                    batch = message.decode(data)
                    assert isinstance(batch, BatchMessage)
                    self._collector.take(batch, now)
                    self.positions.store(position_of(batch))
                case Closed(number, then):
                    self._collector.go_on_from(number - 1)
                    self._close(then)
        self._close(tick)
        self._journal.begin(self._known())

    def _restore(self, known: Begun) -> None:
        self.started = known.started
        self.report.started = known.started
        self.index.restore(known.names, known.folded)
        sums = (known.reasons, known.received_by_source, known.rejected_by_source)
        self.totals.restore(known.located, known.unlocated, known.rejected, sums)
        self.ring.restore(known.epoch, known.number, known.tick)
        self._collector.go_on_from(known.number)
        self.positions.update(known.positions)

    def _close(self, tick: int) -> Step:
        step = self._collector.close(tick)
        self.totals.add(step, now_ms())
        self.ring.append(step)
        return step

    def _note(self, journal: Journal, step: Step) -> None:
        """Before anybody is told of it."""
        if journal.is_due:
            journal.begin(self._known())
        else:
            journal.write(Closed(step.number, step.tick))

    def _known(self) -> Begun:
        totals = self.totals
        located, unlocated = (
            {int(number): int(sums[number]) for number in np.flatnonzero(sums)}
            for sums in (totals.located, totals.unlocated)
        )
        return Begun(
            epoch=self.ring.epoch,
            started=self.started,
            number=self.ring.last,
            tick=self.ring.tick,
            names=self.index.names,
            folded=self.index.folded,
            located=located,
            unlocated=unlocated,
            rejected=totals.rejected,
            reasons=totals.reasons,
            received_by_source=totals.received_by_source,
            rejected_by_source=totals.rejected_by_source,
            positions=list(self.positions),
        )

    async def end(self) -> list[Connection]:
        """The last step, mark and stats for each viewer, then the end of its connection; the connections."""
        self.step(now_ms() // TICK_MS * TICK_MS)
        for viewer in self.viewers:
            if viewer.audience and not viewer.busy:
                viewer.catch_up_soon()
        await asyncio.gather(*self._tending, return_exceptions=True)
        connections: list[Connection] = [viewer.connection for viewer in self.viewers]
        for viewer in self.viewers:
            viewer.connection.push(self._stats(viewer.access))
            viewer.connection.end(CloseCode.GOING_AWAY, "the server stops")
        for ending in self.endings:
            connections += ending()
        return connections

    def _send(self, step: Step) -> None:
        now = time.monotonic()
        beat = step.number % _BEAT == 0
        mark = Mark(self.ring.cursor(step.number), step.tick)
        for audience in self.rooms.audiences:
            audience.send(step, mark, self._stats(audience.interest.access) if beat else b"", now)
        if beat:
            for viewer in self.viewers:
                viewer.beat(self._stats(viewer.access), now)

    def _stats(self, access: Access) -> bytes:
        return text(self.report.encoded(access, self.watching))

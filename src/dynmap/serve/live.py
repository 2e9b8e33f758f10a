"""The heart of the serving process: batches in, a step a tick, each viewer's part of it out."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Final, cast

from websockets.frames import CloseCode

from dynmap.frame import TICK_MS
from dynmap.relay.message import BatchMessage, Status
from dynmap.serve import messages
from dynmap.serve.connection import LiveProtocol
from dynmap.serve.framing import text
from dynmap.serve.index import TopicIndex
from dynmap.serve.messages import EventCounts, Hello, Ingest, IngestState, Mark, Source, Stats
from dynmap.serve.ring import Ring
from dynmap.serve.rooms import Payload, Room, Rooms
from dynmap.serve.steps import Collector, Step
from dynmap.serve.totals import Totals
from dynmap.serve.viewer import Viewer

_GRACE_MS: Final = 15
"""How long after a tick its step closes: batches that end with the tick are in by then."""

_BEAT: Final = 1000 // TICK_MS
"""A mark and the stats go out every so many steps, whether anything happened or not."""

logger = logging.getLogger(__name__)


def now_ms() -> int:
    """The wall clock, ms since 1970."""
    return time.time_ns() // 1_000_000


class Live:
    """Everything that viewers see, and the viewers."""

    def __init__(self, ring_seconds: int) -> None:
        self.started = now_ms()
        self.index = TopicIndex()
        self.totals = Totals()
        self.ring = Ring(ring_seconds)
        self.rooms = Rooms(self.index, self.ring)
        self.viewers: set[Viewer] = set()
        self.status: Status | None = None
        self._drained = False
        self._gone = False
        self._collector = Collector(self.index)
        self._catching_up: set[asyncio.Task[None]] = set()

    def take(self, batch: BatchMessage) -> None:
        """Take a batch in for the coming step. Raises MessageError when it does not hang together."""
        self._collector.take(batch, now_ms())

    def hear(self, status: Status) -> None:
        """Note how ingest does."""
        self.status, self._gone, self._drained = status, False, False

    def ingest_is_gone(self, drained: bool) -> None:
        """Note that the ingest process is gone, `drained` if it said so before."""
        self._gone, self._drained = True, drained

    @property
    def ingest(self) -> Ingest:
        """How the ingest process does."""
        if self._gone:
            return Ingest("down", "stopped" if self._drained else "stopped unexpectedly; it is started again")
        if self.status is None:
            return Ingest("starting")
        return Ingest(cast(IngestState, self.status.state), self.status.detail, self.status.progress)

    def enter(self, connection: LiveProtocol) -> Viewer:
        """A viewer for a connection that was just accepted, greeted."""
        viewer = Viewer(self, connection)
        self.viewers.add(viewer)
        connection.say(messages.encode(Hello(now_ms(), self.ring.epoch, self.started)))
        connection.say(messages.encode(self.stats()))
        return viewer

    def leave(self, viewer: Viewer) -> None:
        """Forget a viewer."""
        viewer.leave()
        self.viewers.discard(viewer)

    async def tick(self) -> None:
        """Close a step at every tick of the wall clock, for ever."""
        while True:
            now = time.time() * 1000
            end = (int(now - _GRACE_MS) // TICK_MS + 1) * TICK_MS
            await asyncio.sleep((end + _GRACE_MS - now) / 1000)
            self.step(end - TICK_MS)

    def step(self, tick: int) -> Step:
        """Close the step of a tick and send it out."""
        step = self._collector.close(tick)
        self.totals.add(step, now_ms())
        self.ring.append(step)
        beat = step.number % _BEAT == 0
        self._send(step, text(messages.encode(self.stats())) if beat else b"")
        return step

    async def end(self) -> list[LiveProtocol]:
        """The last step, mark and stats for each viewer, then the end of its connection; the connections."""
        self.step(now_ms() // TICK_MS * TICK_MS)
        behind = [viewer.catch_up_soon() for viewer in self.viewers if viewer.room and not viewer.busy]
        await asyncio.gather(*behind, *self._catching_up, return_exceptions=True)
        stats = messages.encode(self.stats())
        connections = [viewer.connection for viewer in self.viewers]
        for connection in connections:
            connection.say(stats)
            connection.end(CloseCode.GOING_AWAY, "the server stops")
        return connections

    def _send(self, step: Step, stats: bytes) -> None:
        now = time.monotonic()
        mark = text(messages.encode(Mark(self.ring.cursor(step.number), step.tick)))
        for room in self.rooms:
            frames = room.step(step)
            payload = Payload(room, frames, mark + stats) if frames or stats else None
            self._send_room(room, step, payload, now)
        if stats:
            for viewer in self.viewers:
                if viewer.room is None and not viewer.is_behind(now):
                    viewer.connection.push(stats)

    def _send_room(self, room: Room, step: Step, payload: Payload | None, now: float) -> None:
        for viewer in room.viewers:
            if viewer.busy or viewer.is_behind(now):
                continue
            if viewer.cursor < step.number - 1:
                task = viewer.catch_up_soon()
                self._catching_up.add(task)
                task.add_done_callback(self._catching_up.discard)
                continue
            viewer.cursor = step.number
            if payload is not None:
                viewer.connection.push(payload.joined(viewer.told, viewer.subscription))
                viewer.told = len(room.listed)

    def stats(self) -> Stats:
        """The state of things as of the last step."""
        totals, status = self.totals, self.status
        counts = EventCounts(totals.received, totals.all_located, totals.all_unlocated, totals.rejected)
        return Stats(
            events=counts,
            rate=totals.rate,
            viewers=len(self.viewers),
            started=self.started,
            ingest=self.ingest,
            sources=self._sources(),
            notices=[*(status.notices if status else []), *self._notices()],
        )

    def _notices(self) -> list[str]:
        if not self.index.folded:
            return []
        most = len(self.index.parents)
        return [f"over {most:,} topics since the start: new ones are counted as <first token>.other"]

    def _sources(self) -> list[Source]:
        received, rejected = self.totals.received_by_source, self.totals.rejected_by_source
        known = [
            Source(
                name=source.name,
                kind=source.kind,
                format=source.format,
                state=source.state,
                detail=source.detail,
                received=received[source.name],
                rejected=rejected[source.name],
                producers=source.producers,
                lag_bytes=source.lag_bytes,
            )
            for source in (self.status.sources if self.status else [])
        ]
        names = {source.name for source in known}
        return known + [
            Source(name, "", "", "open", "", received[name], rejected[name])
            for name in received
            if name not in names
        ]

"""Batches: what a producer hands in between two marks becomes one message on the relay.

Marks are the wall-clock multiples of 50 ms, so no batch straddles a tick of 250 ms, and one timer serves all sources.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Final, Protocol

from dynmap.ingest.base import Span
from dynmap.ingest.lines import U8
from dynmap.pipeline.pipeline import Decoder, LineError, Pipeline, Taken
from dynmap.pipeline.rollup import Rollup
from dynmap.relay.message import BatchMessage

MARK_MS: Final = 50
"""Milliseconds between marks: how long a batch may stay open."""

_GRACE_SECONDS: Final = 0.001
"""How long after a mark sources may read what had been left to gather."""

_GROUP_SECONDS: Final = 0.01
"""How long an acknowledged intake waits for others to share its batch."""

Clock = Callable[[], int]


def wall_clock() -> int:
    """Milliseconds since 1970."""
    return time.time_ns() // 1_000_000


class Outlet(Protocol):
    """What batching needs of a relay's link."""

    def publish(self, batch: BatchMessage) -> None:
        """Send a batch."""

    async def room(self) -> None:
        """Wait while too much is unacknowledged."""

    async def stored(self, producer: str, generation: int, last: int) -> None:
        """Wait until a producer's sequence is acknowledged up to `last`."""


class Batcher:
    """Closes the open batches of all producers at each mark."""

    def __init__(self, outlet: Outlet, clock: Clock = wall_clock) -> None:
        self.outlet = outlet
        self.clock = clock
        self.crowded = False
        self._roomy = asyncio.Event()
        self._roomy.set()
        self._intakes: list[BatchIntake] = []
        self._waiting: list[asyncio.Future[None]] = []

    def intake(self, source: str, producer: str, pipeline: Pipeline) -> BatchIntake:
        """A new producer's intake; `pipeline` is used by nobody else."""
        intake = BatchIntake(self, source, producer, pipeline)
        self._intakes.append(intake)
        return intake

    async def run(self) -> None:
        """Close batches until cancelled."""
        watching = asyncio.create_task(self._watch_room())
        try:
            while True:
                await asyncio.sleep((MARK_MS - time.time() * 1000 % MARK_MS) / 1000)
                await self.close()
        finally:
            watching.cancel()

    async def close(self) -> None:
        """Let the sources hand in what they gathered, then send everything."""
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            if not future.done():
                future.set_result(None)
        await asyncio.sleep(_GRACE_SECONDS)
        for intake in self._intakes:
            intake.close()

    async def mark(self) -> None:
        """Wait for the next mark."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        await future

    async def room(self) -> None:
        """Wait as long as the relay holds the sources back."""
        await self._roomy.wait()

    async def _watch_room(self) -> None:
        while True:
            waiting = asyncio.ensure_future(self.outlet.room())
            try:
                await asyncio.wait([waiting], timeout=_GRACE_SECONDS)
                if not waiting.done():
                    self.crowded = True
                    self._roomy.clear()
                    await waiting
            finally:
                waiting.cancel()
            self.crowded = False
            self._roomy.set()
            await self.mark()


class BatchIntake:
    """One producer's way into its pipeline; see `dynmap.ingest.base.Intake`."""

    def __init__(self, batcher: Batcher, source: str, producer: str, pipeline: Pipeline) -> None:
        self.seen = Seen()
        self._batcher = batcher
        self._source = source
        self._producer = producer
        self._pipeline = pipeline
        self._span: Span | None = None
        self._arrival: int | None = None
        self._hurrying = False

    def decoder(self, format: str | None = None) -> Decoder:
        """A new decoder of the pipeline."""
        return self._pipeline.decoder(format)

    def open(self) -> None:
        """Open a batch if none is open, or the open one should have been closed: its arrival is now."""
        now = self._batcher.clock()
        if (
            self._arrival is not None
            and now // MARK_MS != self._arrival // MARK_MS
            and self._span is not None
        ):
            self.close()
        if self._arrival is None:
            self._arrival = now

    def take_in(
        self, lines: U8, span: Span, decoder: Decoder, errors: list[LineError] | None = None
    ) -> Taken:
        """Hand lines to the pipeline, in the open batch."""
        taken = self._pipeline.take_in(lines, self._extended(span), decoder, errors)
        self._close_if_full()
        return taken

    def reject(self, reason: str, sample: bytes, span: Span) -> None:
        """Count a line as rejected, in the open batch."""
        self._pipeline.reject(reason, sample, self._extended(span))
        self._close_if_full()

    def skip(self, span: Span) -> None:
        """Note that the producer is past this."""
        if span.first < span.last:
            self._extended(span)

    def close(self) -> None:
        """Send what was handed in."""
        span, arrival = self._span, self._arrival
        self._span = self._arrival = None
        if span is None or arrival is None:
            return
        rollup = self._pipeline.flush() or _NOTHING
        self.seen.note(rollup)
        self._batcher.outlet.publish(message_of(self._source, self._producer, span, arrival, rollup))

    async def mark(self) -> None:
        """Wait for the next mark."""
        await self._batcher.mark()

    @property
    def crowded(self) -> bool:
        """Whether the relay holds the sources back just now."""
        return self._batcher.crowded

    async def room(self) -> None:
        """Wait as long as the relay holds the sources back."""
        await self._batcher.room()

    async def stored(self, span: Span) -> None:
        """Close the batch within 10 ms, shared with whoever else waits, and wait until it is stored."""
        if not self._hurrying:
            self._hurrying = True
            asyncio.get_running_loop().call_later(_GROUP_SECONDS, self._hurry)
        await self._batcher.outlet.stored(self._producer, span.generation, span.last)

    def _hurry(self) -> None:
        self._hurrying = False
        self.close()

    def _extended(self, span: Span) -> int:
        """The arrival stamp of the batch, open or opened, that has the span at its end."""
        before = self._span
        if before is not None and (before.generation, before.last) != (span.generation, span.first):
            self.close()
        self.open()
        before = self._span
        self._span = span if before is None else span._replace(first=before.first)
        assert self._arrival is not None
        return self._arrival

    def _close_if_full(self) -> None:
        if self._pipeline.full:
            self.close()


class Seen:
    """What a producer's events look like as a whole: enough to tell the operator of a proxy in between."""

    def __init__(self) -> None:
        self.located = 0
        self.unlocated = 0
        self.places = 0
        """1 while all located events were in one place, 2 from the second on."""
        self._place: tuple[int, int] | None = None

    def note(self, rollup: Rollup) -> None:
        """Add what a batch holds."""
        self.located += rollup.located
        self.unlocated += sum(rollup.unlocated.values())
        if self.places > 1 or not len(rollup.x):
            return
        place = int(rollup.x[0]), int(rollup.y[0])
        alone = bool((rollup.x == rollup.x[0]).all() and (rollup.y == rollup.y[0]).all())
        self.places = 1 if alone and self._place in (None, place) else 2
        self._place = place


def message_of(source: str, producer: str, span: Span, arrival: int, rollup: Rollup) -> BatchMessage:
    """A batch, rolled up, as the message that goes over the relay."""
    return BatchMessage(
        source=source,
        producer=producer,
        generation=span.generation,
        first=span.first,
        last=span.last,
        arrival=arrival,
        topics=rollup.topics,
        ticks=rollup.ticks,
        **BatchMessage.columns(rollup.tick, rollup.topic, rollup.x, rollup.y, rollup.count),
        located=rollup.located,
        unlocated=rollup.unlocated,
        rejected=rollup.rejected,
        reasons=rollup.reasons,
        examples=rollup.examples,
        checkpoint=span.checkpoint,
    )


def _nothing() -> Rollup:
    import numpy as np

    narrow, wide = np.empty(0, np.uint16), np.empty(0, np.uint32)
    return Rollup([], [], narrow, narrow, wide, wide, wide, 0)


_NOTHING: Final = _nothing()

"""Batches through a real pipeline: one message a producer and mark, with its identity and its arrival."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest

from dynmap.config import SourceSettings
from dynmap.geo.table import LocationTable, open_table
from dynmap.ingest.base import Sequence, Span
from dynmap.ingest.batching import MARK_MS, Batcher, BatchIntake, Seen
from dynmap.ingest.lines import U8
from dynmap.ingest.notices import about
from dynmap.pipeline.pipeline import LiveTopics, Pipeline
from dynmap.relay.message import BatchMessage


class Outlet:
    """A relay's link that keeps what is published."""

    def __init__(self) -> None:
        self.batches: list[BatchMessage] = []
        self.has_room = asyncio.Event()
        self.has_room.set()

    def publish(self, batch: BatchMessage) -> None:
        self.batches.append(batch)

    async def room(self) -> None:
        await self.has_room.wait()

    async def stored(self, producer: str, generation: int, last: int) -> None:
        async with asyncio.timeout(5):
            while not any(batch.last >= last and batch.generation == generation for batch in self.batches):
                await asyncio.sleep(0.001)


class Clock:
    """A wall clock that stands still."""

    def __init__(self) -> None:
        self.now = 1_700_000_000_000

    def __call__(self) -> int:
        return self.now


@pytest.fixture(scope="module")
def table() -> LocationTable:
    return open_table(None)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def outlet() -> Outlet:
    return Outlet()


@pytest.fixture
async def batcher(outlet: Outlet, clock: Clock) -> Batcher:
    return Batcher(outlet, clock)


@pytest.fixture
def intake(batcher: Batcher, table: LocationTable) -> BatchIntake:
    settings = SourceSettings(kind="tail", name="web", path=Path("access.log"), format="ip")
    return batcher.intake("web", "web", Pipeline(settings, table, LiveTopics()))


def lines(text: bytes) -> U8:
    return np.frombuffer(text, np.uint8)


async def test_what_comes_between_two_marks_is_one_message(
    intake: BatchIntake, batcher: Batcher, outlet: Outlet, clock: Clock
) -> None:
    decoder = intake.decoder()
    opened = clock.now
    intake.take_in(lines(b"83.149.9.216\n"), Span(5, 100, 113, {"offset": 113}), decoder)
    clock.now += 20
    intake.reject("line is longer than 65536 bytes", b"xxx", Span(5, 113, 150))
    intake.skip(Span(5, 150, 160))
    intake.take_in(lines(b"10.0.0.1\n"), Span(5, 160, 169, {"offset": 169}), decoder)
    await batcher.close()
    [batch] = outlet.batches
    assert (batch.generation, batch.first, batch.last, batch.checkpoint) == (5, 100, 169, {"offset": 169})
    assert (batch.arrival, batch.received, batch.located, batch.rejected) == (opened, 3, 1, 1)
    await batcher.close()
    assert len(outlet.batches) == 1


async def test_a_new_generation_or_a_gap_closes_the_batch(
    intake: BatchIntake, batcher: Batcher, outlet: Outlet
) -> None:
    decoder = intake.decoder()
    for span in (Span(1, 0, 9), Span(2, 0, 9), Span(1, 9, 18), Span(1, 30, 39)):
        intake.take_in(lines(b"10.0.0.1\n"), span, decoder)
    await batcher.close()
    assert [(b.generation, b.first, b.last, b.received) for b in outlet.batches] == [
        *((1, 0, 9, 1), (2, 0, 9, 1), (1, 9, 18, 1), (1, 30, 39, 1))
    ]


async def test_no_batch_straddles_a_mark_even_if_the_timer_is_late(
    intake: BatchIntake, batcher: Batcher, outlet: Outlet, clock: Clock
) -> None:
    decoder, sequence = intake.decoder(), Sequence(1)
    intake.take_in(lines(b"10.0.0.1\n"), sequence.span(9), decoder)
    clock.now += MARK_MS
    intake.take_in(lines(b"10.0.0.2\n"), sequence.span(9), decoder)
    await batcher.close()
    assert [batch.arrival for batch in outlet.batches] == [clock.now - MARK_MS, clock.now]


async def test_gathered_lines_have_the_arrival_of_their_opening(
    intake: BatchIntake, batcher: Batcher, outlet: Outlet, clock: Clock
) -> None:
    intake.open()
    opened = clock.now
    clock.now += MARK_MS
    intake.take_in(lines(b"10.0.0.1\n"), Sequence(1).span(9), intake.decoder())
    await batcher.close()
    assert [batch.arrival for batch in outlet.batches] == [opened]


async def test_a_position_without_events_is_stored_too(
    intake: BatchIntake, batcher: Batcher, outlet: Outlet
) -> None:
    intake.skip(Span(1, 0, 1, {"offset": 0}))
    await batcher.close()
    [batch] = outlet.batches
    assert (batch.received, batch.frames(), batch.checkpoint) == (0, [], {"offset": 0})


async def test_who_waits_for_safety_does_not_wait_for_the_mark(intake: BatchIntake, outlet: Outlet) -> None:
    sequence = Sequence(1)
    first, second = sequence.span(9), sequence.span(9)
    intake.take_in(lines(b"10.0.0.1\n"), first, intake.decoder())
    waiting = asyncio.create_task(intake.stored(first))
    await asyncio.sleep(0)
    intake.take_in(lines(b"10.0.0.2\n"), second, intake.decoder())
    await asyncio.gather(waiting, intake.stored(second))
    assert [batch.received for batch in outlet.batches] == [2]


async def test_marks_come_at_multiples_of_50_ms_and_the_relay_holds_back(outlet: Outlet) -> None:
    batcher = Batcher(outlet)
    running = asyncio.create_task(batcher.run())
    try:
        await batcher.mark()
        late = []
        for _ in range(3):
            await batcher.mark()
            late.append(batcher.clock() % MARK_MS)
        assert min(late) < 25
        outlet.has_room.clear()
        async with asyncio.timeout(5):
            while not batcher.crowded:
                await batcher.mark()
            waiting = asyncio.create_task(batcher.room())
            await batcher.mark()
            assert not waiting.done()
            outlet.has_room.set()
            await waiting
        assert not batcher.crowded
    finally:
        running.cancel()


async def test_a_proxy_in_between_is_noticed(table: LocationTable, batcher: Batcher) -> None:
    def seen(text: bytes) -> Seen:
        settings = SourceSettings(kind="stdin", name="web", format="ip")
        intake = batcher.intake("web", "web", Pipeline(settings, table, LiveTopics()))
        intake.take_in(lines(text), Sequence(1).span(len(text)), intake.decoder())
        intake.close()
        return intake.seen

    assert "private" in about("web", seen(b"192.168.1.1\n" * 1000))[0]
    assert "one place" in about("web", seen(b"83.149.9.216\n" * 1000))[0]
    assert about("web", seen(b"83.149.9.216\n66.249.73.135\n" * 1000)) == []
    assert about("web", seen(b"192.168.1.1\n" * 10)) == []

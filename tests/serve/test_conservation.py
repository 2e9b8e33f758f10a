"""Promise 1 at the marks: whatever happens to a viewer, what it committed is what the server located."""

from __future__ import annotations

import asyncio
import random
import socket
from collections import Counter
from typing import Any

import pytest

from dynmap.serve import connection, feed, line
from dynmap.wire import Kind

PLACES = [(52.52, 13.40), (35.68, 139.69), (-33.87, 151.21), (40.71, -74.01)]
SMALL = 2000
"""Bytes that may wait for a viewer, so that tests of slow ones are quick."""

NAMES = ["web.ok", "web.bad", "mail.in", "shop"]


def some_rows(chance: random.Random) -> list[Any]:
    return [
        (chance.choice(NAMES), *chance.choice(PLACES), chance.randint(1, 1000))
        for _ in range(chance.randint(1, 6))
    ]


def within(pattern: str, counts: dict[str, int]) -> dict[str, int]:
    prefix = pattern.removesuffix(">")
    return {name: count for name, count in counts.items() if count and name.startswith(prefix)}


def server_counts(serving: Any) -> dict[str, int]:
    live = serving.live
    return {name: int(live.totals.located[number]) for number, name in enumerate(live.index.names)}


@pytest.mark.parametrize("pattern", [">", "web.>"])
async def test_viewers_that_come_back_with_since(serving: Any, ingest: Any, pattern: str) -> None:
    """Cut off at any moment, a viewer forgets what came after its last mark and asks for it again."""
    chance = random.Random(7)
    sending = asyncio.create_task(send_for(ingest, chance, 3.0))
    cursor: str | None = None
    located, by_topic = 0, dict[str, int]()
    visits = 0
    while not sending.done() or visits < 5:
        async with serving.viewer() as watcher:
            watcher.located, watcher.by_topic, watcher.cursor = located, by_topic, cursor
            await watcher.subscribe(topics=[pattern], since=cursor)
            for _ in range(chance.randint(1, 12)):
                await watcher.next()
            watcher.connection.transport.abort()
            cursor, located, by_topic = watcher.cursor, watcher.located, watcher.by_topic
            assert not any(text["type"] == "reset" for text in watcher.texts)
        visits += 1
        await asyncio.sleep(chance.choice([0, 0.1, 0.5]))
    await sending
    async with serving.viewer() as watcher:
        watcher.located, watcher.by_topic = located, by_topic
        await watcher.subscribe(topics=[pattern], since=cursor)
        wanted = within(pattern, dict.fromkeys(NAMES, 0) | await settled(serving, ingest))
        await watcher.until(lambda: watcher.by_topic == wanted)
        assert watcher.located == sum(wanted.values())


async def send_for(ingest: Any, chance: random.Random, seconds: float) -> None:
    end = asyncio.get_running_loop().time() + seconds
    while asyncio.get_running_loop().time() < end:
        await ingest.send(some_rows(chance))
        await asyncio.sleep(chance.choice([0.0, 0.02, 0.1]))


async def settled(serving: Any, ingest: Any) -> dict[str, int]:
    while serving.live.totals.all_located < ingest.located:
        await asyncio.sleep(0.01)
    return server_counts(serving)


async def test_few_missed_steps_come_as_they_were_and_many_merged(serving: Any, ingest: Any) -> None:
    async with serving.viewer() as watcher:
        await watcher.subscribe()
        await watcher.until_type("mark")
        start = watcher.cursor
    located = 0
    for missed, kind in ((2, Kind.LIVE), (feed.FEW_STEPS + 2, Kind.CAUGHT_UP)):
        for _ in range(missed):
            await ingest.send([("web.ok", *PLACES[0], 1)])
            number = serving.live.ring.last
            while serving.live.ring.last == number:
                await asyncio.sleep(0.01)
        located += missed
        async with serving.viewer() as watcher:
            await watcher.subscribe(since=start)
            await watcher.until_type("mark")
            assert {frame.kind for frame in watcher.frames} == {kind}
            assert watcher.located == located
            assert not any(text["type"] == "subscribed" for text in watcher.texts), "its account goes on"


@pytest.mark.parametrize("cursor", ["nonsense", "", "00000000.1"])
async def test_an_unknown_cursor_starts_anew(serving: Any, ingest: Any, cursor: str) -> None:
    await ingest.send([("web.ok", *PLACES[0], 5)])
    await settled(serving, ingest)
    async with serving.viewer() as watcher:
        await watcher.subscribe(id=9, since=cursor)
        reset = await watcher.until_type("reset")
        assert reset["id"] == 9
        assert reset["reason"]
        answer = await watcher.until_type("subscribed")
        assert (answer["id"], answer["located"]) == (9, 5)


async def test_a_cursor_that_the_ring_has_forgotten_starts_anew(serving: Any, ingest: Any) -> None:
    serving.live.ring._max_bytes = 1
    async with serving.viewer() as watcher:
        await watcher.subscribe()
        await watcher.until_type("mark")
        start = watcher.cursor
    for _ in range(3):
        await ingest.send([("web.ok", *PLACES[0], 5)])
        await settled(serving, ingest)
    async with serving.viewer() as watcher:
        await watcher.subscribe(since=start)
        await watcher.until_type("reset")
        await watcher.until(lambda: watcher.located == 15)


async def test_a_change_of_wishes_keeps_the_account(serving: Any, ingest: Any) -> None:
    chance = random.Random(3)
    sending = asyncio.create_task(send_for(ingest, chance, 1.5))
    async with serving.viewer() as watcher:
        for number in range(10):
            pattern = chance.choice([">", "web.>", "mail.>"])
            await watcher.subscribe(id=number, topics=[pattern], window=chance.choice([0, 10]))
            await asyncio.sleep(0.1)
        await sending
        await watcher.subscribe(id=99, topics=["web.>"])
        await watcher.until(lambda: any(text.get("id") == 99 for text in watcher.texts))
        wanted = within("web.>", await settled(serving, ingest))
        await watcher.until(lambda: watcher.by_topic == wanted)


def bulk(chance: random.Random) -> list[Any]:
    return [
        (f"t{chance.randrange(50)}.x", chance.uniform(-80, 80), chance.uniform(-180, 179), 1)
        for _ in range(1000)
    ]


async def stop_listening(serving: Any, ingest: Any, slow: Any, quick: Any) -> Any:
    """Makes `slow` a viewer who takes nothing more, once small buffers are full; the server's side of it."""
    (seen,) = [
        seen for seen in serving.live.viewers if seen.connection.client[1] == slow.connection.local_address[1]
    ]
    buffers(slow, seen, 4096)
    slow.connection.transport.pause_reading()
    chance = random.Random(5)
    while not seen.connection.is_clogged:
        await ingest.send(bulk(chance))
        await quick.until(lambda: quick.located == ingest.located)
    return seen


def by_root(counts: dict[str, int]) -> Counter[str]:
    sums: Counter[str] = Counter()
    for topic, count in counts.items():
        sums[topic.partition(".")[0]] += count
    return sums


def buffers(slow: Any, seen: Any, size: int) -> None:
    for transport, option in (
        (slow.connection.transport, socket.SO_RCVBUF),
        (seen.connection.transport, socket.SO_SNDBUF),
    ):
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, option, size)


async def test_a_slow_reader_catches_up_exactly_and_nothing_is_queued_for_it(
    serving: Any, ingest: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "MAX_WAITING", SMALL)
    async with serving.viewer(max_queue=1, close_timeout=0) as slow, serving.viewer() as quick:
        await quick.subscribe()
        await slow.subscribe()
        await slow.until_type("mark")
        seen = await stop_listening(serving, ingest, slow, quick)
        held = seen.connection.transport.get_write_buffer_size()
        chance = random.Random(6)
        for _ in range(5):
            await ingest.send(bulk(chance))
            await quick.until(lambda: quick.located == ingest.located)
        assert seen.connection.transport.get_write_buffer_size() <= held, "what waits only gets less"
        assert slow.located < ingest.located
        buffers(slow, seen, 1 << 18)
        slow.connection.transport.resume_reading()
        await slow.until(lambda: slow.located == ingest.located)
        assert by_root(slow.by_topic) == by_root(quick.by_topic), "topics may have been rolled up"


async def test_a_stalled_viewer_is_closed_and_cut_off(
    serving: Any, ingest: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "MAX_WAITING", SMALL)
    monkeypatch.setattr(line, "STALLED_SECONDS", 0.5)
    monkeypatch.setattr(connection, "_FAREWELL_SECONDS", 0.2)
    async with serving.viewer(max_queue=1, close_timeout=0) as slow, serving.viewer() as quick:
        await quick.subscribe()
        await slow.subscribe()
        await slow.until_type("mark")
        seen = await stop_listening(serving, ingest, slow, quick)
        await quick.until(lambda: len(serving.live.viewers) == 1)
        assert seen.connection.close_sent
        await quick.until(seen.connection.transport.is_closing)
        slow.connection.transport.abort()

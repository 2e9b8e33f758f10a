"""The client against a real serving side."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from client.relay import Relay

from dynmap import grid
from dynmap.client import Kind, Live, RefusedError, Step, UnreachableError, connect, live
from dynmap.serve import line

BERLIN = (52.52, 13.40)
TOKYO = (35.68, 139.69)
PLACES = [BERLIN, TOKYO, (-33.87, 151.21), (40.71, -74.01)]
NAMES = ["web.ok", "web.bad", "mail.in", "shop"]


@pytest.fixture(autouse=True)
def _quick_to_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "_FIRST_SECONDS", 0.05)
    monkeypatch.setattr(live, "_MOST_SECONDS", 0.2)


def url(serving: Any) -> str:
    return f"http://127.0.0.1:{serving.port}"


async def until(live: Live, total: int) -> list[Step]:
    """Iterates until the totals are so many; the steps."""
    steps = []
    async with asyncio.timeout(20):
        while live.located < total:
            steps.append(await anext(live))
    assert live.located == total
    return steps


def added(steps: list[Step]) -> Counter[str]:
    return sum((Counter(step.counts) for step in steps), Counter())


async def test_steps_are_numpy_columns(serving: Any, ingest: Any) -> None:
    async with connect(url(serving)) as live:
        batch = await ingest.send([("web.ok", *BERLIN, 3), ("mail.in", *TOKYO, 2)])
        [step] = [step for step in await until(live, 5) if step.frames]
        assert step.cursor == live.cursor
        assert step.counts == {"web.ok": 3, "mail.in": 2} == live.totals
        assert step.total == 5
        rows = step.columns()
        assert len(rows) == 2
        order = np.argsort(rows.count)
        assert [live.topics[topic] for topic in rows.topic[order]] == ["mail.in", "web.ok"]
        np.testing.assert_allclose(rows.lat[order], [TOKYO[0], BERLIN[0]], atol=0.01)
        np.testing.assert_allclose(rows.lon[order], [TOKYO[1], BERLIN[1]], atol=0.01)
        assert rows.tick.tolist() == [batch.ticks[0]] * 2
        assert rows.bits.tolist() == [16, 16]
        assert {name: column.dtype.str for name, column in rows.as_dict().items()} == {
            "tick": "<i8", "topic": "|O", "lon": "<f8", "lat": "<f8", "x": "<u4", "y": "<u4", "bits": "|u1",
            "count": "<i8",
        }  # fmt: skip
        assert set(rows.as_dict()["topic"]) == {"web.ok", "mail.in"}
        [frame] = step.frames
        assert (frame.kind, frame.tile, frame.bits, frame.covers) == (Kind.LIVE, (0, 0, 0), 16, 250)
        x, y = grid.cell(*BERLIN, 16)
        assert (x, y) in zip(frame.x.tolist(), frame.y.tolist(), strict=True)


async def test_entering_gives_the_totals_of_what_was_before(serving: Any, ingest: Any) -> None:
    await ingest.send([("web.ok", *BERLIN, 3), ("mail.in", *TOKYO, 2)])
    async with connect(url(serving)) as first:
        await until(first, 5)
    async with connect(serving.live_url, topics="web.>") as live:
        assert live.connected
        assert live.totals == {"web.ok": 3}
        assert live.topics == ["web.ok"]


async def test_there_is_a_step_a_second_though_nothing_happens(serving: Any, ingest: Any) -> None:
    async with connect(url(serving)) as live, asyncio.timeout(5):
        steps = [await anext(live) for _ in range(3)]
        assert [step.frames for step in steps] == [(), (), ()]
        assert len(steps[0].columns()) == 0
        assert steps[2].tick > steps[1].tick
        assert live.stats["viewers"] == 1


async def test_a_picture_is_drawn_and_not_counted(serving: Any, ingest: Any) -> None:
    async with connect(url(serving)) as first:
        await ingest.send([("web.ok", *BERLIN, 3)])
        await until(first, 3)
    async with connect(url(serving), window=30) as live:
        step = await anext(live)
        picture = step.picture()
        assert picture is not None
        assert picture.count.tolist() == [3]
        assert (len(step.columns()), step.total, live.located) == (0, 0, 3)
        assert (await anext(live)).picture() is None


async def test_old_events_are_counted(serving: Any, ingest: Any) -> None:
    async with connect(url(serving)) as live:
        await ingest.send([("web.ok", *BERLIN, 3)], tick=1_400_000_000_000)
        [step] = [step for step in await until(live, 3) if step.frames]
        [frame] = step.frames
        assert (frame.kind, frame.is_counted, frame.is_drawn) == (Kind.OLD, True, False)
        assert step.columns().tick.tolist() == [1_400_000_000_000]


@pytest.mark.parametrize("seed", range(4))
async def test_nothing_is_lost_or_doubled_when_connections_are_cut(
    serving: Any, ingest: Any, relay: Relay, seed: int
) -> None:
    chance = random.Random(seed)

    async def send() -> None:
        for _ in range(60):
            rows = [(chance.choice(NAMES), *chance.choice(PLACES), chance.randint(1, 1000)) for _ in range(3)]
            await ingest.send(rows)
            await asyncio.sleep(chance.choice([0.0, 0.02, 0.1]))

    async def cut() -> None:
        while True:
            await asyncio.sleep(chance.uniform(0.1, 0.5))
            relay.cut()

    async with connect(relay.url) as live:
        sending, cutting = asyncio.create_task(send()), asyncio.create_task(cut())
        steps = []
        async with asyncio.timeout(30):
            while not sending.done() or live.located < ingest.located:
                steps.append(await anext(live))
        cutting.cancel()
    totals = serving.live.totals
    server = {name: int(totals.located[number]) for number, name in enumerate(serving.live.index.names)}
    assert live.totals == {name: count for name, count in server.items() if count}
    assert added(steps) == live.totals
    assert sum(int(step.columns().count.sum()) for step in steps) == ingest.located
    assert all(step.reset is None for step in steps)
    assert relay.connections > 3


async def test_a_program_takes_up_where_its_last_run_left_off(serving: Any, ingest: Any) -> None:
    async with connect(url(serving)) as live:
        await ingest.send([("web.ok", *BERLIN, 3)])
        [*_, last] = await until(live, 3)
    await ingest.send([("web.ok", *BERLIN, 4)])
    async with connect(url(serving), since=last.cursor) as live:
        steps = await until(live, 4)
        assert added(steps) == {"web.ok": 4}
        assert steps[0].reset is None


async def test_an_unknown_cursor_is_said(serving: Any, ingest: Any) -> None:
    await ingest.send([("web.ok", *BERLIN, 3)])
    async with connect(url(serving)) as live:
        await until(live, 3)
    async with connect(url(serving), since="00000000.1") as live:
        assert live.totals == {"web.ok": 3}
        assert "started anew" in str((await anext(live)).reset)
        assert (await anext(live)).reset is None


async def test_another_wish_goes_on_without_a_gap(serving: Any, ingest: Any) -> None:
    chance = random.Random(1)
    async with connect(url(serving)) as live:

        async def send() -> None:
            for _ in range(40):
                await ingest.send([("web.ok", *BERLIN, chance.randint(1, 9)), ("mail.in", *TOKYO, 1)])
                await asyncio.sleep(0.03)

        sending = asyncio.create_task(send())
        steps = []
        for topics in ["web.>", [">"], ["web.ok", "shop"], ("web.>",)]:
            await live.subscribe(topics=topics)
            steps += [await anext(live) for _ in range(chance.randint(1, 4))]
        await sending
        wanted = ingest.located - 40
        steps += await until(live, wanted)
        assert live.totals == {"web.ok": wanted}
        assert added(steps)["web.ok"] == wanted
        await live.subscribe(topics=">", anew=True)
        steps = await until(live, ingest.located)
        assert live.totals == {"web.ok": wanted, "mail.in": 40}
        assert added(steps) == {}


def random_tiling(chance: random.Random, z: int = 0, x: int = 0, y: int = 0) -> list[tuple[int, int, int]]:
    """The world in tiles of several zooms."""
    if (z > 1 and chance.random() < 0.7) or z > 3:
        return [(z, x, y)]
    return [
        tile
        for down in (0, 1)
        for right in (0, 1)
        for tile in random_tiling(chance, z + 1, 2 * x + right, 2 * y + down)
    ]


async def test_small_tiles_have_fine_cells(serving: Any, ingest: Any) -> None:
    zoom = 14
    x, y = (position >> (32 - zoom) for position in grid.cell(*BERLIN))
    async with connect(url(serving), tiles=[(zoom, x, y)]) as live:
        await ingest.send([("web.ok", *BERLIN, 3), ("web.ok", *TOKYO, 2)])
        [step] = [step for step in await until(live, 3) if step.frames]
        rows = step.columns()
        assert list(zip(rows.x.tolist(), rows.y.tolist(), strict=True)) == [grid.cell(*BERLIN)]
        assert rows.bits.tolist() == [grid.DEFAULT_BITS]
        np.testing.assert_allclose([rows.lat[0], rows.lon[0]], BERLIN, atol=0.0004)
        assert step.frames[0].tile == (zoom, x, y)


async def test_the_rest_is_counted_without_places(serving: Any, ingest: Any) -> None:
    zoom = 3
    x, y = (position >> (32 - zoom) for position in grid.cell(*BERLIN))
    async with connect(url(serving)) as first:
        await ingest.send([("web.ok", *TOKYO, 5)])
        await until(first, 5)
    async with connect(url(serving), tiles=[[zoom, x, y]], rest=True) as live:  # type: ignore[list-item]
        assert live.totals == {"web.ok": 5}
        await ingest.send([("web.ok", *BERLIN, 3), ("web.ok", *TOKYO, 2)])
        [step] = [step for step in await until(live, 10) if step.frames]
        assert step.counts == {"web.ok": 5}
        assert step.columns().count.tolist() == [3]
        assert [frame.total for frame in step.frames if frame.is_rest] == [2]


@pytest.mark.parametrize("seed", range(3))
async def test_tilings_share_out_the_world(serving: Any, ingest: Any, relay: Relay, seed: int) -> None:
    """Whatever is looked at, and moved to, and lost in between: the totals stay the server's."""
    chance = random.Random(seed)
    async with connect(relay.url, rest=True) as live:
        sending = asyncio.create_task(keep_sending(ingest, 60))
        steps = []
        while not sending.done() or live.located < ingest.located:
            tiling = random_tiling(chance)
            await live.subscribe(tiles=chance.sample(tiling, chance.randint(1, min(64, len(tiling)))))
            async with asyncio.timeout(10):
                steps += [await anext(live) for _ in range(chance.randint(1, 3))]
            if chance.random() < 0.2:
                relay.cut()
        assert added(steps) == live.totals == {"web.ok": ingest.located}


async def test_fewer_steps_come_merged(serving: Any, ingest: Any) -> None:
    async with connect(url(serving), every=1000) as live:
        sending = asyncio.create_task(keep_sending(ingest, 60))
        steps = []
        while not sending.done() or live.located < 60:
            steps.append(await anext(live))
        assert added(steps) == {"web.ok": 60}
        assert len(steps) <= 5
        assert {frame.kind for step in steps for frame in step.frames} <= {Kind.CAUGHT_UP, Kind.LIVE}


async def test_a_wish_that_is_refused_leaves_the_one_before(serving: Any, ingest: Any) -> None:
    async with connect(url(serving), topics="web.>") as live:
        await anext(live)
        await live.subscribe(topics="web..ok")
        await ingest.send([("web.ok", *BERLIN, 3)])
        with pytest.raises(RefusedError, match=r"topics\[0\]: pattern is not") as refused:
            await until(live, 3)
        assert refused.value.code == "bad_topics"
        assert added(await until(live, 3)) == {"web.ok": 3}


async def test_a_wish_that_is_refused_at_once_does_not_enter(serving: Any, ingest: Any) -> None:
    with pytest.raises(RefusedError, match="tiles") as refused:
        async with connect(url(serving), tiles=[(1, 5, 5)]):
            pass
    assert refused.value.code == "bad_tiles"
    assert await gone(serving)


async def test_a_wish_while_there_is_no_connection_is_asked_for_later(
    serving: Any, ingest: Any, relay: Relay
) -> None:
    async with connect(relay.url) as live:
        relay.target, target = 0, relay.target
        relay.cut()
        await until_lost(live)
        await live.subscribe(topics="mail.>")
        await ingest.send([("web.ok", *BERLIN, 3), ("mail.in", *TOKYO, 2)])
        relay.target = target
        await until(live, 2)
        assert live.totals == {"mail.in": 2}


async def test_silence_is_taken_for_a_loss(
    serving: Any, ingest: Any, relay: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "SILENCE_SECONDS", 1.5)
    async with connect(relay.url) as live_map:
        await anext(live_map)
        relay.hold()
        await until_lost(live_map)
        relay.release()
        await ingest.send([("web.ok", *BERLIN, 3)])
        await until(live_map, 3)
    assert relay.connections >= 2


async def until_lost(live: Live) -> None:
    """Asks again and again, for no longer than 50 ms each time, until there is no connection."""
    async with asyncio.timeout(10):
        while live.connected:
            with suppress(TimeoutError):
                await asyncio.wait_for(anext(live), 0.05)


async def test_asking_for_a_step_may_be_cancelled(serving: Any, ingest: Any, relay: Relay) -> None:
    chance = random.Random(3)
    async with connect(relay.url) as live:
        steps = []
        sending = asyncio.create_task(keep_sending(ingest, 50))
        while not sending.done() or live.located < ingest.located:
            with suppress(TimeoutError):
                async with asyncio.timeout(chance.uniform(0, 0.05)):
                    steps.append(await anext(live))
            if chance.random() < 0.02:
                relay.cut()
        while live._session.steps:  # closed, but whoever asked for it was cancelled
            steps.append(await anext(live))
        assert added(steps) == live.totals


async def keep_sending(ingest: Any, batches: int) -> None:
    for _ in range(batches):
        await ingest.send([("web.ok", *BERLIN, 1)])
        await asyncio.sleep(0.03)


async def test_acks_follow_the_loop(serving: Any, ingest: Any) -> None:
    async with connect(url(serving)) as live:
        [viewer] = serving.live.viewers
        [*_, last] = await until_some(live, 3)
        async with asyncio.timeout(5):
            while (viewer.line._acknowledged or 0) < serving.live.ring.number(last.cursor):
                await anext(live)


@pytest.mark.parametrize("is_blocking", [False, True])
async def test_a_busy_loop_gets_all_that_came_meanwhile_in_one_step(
    serving: Any, ingest: Any, is_blocking: bool
) -> None:
    async with connect(url(serving)) as live:
        await until_some(live, 2)
        for _ in range(2):
            for weight in (1, 2, 3):
                await ingest.send([("web.ok", *BERLIN, weight)])
                await asyncio.sleep(0.3)
            if is_blocking:
                time.sleep(0.1)  # noqa: ASYNC251 - as a program does that draws
            step = await anext(live)
            assert step.counts == {"web.ok": 6}
            assert len(step.frames) >= 2
            assert step.columns().count.sum() == 6
        await until(live, 12)


async def test_a_loop_that_is_busy_for_long_is_given_merged_steps(
    serving: Any, ingest: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(line, "MAX_UNACKNOWLEDGED", 2)
    async with connect(url(serving)) as live:
        await until_some(live, 6)
        await keep_sending(ingest, 100)
        steps = await until(live, 100)
        assert added(steps) == {"web.ok": 100}
        assert len(steps) < 5
        assert any(frame.kind is Kind.CAUGHT_UP for step in steps for frame in step.frames)


async def until_some(live: Live, steps: int) -> list[Step]:
    async with asyncio.timeout(10):
        return [await anext(live) for _ in range(steps)]


@pytest.mark.parametrize("way", ["leave", "raise", "cancel", "close"])
async def test_nothing_is_left_running(serving: Any, ingest: Any, way: str) -> None:
    before = asyncio.all_tasks()
    entered = asyncio.Event()
    holder: list[Live] = []

    async def run() -> None:
        async with connect(url(serving)) as live:
            holder.append(live)
            async for _ in live:
                entered.set()
                if way == "leave":
                    break
                if way == "raise":
                    raise LookupError

    task = asyncio.create_task(run())
    await entered.wait()
    if way == "cancel":
        task.cancel()
    if way == "close":
        await holder[0].close()
    [result] = await asyncio.gather(task, return_exceptions=True)
    expected = {"raise": LookupError, "cancel": asyncio.CancelledError}.get(way, type(None))
    assert isinstance(result, expected)
    assert await gone(serving)
    async with asyncio.timeout(5):
        while asyncio.all_tasks() - before:  # the server's side ends on its own
            await asyncio.sleep(0.01)
    assert [step async for step in holder[0]] == []


async def gone(serving: Any) -> bool:
    async with asyncio.timeout(5):
        while serving.live.viewers:
            await asyncio.sleep(0.01)
    return True


async def test_a_server_that_is_not_there_is_said_at_once(serving: Any) -> None:
    async with Relay(0) as nowhere:
        with pytest.raises(UnreachableError, match=r"^ws://127.0.0.1:\d+/api/live: can't connect: "):
            async with connect(nowhere.url + "/?token=secret"):
                pass


async def test_a_path_without_a_map_is_said(serving: Any) -> None:
    with pytest.raises(RefusedError, match=r"/elsewhere/api/live: there is no live map here") as refused:
        async with connect(url(serving) + "/elsewhere"):
            pass
    assert refused.value.code == "not_found"


async def test_iterating_needs_to_be_inside(serving: Any) -> None:
    with pytest.raises(RuntimeError, match="async with"):
        await anext(connect(url(serving)))

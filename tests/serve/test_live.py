"""The WebSocket of section 6, over real sockets."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from dynmap import grid
from dynmap.frame import TICK_MS, tick_of
from dynmap.serve import area, viewer
from dynmap.wire import Kind

BERLIN = (52.52, 13.40)
TOKYO = (35.68, 139.69)


def now_ms() -> int:
    return time.time_ns() // 1_000_000


async def test_hello_comes_first(serving: Any) -> None:
    async with serving.viewer() as viewer:
        hello = await viewer.next()
        assert hello["type"] == "hello"
        assert (hello["protocol"], hello["tick_ms"], hello["epoch"]) == (1, 250, serving.live.ring.epoch)
        assert abs(hello["now"] - now_ms()) < 5000
        assert hello["started"] == serving.live.started
        assert (await viewer.next())["type"] == "stats"


async def test_an_event_reaches_a_viewer(serving: Any, ingest: Any) -> None:
    async with serving.viewer() as viewer:
        await viewer.subscribe()
        await viewer.until_type("mark")
        batch = await ingest.send(
            [("web.ok", *BERLIN, 3)], unlocated={"web.ok": 2}, rejected={"no address": 1}
        )
        await viewer.until(lambda: viewer.located == 3)
        (frame,) = viewer.frames
        assert (frame.kind, frame.z, frame.bits, frame.subscription) == (Kind.LIVE, 0, 16, 7)
        assert (frame.tick, frame.covers) == (batch.ticks[0], TICK_MS)
        x, y = grid.cell(*BERLIN)
        assert (frame.x.tolist(), frame.y.tolist()) == ([x >> 16], [y >> 16])
        assert viewer.by_topic == {"web.ok": 3}
        stats = await viewer.until_type("stats")
    assert stats["events"] == {"received": 6, "located": 3, "unlocated": 2, "rejected": 1}
    assert stats["viewers"] == 1
    (source,) = stats["sources"]
    assert (source["name"], source["received"], source["rejected"]) == ("web", 6, 1)


async def test_an_event_takes_less_than_a_tick_and_a_half(serving: Any, ingest: Any) -> None:
    async with serving.viewer() as viewer:
        await viewer.subscribe()
        await viewer.until_type("mark")
        times = []
        for number in range(1, 6):
            sent = time.monotonic()
            await ingest.send([("web.ok", *BERLIN, 1)])
            await viewer.until(lambda number=number: viewer.located == number)
            times.append(time.monotonic() - sent)
            await asyncio.sleep(0.05 * number)
    assert sorted(times)[2] < 0.4


async def test_a_late_viewer_gets_the_totals(serving: Any, ingest: Any) -> None:
    await ingest.send([("web.ok", *BERLIN, 3), ("web.bad", *TOKYO, 2), ("mail", *TOKYO, 10)])
    async with serving.viewer() as first:
        await first.subscribe()
        await first.until(lambda: first.located == 15)
    async with serving.viewer() as viewer:
        await viewer.subscribe(topics=["web.*"])
        answer = await viewer.until_type("subscribed")
        assert (answer["id"], answer["located"]) == (7, 5)
        assert viewer.by_topic == {"web.ok": 3, "web.bad": 2}
        assert "mail" not in viewer.names.values()
        await ingest.send([("web.ok", *BERLIN, 1), ("mail", *TOKYO, 1)])
        await viewer.until(lambda: viewer.located == 6)
        assert "mail" not in viewer.names.values()


async def test_a_new_topic_is_named_before_it_is_used(serving: Any, ingest: Any) -> None:
    async with serving.viewer() as early, serving.viewer() as late:
        await early.subscribe()
        await early.until_type("mark")
        for number in range(5):
            await ingest.send([(f"shop.item{number}", *BERLIN, 1)])
            await early.until(lambda number=number: early.located == number + 1)
            if number == 2:
                await late.subscribe()
                await late.until_type("mark")
        await late.until(lambda: late.located == 5)
        for watcher in (early, late):
            assert watcher.by_topic == {f"shop.item{number}": 1 for number in range(5)}
        named = [number for text in early.texts if text["type"] == "topics" for number in text["topics"]]
        assert len(named) == len(set(named)), "each is named once"


async def test_a_picture_warms_the_map_and_is_not_counted(serving: Any, ingest: Any) -> None:
    async with serving.viewer() as first:
        await first.subscribe()
        await ingest.send([("web.ok", *BERLIN, 3), ("web.ok", *TOKYO, 2)])
        await first.until(lambda: first.located == 5)
    async with serving.viewer() as viewer:
        await viewer.subscribe(window=30)
        await viewer.until(lambda: viewer.frames != [])
        await viewer.until_type("mark")
        assert {frame.kind for frame in viewer.frames} == {Kind.PICTURE}
        assert sum(frame.total for frame in viewer.frames) == 5
        assert viewer.located == 5
        await viewer.subscribe(window=0)
        await viewer.until_type("subscribed")
        await viewer.until_type("mark")
        assert sum(frame.total for frame in viewer.frames) == 5


async def test_coarse_places_travel_in_a_frame_of_their_own(serving: Any, ingest: Any) -> None:
    async with serving.viewer() as viewer:
        await viewer.subscribe()
        await viewer.until_type("mark")
        await ingest.send([("web.ok", *BERLIN, 3)], bits=grid.COARSE_BITS)
        await viewer.until(lambda: viewer.located == 3)
        assert [frame.bits for frame in viewer.frames] == [grid.COARSE_BITS]


async def test_late_events_keep_their_tick_and_old_ones_only_count(serving: Any, ingest: Any) -> None:
    async with serving.viewer() as viewer:
        await viewer.subscribe()
        await viewer.until_type("mark")
        late, old = tick_of(now_ms() - 20_000), tick_of(now_ms() - 3_600_000)
        await ingest.send([("web.ok", *BERLIN, 1)], tick=late)
        await ingest.send([("web.ok", *BERLIN, 2)], tick=old)
        await ingest.send([("web.ok", *BERLIN, 4)], tick=old + 10_000)
        await viewer.until(lambda: viewer.located == 7)
        kinds = {frame.kind: frame for frame in viewer.frames}
        assert kinds[Kind.LIVE].tick == late
        assert kinds[Kind.OLD].tick == old
        assert set(kinds) == {Kind.LIVE, Kind.OLD}


async def test_marks_beat_though_nothing_happens(serving: Any, ingest: Any) -> None:
    async with serving.viewer() as viewer:
        await viewer.subscribe()
        await viewer.until_type("mark")
        cursors: list[str] = []
        began = time.monotonic()
        while len(cursors) < 2:
            cursors.append((await viewer.until_type("mark"))["cursor"])
        assert time.monotonic() - began < 3
        assert len(set(cursors)) == 2
        assert sum(text["type"] == "stats" for text in viewer.texts) >= 2


async def test_who_has_not_subscribed_gets_stats_only(serving: Any, ingest: Any) -> None:
    await ingest.send([("web.ok", *BERLIN, 1)])
    async with serving.viewer() as viewer:
        await viewer.until(lambda: sum(text["type"] == "stats" for text in viewer.texts) >= 3)
        assert viewer.frames == []
        assert {text["type"] for text in viewer.texts} == {"hello", "stats"}


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ("{", "bad_json"),
        (b"\0\1", "bad_message"),
        ('{"type":"dance"}', "unknown_type"),
        ('{"type":"subscribe","topics":["a..b"]}', "bad_topics"),
        ('{"type":"subscribe","tiles":[[1,0,0],[2,1,1]]}', "bad_tiles"),
        ('{"type":"play","from":0}', "no_history"),
        ('{"type":"seek","to":0}', "no_history"),
        ('{"type":"pause"}', "no_history"),
        ('{"type":"step"}', "no_history"),
    ],
)
async def test_a_request_that_makes_no_sense_is_answered(
    serving: Any, ingest: Any, sent: str | bytes, code: str
) -> None:
    async with serving.viewer() as viewer:
        await viewer.subscribe()
        await viewer.connection.send(sent)
        error = await viewer.until_type("error")
        assert error["code"] == code
        assert error["message"]
        await viewer.connection.send('{"type":"live"}')
        await viewer.connection.send('{"type":"ack","cursor":"nonsense"}')
        await ingest.send([("web.ok", *BERLIN, 1)])
        await viewer.until(lambda: viewer.located == 1)


async def test_acks_are_noted(serving: Any, ingest: Any) -> None:
    async with serving.viewer() as viewer:
        await viewer.subscribe()
        await ingest.send([("web.ok", *BERLIN, 1)])
        await viewer.until(lambda: viewer.located == 1)
        cursor = viewer.cursor
        await viewer.say(type="ack", cursor=cursor)
        await viewer.until(lambda: viewer.cursor != cursor)
        (seen,) = serving.live.viewers
        assert serving.live.ring.cursor(seen.line._acknowledged) == cursor


async def test_a_flood_of_nonsense_closes_its_viewer_only(serving: Any, ingest: Any) -> None:
    async with serving.viewer() as good, serving.viewer() as bad:
        await good.subscribe()
        for _ in range(viewer._PATIENCE + 1):
            await bad.connection.send("nonsense")
        code, reason = await bad.until_closed()
        assert (code, reason) == (1008, "too many messages that make no sense")
        await ingest.send([("web.ok", *BERLIN, 1)])
        await good.until(lambda: good.located == 1)


async def test_another_websocket_is_a_404(serving: Any) -> None:
    from websockets.asyncio.client import connect
    from websockets.exceptions import InvalidStatus

    with pytest.raises(InvalidStatus) as caught:
        await connect(f"ws://127.0.0.1:{serving.port}/api/nothing")
    assert caught.value.response.status_code == 404


async def test_bytes_stay_bounded_however_many_events(serving: Any, ingest: Any) -> None:
    import numpy as np

    rng = np.random.default_rng(1)
    rows = [
        (f"t{n % 50}", float(lat), float(lon), 1)
        for n, (lat, lon) in enumerate(
            zip(rng.uniform(-80, 80, 30_000), rng.uniform(-180, 179, 30_000), strict=True)
        )
    ]
    async with serving.viewer() as viewer:
        await viewer.subscribe()
        await viewer.until_type("mark")
        await ingest.send(rows)
        await viewer.until(lambda: viewer.located == 30_000)
        assert sum(len(frame.x) for frame in viewer.frames) <= 2 * area.ROOM_ROWS

"""The WebSocket of section 6, over real sockets."""

from __future__ import annotations

from typing import Any

from dynmap.wire import Kind

BERLIN = (52.52, 13.40)


async def test_hello_comes_first(serving: Any) -> None:
    async with serving.viewer() as viewer:
        hello = await viewer.next()
        assert hello["type"] == "hello"
        assert (hello["protocol"], hello["tick_ms"], hello["epoch"]) == (1, 250, serving.live.ring.epoch)
        assert abs(hello["now"] - hello["started"]) < 60_000


async def test_an_event_reaches_a_viewer(serving: Any, ingest: Any) -> None:
    async with serving.viewer() as viewer:
        await viewer.subscribe()
        await viewer.until_type("mark")
        await ingest.send([("web.ok", *BERLIN, 3)], unlocated={"web.ok": 2}, rejected={"no address": 1})
        await viewer.until(lambda: viewer.located == 3)
        (frame,) = viewer.frames
        assert (frame.kind, frame.z, frame.bits, frame.subscription) == (Kind.LIVE, 0, 16, 7)
        assert viewer.by_topic == {"web.ok": 3}
    stats = await serving.stats()
    assert stats["events"] == {"received": 6, "located": 3, "unlocated": 2, "rejected": 1}
    assert stats["topics"] == {"web.ok": {"located": 3, "unlocated": 2}}

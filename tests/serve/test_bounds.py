"""Promise 3 for the serving side: memory and bytes stay bounded, whatever comes."""

from __future__ import annotations

from typing import Any

from dynmap.frame import MAX_TOPICS

BERLIN = (52.52, 13.40)
ALICE_SPRINGS = (-23.70, 133.88)


async def test_an_endless_list_of_topics_is_bounded_counted_and_said(serving: Any, ingest: Any) -> None:
    async with serving.viewer() as viewer:
        await viewer.subscribe(topics=["shop.>"])
        await viewer.until_type("mark")
        for first in range(0, 20_000, 2000):
            await ingest.send([(f"shop.item{number}", *BERLIN, 1) for number in range(first, first + 2000)])
        await viewer.until(lambda: viewer.located == 20_000, 30)
        assert len(viewer.names) <= MAX_TOPICS
        stats = await viewer.until_type("stats")
    assert stats["events"]["located"] == 20_000
    (notice,) = stats["notices"]
    assert "<first token>.other" in notice
    topics = (await serving.http.get("/api/topics")).json()["topics"]
    assert len(topics) <= MAX_TOPICS
    assert topics[0]["name"] == "shop.other"
    assert sum(topic["located"] for topic in topics) == 20_000
    async with serving.viewer() as late:
        await late.subscribe(topics=["shop.other"])
        await late.until_type("subscribed")
        assert late.located == topics[0]["located"]
        assert len(late.names) == 1


async def test_the_ring_stays_within_its_bytes_and_viewers_within_their_account(
    serving: Any, ingest: Any
) -> None:
    serving.live.ring._max_bytes = 100_000
    async with serving.viewer() as viewer:
        await viewer.subscribe()
        await viewer.until_type("mark")
        for number in range(8):
            rows = [(f"web.t{place % 9}", -60 + place / 20, -170 + place / 10, 1) for place in range(2000)]
            await ingest.send([*rows, ("web.late", *ALICE_SPRINGS, number + 1)])
            await viewer.until(lambda: viewer.located == ingest.located)
    ring = serving.live.ring
    assert ring.size <= 100_000
    assert ring.floor > 0

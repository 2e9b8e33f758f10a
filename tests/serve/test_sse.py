"""Server-sent events, read by curl, by httpx and by a socket that does not read."""

from __future__ import annotations

import asyncio
import contextlib
import re
import shutil
import socket
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import msgspec
import pytest

from dynmap.frame import TICK_MS
from dynmap.serve import sse
from dynmap.serve.live import now_ms

BERLIN = (52.52, 13.405)
PARIS = (48.8566, 2.3522)

needs_curl = pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")


@dataclass
class Reading:
    """What a reader has got, as EventSource understands it (only whole events count)."""

    events: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    last_event_id: str = ""
    comments: int = 0
    _rest: bytes = b""

    def feed(self, data: bytes) -> None:
        *blocks, self._rest = (self._rest + data).split(b"\n\n")
        for block in blocks:
            name, said = "message", None
            for line in block.decode().split("\n"):
                key, _, value = line.partition(":")
                value = value.removeprefix(" ")
                match key:
                    case "":
                        self.comments += 1
                    case "id":
                        self.last_event_id = value
                    case "event":
                        name = value
                    case "data":
                        said = msgspec.json.decode(value)
                    case "retry":
                        assert 1000 <= int(value) <= 5000
                    case _:
                        raise AssertionError(block)
            if said is not None:
                self.events.append((name, said))

    @property
    def counts(self) -> Counter[str]:
        counts: Counter[str] = Counter()
        for name, said in self.events:
            if name == "message":
                for _, _, topic, count in said["points"]:
                    counts[topic] += count
        return counts

    @property
    def total(self) -> int:
        return self.counts.total()

    def named(self, name: str) -> list[dict[str, Any]]:
        return [said for kind, said in self.events if kind == name]


@contextlib.asynccontextmanager
async def reading(serving: Any, query: str = "", **headers: str) -> AsyncIterator[Reading]:
    """A reader who is there from when this is entered."""
    found = Reading()
    async with serving.http.stream("GET", f"/api/live.sse{query}", headers=headers, timeout=None) as answer:
        assert answer.status_code == 200
        chunks = answer.aiter_raw()
        found.feed(await anext(chunks))

        async def follow() -> None:
            async for chunk in chunks:
                found.feed(chunk)

        task = asyncio.create_task(follow())
        try:
            yield found
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError, httpx.ReadError):
                await task


async def until(condition: Any, seconds: float = 10) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


async def test_what_happens_comes_as_it_happens(serving: Any, ingest: Any) -> None:
    async with reading(serving) as found:
        await ingest.send([("web.ok", *BERLIN, 3), ("email.open", *PARIS, 2)])
        await until(lambda: found.total == 5)
        assert found.counts == {"web.ok": 3, "email.open": 2}
        (said,) = found.named("message")
        assert sorted(said["points"]) == [[2.3523, 48.8567, "email.open", 2], [13.4049, 52.5201, "web.ok", 3]]
        assert now_ms() - said["tick"] < 5000
        assert said["tick"] % TICK_MS == 0


async def test_headers_are_such_that_nobody_between_holds_it_back(serving: Any) -> None:
    async with serving.http.stream("GET", "/api/live.sse") as answer:
        assert answer.headers["content-type"] == "text/event-stream"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-accel-buffering"] == "no"


async def test_only_what_was_asked_for(serving: Any, ingest: Any) -> None:
    async with (
        reading(serving, "?topics=email.>,web.*") as both,
        reading(serving, "?topics=email.>&topics=dns") as other,
    ):
        rows = [
            ("web.ok", *BERLIN, 1),
            ("web.ok.de", *BERLIN, 10),
            ("email.a.b", *PARIS, 100),
            ("dns", *PARIS, 1000),
        ]
        await ingest.send(rows)
        await until(lambda: both.total and other.total)
        assert both.counts == {"web.ok": 1, "email.a.b": 100}
        assert other.counts == {"email.a.b": 100, "dns": 1000}


@pytest.mark.parametrize(
    "query", ["?topics=", "?topics=a..b", "?topics=a,>.b", "?topics=" + ",".join(["a"] * 65)]
)
async def test_topics_that_are_none_are_refused(serving: Any, query: str) -> None:
    answer = await serving.http.get(f"/api/live.sse{query}")
    assert answer.status_code == 400
    assert answer.json()["code"] == "bad_topics"
    assert answer.json()["message"]
    assert not serving.live.streams


@needs_curl
async def test_curl_gets_it(serving: Any, ingest: Any) -> None:
    curl = await asyncio.create_subprocess_exec(
        *("curl", "-sN", "--noproxy", "*", f"http://127.0.0.1:{serving.port}/api/live.sse?topics=web.*"),
        stdout=asyncio.subprocess.PIPE,
    )
    assert curl.stdout
    found = Reading()
    found.feed(await curl.stdout.read(4096))
    assert found.last_event_id
    for _ in range(3):
        await ingest.send([("web.ok", *BERLIN, 3), ("email.open", *PARIS, 2)])
        before = found.total
        async with asyncio.timeout(10):
            while found.total == before:
                found.feed(await curl.stdout.read(65536))
    assert found.counts == {"web.ok": 9}
    curl.terminate()
    await curl.wait()
    await until(lambda: not serving.live.streams)


@pytest.mark.parametrize("by", ["header", "query"])
async def test_who_comes_back_misses_nothing_and_gets_nothing_twice(
    serving: Any, ingest: Any, by: str
) -> None:
    totals, cursor = [0], ""
    for round_ in range(4):
        again = {"Last-Event-ID": cursor} if by == "header" and cursor else {}
        async with reading(serving, f"?since={cursor}" if by == "query" and cursor else "", **again) as found:
            await ingest.send([("web.ok", *BERLIN, 1)])
            await until(lambda: sum(totals) + found.total >= ingest.located)
            assert not found.named("reset")
        cursor = found.last_event_id
        totals.append(found.total)
        assert sum(totals) == ingest.located
        for _ in range(2 * round_):  # in steps of their own, while nobody reads
            await ingest.send([("web.ok", *BERLIN, 1)])
            serving.live.step(now_ms() // TICK_MS * TICK_MS)


async def test_the_header_counts_more_than_the_query(serving: Any, ingest: Any) -> None:
    first = serving.live.ring.cursor(serving.live.ring.last)
    await ingest.send([("web.ok", *BERLIN, 1)])
    await until(lambda: serving.live.totals.all_located == 1)
    then = serving.live.ring.cursor(serving.live.ring.last)
    async with reading(serving, f"?since={first}", **{"Last-Event-ID": then}) as found:
        await ingest.send([("web.ok", *BERLIN, 5)])
        await until(lambda: found.total == 5)


async def test_much_that_was_missed_comes_merged(serving: Any, ingest: Any) -> None:
    since = serving.live.ring.cursor(serving.live.ring.last)
    for count in range(1, 13):
        await ingest.send([("web.ok", *BERLIN, count)])
        await until(lambda: serving.live.totals.all_located == ingest.located)
        serving.live.step(now_ms() // TICK_MS * TICK_MS)
    async with reading(serving, f"?since={since}") as found:
        await until(lambda: found.total == ingest.located)
        assert len(found.named("message")) == 1


async def test_a_cursor_of_another_life_starts_anew_and_says_so(serving: Any, ingest: Any) -> None:
    await ingest.send([("web.ok", *BERLIN, 1)])
    await until(lambda: serving.live.totals.all_located == 1)
    async with reading(serving, **{"Last-Event-ID": "00000000.7"}) as found:
        await ingest.send([("web.ok", *BERLIN, 5)])
        await until(lambda: found.total == 5)
        assert [name for name, _ in found.events] == ["reset", "message"]
        assert "started anew" in found.named("reset")[0]["reason"]


async def test_what_is_forgotten_starts_anew(serving: Any, ingest: Any) -> None:
    since = serving.live.ring.cursor(serving.live.ring.last)
    await ingest.send([("web.ok", *BERLIN, 1)])
    await until(lambda: serving.live.totals.all_located == 1)
    serving.live.ring.floor = serving.live.ring.last
    async with reading(serving, f"?since={since}") as found:
        await until(lambda: found.named("reset"))
        await ingest.send([("web.ok", *BERLIN, 5)])
        await until(lambda: found.total == 5)


async def test_a_silent_stream_is_kept_and_its_cursor_moves_on(
    serving: Any, ingest: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sse, "HEARTBEAT_SECONDS", 0.5)
    async with reading(serving, "?topics=quiet") as found:
        first = found.last_event_id
        await ingest.send([("web.ok", *BERLIN, 1)])
        await until(lambda: found.comments >= 2)
        assert found.last_event_id > first
        assert found.events == []
    async with reading(serving, f"?topics=web.>&since={first}") as again:
        await until(lambda: again.total == 1)


async def test_many_read_what_is_made_once(serving: Any, ingest: Any) -> None:
    async with contextlib.AsyncExitStack() as stack:
        readers = [await stack.enter_async_context(reading(serving)) for _ in range(50)]
        assert len(serving.live.streams) == 50
        assert (await serving.stats())["viewers"] == 50
        for _ in range(4):
            await ingest.send([("web.ok", *BERLIN, 7)])
            await asyncio.sleep(0.2)
        await until(lambda: all(reader.total == 28 for reader in readers))
    await until(lambda: not serving.live.streams)


async def test_who_goes_is_forgotten(serving: Any, ingest: Any) -> None:
    before = len(asyncio.all_tasks())
    for _ in range(5):
        async with reading(serving):
            await ingest.send([("web.ok", *BERLIN, 7)])
    await until(lambda: not serving.live.streams)
    await until(lambda: len(asyncio.all_tasks()) <= before)


async def test_who_reads_slowly_gets_it_merged_and_holds_up_nobody(serving: Any, ingest: Any) -> None:
    """Steps of thousands of rows to one who reads nothing for a while: what waits for it stays small."""
    rows = [("web.ok", lat / 4, lon / 4, 1) for lat in range(-120, 120, 4) for lon in range(-600, 600, 20)]
    slow = socket.socket()
    slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
    slow.connect(("127.0.0.1", serving.port))
    slow.sendall(b"GET /api/live.sse HTTP/1.1\r\nHost: x\r\n\r\n")
    slow.setblocking(False)
    await until(lambda: len(serving.live.streams) == 1)
    async with reading(serving) as quick:
        steps = 0
        while steps < 20:
            await ingest.send(rows)
            await until(lambda: serving.live.totals.all_located == ingest.located)
            steps += 1
        await until(lambda: quick.total == ingest.located)
        (connection,) = (
            reader.connection
            for reader in readers_of(serving)
            if reader.connection.transport.get_write_buffer_size()
        )
        largest = max(len(msgspec.json.encode(said)) for said in quick.named("message"))
        assert connection.transport.get_write_buffer_size() <= (64 << 10) + largest + 1000
        found = await drained(slow, ingest.located)
        assert found.total == ingest.located
        assert len(found.named("message")) < len(quick.named("message"))
    slow.close()


def readers_of(serving: Any) -> list[sse.Reader]:
    return [listener for listener in serving.live.streams._heard if isinstance(listener, sse.Reader)]


async def drained(slow: socket.socket, total: int) -> Reading:
    """What a chunked answer holds, read until a sum has come."""
    found, data, loop = Reading(), b"", asyncio.get_running_loop()
    async with asyncio.timeout(20):
        while b"\r\n\r\n" not in data:
            data += await loop.sock_recv(slow, 65536)
        data = data.partition(b"\r\n\r\n")[2]
        while found.total < total:
            while match := re.match(rb"([0-9a-f]+)\r\n", data):
                size, start = int(match[1], 16), match.end()
                if len(data) < start + size + 2:
                    break
                found.feed(data[start : start + size])
                data = data[start + size + 2 :]
            if found.total < total:
                data += await loop.sock_recv(slow, 65536)
    return found


async def test_who_reads_nothing_for_long_is_cut_off(
    serving: Any, ingest: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sse, "STALLED_SECONDS", 0.5)
    rows = [("web.ok", lat / 4, lon / 4, 1) for lat in range(-120, 120, 4) for lon in range(-600, 600, 20)]
    stalled = socket.socket()
    stalled.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
    stalled.connect(("127.0.0.1", serving.port))
    stalled.sendall(b"GET /api/live.sse HTTP/1.1\r\nHost: x\r\n\r\n")
    await until(lambda: len(serving.live.streams) == 1)
    async with asyncio.timeout(30):
        while serving.live.streams:
            await ingest.send(rows)
            await asyncio.sleep(0.25)
    stalled.close()


async def test_a_stopping_server_says_goodbye(
    serving: Any, ingest: Any, caplog: pytest.LogCaptureFixture
) -> None:
    async with reading(serving) as found, reading(serving, "?topics=quiet") as quiet:
        await ingest.send([("web.ok", *BERLIN, 4)])
        await until(lambda: serving.hub.batches == 1)
        connections = await serving.live.end()
        assert len(connections) == 2
        await until(lambda: found.named("end") and quiet.named("end"))
        assert found.total == 4, "the last step is sent before the end"
        assert found.events[-1] == ("end", {"code": "stopping", "message": "the server stops"})
        await until(lambda: all(connection.disconnected for connection in connections))
        assert not serving.live.streams
    assert not caplog.records


async def test_it_is_described(serving: Any) -> None:
    document = (await serving.http.get("/api/openapi.json")).json()
    route = document["paths"]["/api/live.sse"]["get"]
    assert "text/event-stream" in route["responses"]["200"]["content"]
    assert {parameter["name"] for parameter in route["parameters"]} == {"topics", "since", "last-event-id"}

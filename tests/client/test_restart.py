"""The client against whole servers, which stop and are started again."""

from __future__ import annotations

import asyncio
import urllib.request
from contextlib import suppress
from urllib.parse import urlsplit

import psutil
import pytest
from client.relay import Relay

import dynmap
from dynmap.client import Live, RefusedError, Step, live
from dynmap.testing import Server, run_server


@pytest.fixture(autouse=True)
def _quick_to_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "_FIRST_SECONDS", 0.05)
    monkeypatch.setattr(live, "_MOST_SECONDS", 0.2)


async def post(server: Server, lines: str) -> None:
    request = urllib.request.Request(
        f"{server.url}/api/events", lines.encode(), {"Content-Type": "application/x-ndjson"}
    )
    with await asyncio.to_thread(urllib.request.urlopen, request, timeout=30) as answer:
        assert answer.status == 202


def port(server: Server) -> int:
    return urlsplit(server.url).port or 0


async def until(live_map: Live, totals: dict[str, int]) -> list[Step]:
    steps: list[Step] = []
    async with asyncio.timeout(60):
        while live_map.totals != totals or not steps:
            steps.append(await anext(live_map))
    return steps


async def test_a_server_that_is_started_anew_says_so() -> None:
    event = '{"lat":52.5,"lon":13.4,"topic":"web.ok","n":3}\n'
    with run_server() as first:
        async with Relay(port(first)) as relay, dynmap.connect(relay.url) as live_map:
            await post(first, event * 2)
            steps = await until(live_map, {"web.ok": 6})
            assert sum(step.total for step in steps) == 6
            assert await asyncio.to_thread(first.stop) == 0
            with run_server() as second:
                await post(second, event + event.replace("web.ok", "mail"))
                relay.target = port(second)
                steps = await until(live_map, {"web.ok": 3, "mail": 3})
                [reset] = [step for step in steps if step.reset is not None]
                assert "started anew" in str(reset.reset)
                assert live_map.topics == ["web.ok", "mail"]
                await post(second, event)
                steps = await until(live_map, {"web.ok": 6, "mail": 3})
                assert [step.counts for step in steps if step.counts] == [{"web.ok": 3}]


async def test_a_serving_process_that_is_killed_costs_nothing() -> None:
    event = '{"lat":52.5,"lon":13.4,"topic":"web.ok","n":3}\n'
    with run_server() as server:
        async with dynmap.connect(server.url) as live_map:
            await post(server, event)
            steps = await until(live_map, {"web.ok": 3})
            [serving] = [
                child for child in psutil.Process(server.pid).children() if "_serve" in child.cmdline()
            ]
            serving.kill()
            while live_map.connected:
                with suppress(TimeoutError):
                    await asyncio.wait_for(anext(live_map), 0.05)
            steps += [await anext(live_map)]
            await post(server, event * 2)
            steps += await until(live_map, {"web.ok": 9})
            assert sum(step.total for step in steps) == 9
            assert all(step.reset is None for step in steps)


async def test_a_network_that_comes_and_goes_loses_and_doubles_nothing() -> None:
    with run_server("--port", "0", command="demo") as server:
        async with Relay(port(server)) as relay, dynmap.connect(relay.url, window=5) as live_map:
            before = live_map.located
            added = 0
            for _ in range(6):
                async with asyncio.timeout(30):
                    for _ in range(3):
                        added += (await anext(live_map)).total
                relay.cut()
            await asyncio.to_thread(server.stop)
            with suppress(TimeoutError):
                async with asyncio.timeout(3):
                    async for step in live_map:
                        added += step.total
                    raise AssertionError("it is waited for, for ever")
            assert live_map.located == before + added
            assert added > 0


async def test_a_topic_that_is_none_is_refused_by_the_whole_server() -> None:
    with run_server() as server, pytest.raises(RefusedError, match="pattern is not tokens"):
        async with dynmap.connect(server.url, topics="web..x"):
            pass

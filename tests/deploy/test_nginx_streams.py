"""Server-sent events and Socket.IO through deploy/nginx.conf, before two servers."""

from __future__ import annotations

import asyncio
import json
import shutil
from typing import Any

import httpx
import pytest
from deploy.front import EVENT, Front, post
from node.driver import TRANSPORTS, needs_node, node_client

from dynmap.testing import Server


async def feed(servers: list[Server], times: int) -> None:
    for _ in range(times):
        for server in servers:
            await asyncio.to_thread(post, server, EVENT)


async def test_server_sent_events_come_as_they_are_sent(front: Front, servers: list[Server]) -> None:
    """A stream without an end: were it held back until there is more of it, nothing would come."""
    async with (
        httpx.AsyncClient(verify=front.tls, trust_env=False, base_url=front.url) as http,
        http.stream("GET", "/api/live.sse?topics=web.*") as stream,
        asyncio.timeout(20),
    ):
        assert stream.headers["Content-Type"].startswith("text/event-stream")
        lines = stream.aiter_lines()
        while not (await anext(lines)).startswith("id: "):
            pass
        for _ in range(3):
            await feed(servers, 1)
            while not (line := await anext(lines)).startswith("data: "):
                pass
            [[_, _, topic, count]] = json.loads(line.removeprefix("data: "))["points"]
            assert (topic, count) == ("web.ok", 3)


async def test_curl_sees_them(front: Front, servers: list[Server]) -> None:
    curl = shutil.which("curl")
    if curl is None:
        pytest.skip("needs curl")
    command = (curl, "-sN", "--cacert", front.authority, f"{front.url}/api/live.sse")
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    try:
        async with asyncio.timeout(20):
            await process.stdout.readuntil(b"id: ")
            await feed(servers, 1)
            assert b'"web.ok",3]' in await process.stdout.readuntil(b"]]}")
    finally:
        process.terminate()
        await process.wait()


@needs_node
@TRANSPORTS
async def test_socket_io_meets_the_server_of_its_session(
    front: Front, servers: list[Server], options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NODE_EXTRA_CA_CERTS", str(front.authority))
    async with node_client(front.url, **options) as client:
        await client.connected()
        assert (await client.emit("subscribe", "web.*"))["ok"] is True
        for number in range(1, 5):
            await feed(servers, 1)
            await client.until(lambda number=number: client.counts == {"web.ok": 3 * number})  # type: ignore[misc]
        assert len(client.all("connect")) == 1
        assert client.all("connect_error") == []

"""Socket.IO as docs/socket-io.md has it, and with a server that goes and comes back."""

from __future__ import annotations

import asyncio
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from node.driver import FOLDER, TRANSPORTS, install, needs_node, node_client

from dynmap.testing import Server, free_port, run_server

DOCUMENT = (Path(__file__).parents[2] / "docs" / "socket-io.md").read_text()
WHERE = "http://127.0.0.1:8080"
EVENTS = [
    {"lat": 52.52, "lon": 13.405, "topic": "web.ok", "n": 3},
    {"lat": 48.8566, "lon": 2.3522, "topic": "web.bad", "n": 4},
    {"lat": 0, "lon": 0, "topic": "dns", "n": 100},
]


def send(server: Server) -> None:
    answer = httpx.post(f"{server.url}/api/events", json=EVENTS)
    assert answer.json()["located"] == 107


@pytest.fixture
def script() -> Iterator[Path]:
    """The document's example, where Node finds the client's package."""
    install()
    found = re.search(r"^```js\n(import .*?)^```$", DOCUMENT, re.M | re.S)
    assert found
    path = FOLDER / "example.mjs"
    path.write_text(found[1])
    yield path
    path.unlink()


@needs_node
def test_the_documented_client_works(script: Path) -> None:
    with run_server() as server:
        script.write_text(script.read_text().replace(WHERE, server.url))
        with subprocess.Popen(["node", str(script)], stdout=subprocess.PIPE, text=True) as node:
            assert server.wait_until(lambda: server.stats()["viewers"] == 1)
            send(server)
            assert node.stdout
            lines = sorted(node.stdout.readline().split()[1:3] for _ in range(2))
            assert lines == [["web.bad", "4"], ["web.ok", "3"]]
            node.terminate()


@needs_node
@TRANSPORTS
async def test_a_server_that_comes_back_is_found_again(options: dict[str, Any]) -> None:
    port = str(free_port())
    async with node_client(f"http://127.0.0.1:{port}", again=["web.>"], **options) as client:
        for times in range(1, 3):
            with run_server("--port", port) as server:
                await client.until(lambda: len(client.all("ack")) == times)  # noqa: B023
                await asyncio.to_thread(send, server)
                await client.until(lambda: client.total == 7 * times)  # noqa: B023
                assert await asyncio.to_thread(server.stop) == 0
                await client.until(lambda: len(client.all("disconnect")) == times)  # noqa: B023
                assert "rror" not in server.log(), server.log()
        assert set(client.all("disconnect")) <= {"transport close", "transport error"}

"""A real socket.io-client in a Node process (client.mjs), driven and listened to by tests."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
import subprocess
from collections import Counter
from collections.abc import AsyncIterator, Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parent

POLLING: dict[str, Any] = {"transports": ["polling"]}
WEBSOCKET: dict[str, Any] = {"transports": ["websocket"]}
EITHER: dict[str, Any] = {}
TRANSPORTS = pytest.mark.parametrize(
    "options", [WEBSOCKET, POLLING, EITHER], ids=["websocket", "polling", "either"]
)

needs_node = pytest.mark.skipif(shutil.which("npm") is None, reason="needs Node and npm")


@cache
def install() -> None:
    """Has npm install the client's packages, when they are missing or others than the lock file names."""
    installed, locked = FOLDER / "node_modules" / ".package-lock.json", FOLDER / "package-lock.json"
    if not installed.exists() or installed.stat().st_mtime < locked.stat().st_mtime:
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--silent"], cwd=FOLDER, check=True)
        installed.touch()


class NodeClient:
    """A socket.io-client in a process of its own, and what it has said."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.said: list[tuple[str, Any]] = []
        self._heard = asyncio.Event()
        self._listening = asyncio.create_task(self._listen())

    async def _listen(self) -> None:
        assert self._process.stdout
        while text := await self._process.stdout.readline():
            kind, value = json.loads(text)
            self.said.append((kind, value))
            self._heard.set()

    async def until(self, condition: Callable[[], bool], seconds: float = 20) -> None:
        async with asyncio.timeout(seconds):
            while not condition():
                self._heard.clear()
                await self._heard.wait()

    def all(self, kind: str) -> list[Any]:
        return [value for said, value in self.said if said == kind]

    @property
    def counts(self) -> Counter[str]:
        counts: Counter[str] = Counter()
        for events in self.all("events"):
            for _, _, topic, count in events["points"]:
                counts[topic] += count
        return counts

    @property
    def total(self) -> int:
        return self.counts.total()

    async def connected(self, times: int = 1) -> None:
        await self.until(lambda: len(self.all("connect")) >= times)

    async def emit(self, event: str, *args: Any) -> Any:
        """Emit an event; the acknowledgement."""
        before = len(self.all("ack"))
        self._tell(event, *args)
        await self.until(lambda: len(self.all("ack")) > before)
        return self.all("ack")[-1]

    def _tell(self, *command: Any) -> None:
        assert self._process.stdin
        self._process.stdin.write(json.dumps(command).encode() + b"\n")

    async def close(self) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        await self._process.wait()
        await self._listening


@contextlib.asynccontextmanager
async def node_client(url: str, **options: Any) -> AsyncIterator[NodeClient]:
    """A client that connects to a server; `options` are those of socket.io-client, and `again` (see client.mjs)."""
    install()
    process = await asyncio.create_subprocess_exec(
        *("node", str(FOLDER / "client.mjs"), url, json.dumps(options)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=1 << 24,
    )
    client = NodeClient(process)
    try:
        yield client
    finally:
        await client.close()

"""A real serving side in this process: its own port, a real relay socket, and an ingest process played by the test."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import msgspec
import numpy as np
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from dynmap import grid, wire
from dynmap.config import Settings
from dynmap.frame import tick_of
from dynmap.relay.local import LocalHub, LocalLink
from dynmap.relay.message import BatchMessage, Post, PostAnswer, Rejection, SourceStatus, Status
from dynmap.serve.api import create_app
from dynmap.serve.frontage import Frontage
from dynmap.serve.gate import Gate
from dynmap.serve.live import Live, now_ms
from dynmap.serve.role import Server, config
from dynmap.serve.site import Site
from dynmap.wire import Kind, WireFrame

READY = Status(
    "ready",
    sources=[SourceStatus("web", "tail", "combined", "open")],
    geo={"attribution": "IP geolocation by DB-IP", "link": "https://db-ip.com", "places": 3},
)

Row = tuple[str, float, float, int]
"""Topic, latitude, longitude, weight."""


class Ingest:
    """Sends what a test makes up, as an ingest process would."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._positions = itertools.count()
        self.link: LocalLink
        self.located = 0
        self.posts: list[Post] = []
        self.answer: Callable[[Post], Awaitable[PostAnswer]] = self._accept

    async def start(self, status: Status = READY) -> None:
        self.link = await LocalLink.connect(self._path, self._answer)
        self.link.say(status)

    async def _answer(self, post: Post) -> PostAnswer:
        return await self.answer(post)

    async def _accept(self, post: Post) -> PostAnswer:
        self.posts.append(post)
        counts = {"received": 1, "located": 1, "unlocated": 0, "rejected": 0}
        return PostAnswer(post.id, 202, {**counts, "errors": [], "durable": False})

    async def send(
        self,
        rows: Sequence[Row],
        *,
        unlocated: Mapping[str, int] | None = None,
        rejected: Mapping[str, int] | None = None,
        tick: int | None = None,
        bits: int = 20,
        source: str = "web",
    ) -> BatchMessage:
        """One batch, in the relay's hands when this returns and in the collector soon after."""
        batch = made(
            next(self._positions),
            rows,
            unlocated=unlocated or {},
            rejected=rejected or {},
            tick=tick,
            bits=bits,
            source=source,
        )
        self.located += batch.located
        self.link.publish(batch)
        await self.link._idle.wait()
        return batch


def made(
    first: int,
    rows: Sequence[Row],
    *,
    unlocated: Mapping[str, int],
    rejected: Mapping[str, int],
    tick: int | None,
    bits: int,
    source: str,
) -> BatchMessage:
    topics = sorted({topic for topic, *_ in rows} | set(unlocated))
    lat, lon = (np.array([row[column] for row in rows], np.float64) for column in (1, 2))
    x, y = grid.cells(lat, lon, bits)
    count = np.array([row[3] for row in rows], np.uint32)
    number = np.array([topics.index(row[0]) for row in rows], np.uint16)
    return BatchMessage(
        source=source,
        producer="log",
        generation=0,
        first=first,
        last=first + 1,
        arrival=now_ms(),
        topics=topics,
        ticks=[tick_of(now_ms()) if tick is None else tick],
        **BatchMessage.columns(np.zeros(len(rows), np.uint16), number, x, y, count),
        located=sum(row[3] for row in rows),
        unlocated={topics.index(topic): weight for topic, weight in unlocated.items()},
        rejected=sum(rejected.values()),
        reasons=dict(rejected),
        examples=[Rejection(reason, "x.x.x.x bad") for reason in rejected],
    )


class Serving:
    """A serving side and where to find it."""

    def __init__(self, live: Live, hub: LocalHub, port: int, http: httpx.AsyncClient) -> None:
        self.live = live
        self.hub = hub
        self.port = port
        self.http = http

    @property
    def live_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/api/live"

    @contextlib.asynccontextmanager
    async def viewer(self, **options: Any) -> AsyncIterator[Watcher]:
        options = {"compression": None, "max_size": None, **options}
        async with connect(self.live_url, **options) as connection:
            yield Watcher(connection)

    async def stats(self) -> dict[str, Any]:
        answer = await self.http.get("/api/stats")
        assert answer.status_code == 200
        return dict(answer.json())


class Watcher:
    """A client that keeps the account as the protocol says: what came counts at its mark."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.names: dict[int, str] = {}
        self.texts: list[dict[str, Any]] = []
        self.frames: list[WireFrame] = []
        self.cursor: str | None = None
        self.located = 0
        self.by_topic: dict[str, int] = {}
        self._waiting: list[WireFrame] = []

    async def say(self, **message: Any) -> None:
        await self.connection.send(msgspec.json.encode(message).decode())

    async def subscribe(self, **fields: Any) -> None:
        await self.say(type="subscribe", **{"id": 7, "topics": [">"], **fields})

    async def next(self) -> dict[str, Any] | WireFrame:
        data = await self.connection.recv()
        if isinstance(data, bytes):
            frame = wire.decode(data)
            self.frames.append(frame)
            self._waiting.append(frame)
            assert set(frame.topic.tolist()) <= set(self.names), "a topic is used before it is named"
            return frame
        message: dict[str, Any] = msgspec.json.decode(data)
        self.texts.append(message)
        match message:
            case {"type": "topics", "topics": topics}:
                self.names.update({int(number): name for number, name in topics.items()})
            case {"type": "reset"}:
                self._waiting.clear()
            case {"type": "subscribed", "cursor": cursor, "located": located, "topics": topics}:
                assert located == sum(topics.values())
                self.cursor, self.located, self._waiting = cursor, located, []
                self.by_topic = {self.names[int(number)]: count for number, count in topics.items()}
            case {"type": "mark", "cursor": cursor}:
                self._commit(cursor)
        return message

    def _commit(self, cursor: str) -> None:
        for frame in self._waiting:
            if frame.kind is not Kind.PICTURE:
                self.located += frame.total
                for number, count in zip(frame.topic.tolist(), frame.count.tolist(), strict=True):
                    name = self.names[number]
                    self.by_topic[name] = self.by_topic.get(name, 0) + count
        self._waiting.clear()
        self.cursor = cursor

    async def until(self, condition: Callable[[], bool], seconds: float = 10) -> None:
        async with asyncio.timeout(seconds):
            while not condition():
                await self.next()

    async def until_type(self, kind: str) -> dict[str, Any]:
        async with asyncio.timeout(10):
            while True:
                message = await self.next()
                if isinstance(message, dict) and message["type"] == kind:
                    return message

    async def until_closed(self, seconds: float = 10) -> tuple[int | None, str]:
        try:
            async with asyncio.timeout(seconds):
                while True:
                    await self.next()
        except ConnectionClosed:
            return self.connection.close_code, self.connection.close_reason or ""


@pytest.fixture
def served_settings(request: pytest.FixtureRequest) -> Settings:
    """What the serving side is set to; a test that is about it gives its own by indirect parametrization."""
    return getattr(request, "param", Settings())


@pytest.fixture
async def serving(tmp_path: Path, served_settings: Settings) -> AsyncIterator[Serving]:
    live = Live(300)
    path = tmp_path / "relay.sock"
    hub = await LocalHub.listen(path, live.take, live.hear, live.ingest_is_gone)
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    app = asyncio.get_running_loop().create_future()
    gate = Gate(served_settings)
    app.set_result(create_app(live, hub, gate))
    site = Site(live, app, tmp_path / "static", gate, Frontage.of(served_settings))
    server = Server(config(site, served_settings.serve.proxies))
    tasks = [asyncio.create_task(server.serve([listener])), asyncio.create_task(live.tick())]
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as http:
        while not server.started:
            await asyncio.sleep(0.005)
        yield Serving(live, hub, port, http)
    tasks[1].cancel()
    server.should_exit = True
    await asyncio.gather(*tasks, return_exceptions=True)
    await hub.close()


@pytest.fixture
async def ingest(serving: Serving, tmp_path: Path) -> AsyncIterator[Ingest]:
    side = Ingest(tmp_path / "relay.sock")
    await side.start()
    yield side
    await side.link.close()


@pytest.fixture
def played() -> Any:
    """The parts that tests play, for a serving side of their own."""
    return SimpleNamespace(Ingest=Ingest, Watcher=Watcher)

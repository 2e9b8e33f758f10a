"""Promise 1 for every viewer at once, in schedules that Hypothesis makes up, over real sockets.

Viewers ask for random topics in random tilings, are cut off and come back with `since`, stop reading and go on, ask for
fewer steps, acknowledge or don't. At **every** mark, what was sent since the mark before is exactly what happened.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import socket
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from dynmap import grid, topics, wire
from dynmap.config import Settings
from dynmap.frame import TICK_MS, Frame, tick_of
from dynmap.relay.message import BatchMessage
from dynmap.serve import connection
from dynmap.serve.area import WORLD, Area, Tile, area_of
from dynmap.serve.gate import Gate
from dynmap.serve.live import Live, now_ms
from dynmap.serve.role import Server, config
from dynmap.serve.site import Site
from dynmap.wire import Kind, WireFrame

TOPICS = ["web.ok", "web.bad", "mail.in", "shop"]
PATTERNS = [[">"], ["web.>"], ["web.*", "shop"], ["mail.in"], ["*"]]
VIEWERS = 3
MANY_ROWS = 100
"""Fewer than that are never rolled up: tiles have at least 128."""

Rows = list[tuple[int, float, float, int, int, int]]
"""Topic, latitude, longitude, precision, weight, age of its tick in ms."""


@pytest.fixture(autouse=True)
def _time_flies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Viewers are soon slow, and may say more in a second, in which many ticks pass."""
    monkeypatch.setattr(connection, "FRAMES_AT_ONCE", 1 << 30)
    monkeypatch.setattr(connection, "MAX_WAITING", 2000)
    monkeypatch.setattr(connection, "SEND_BUFFER", 2048)


@st.composite
def tilings(draw: st.DrawFn) -> list[Tile]:
    """The world quartered at random places, at random depths."""
    tiles: list[Tile] = [WORLD]
    for choice in draw(st.lists(st.integers(0, 99), max_size=8)):
        z, x, y = tile = tiles[-1 - choice % min(4, len(tiles))]
        tiles.remove(tile)
        tiles += [(z + 1, 2 * x + dx, 2 * y + dy) for dx in (0, 1) for dy in (0, 1)]
    return tiles


@st.composite
def wishes(draw: st.DrawFn) -> Wish:
    tiles = draw(tilings())
    if draw(st.booleans()):
        tiles = tiles[: draw(st.integers(1, len(tiles)))]
    return Wish(
        tuple(draw(st.sampled_from(PATTERNS))),
        area_of(tiles, draw(st.booleans())),
        draw(st.sampled_from([250, 250, 250, 500, 1000])),
        draw(st.sampled_from([0, 0, 10])),
    )


rows = st.lists(
    st.tuples(
        st.integers(0, len(TOPICS) - 1),
        st.floats(-80, 80),
        st.floats(-180, 179),
        st.sampled_from([7, 12, 20, 24]),
        st.integers(1, 1000),
        st.sampled_from([0, 0, 0, 1000, 100_000]),
    ),
    max_size=8,
)
actions = st.one_of(
    st.tuples(st.just("happen"), rows),
    st.tuples(st.just("happen much"), st.integers(1, 1000)),
    st.tuples(st.just("tick"), st.integers(1, 10)),
    st.tuples(st.just("ask"), st.integers(0, VIEWERS - 1), wishes()),
    st.tuples(st.just("ask to go on"), st.integers(0, VIEWERS - 1), wishes()),
    st.tuples(st.just("cut off"), st.integers(0, VIEWERS - 1)),
    st.tuples(st.just("stop reading"), st.integers(0, VIEWERS - 1)),
    st.tuples(st.just("read on"), st.integers(0, VIEWERS - 1)),
    st.tuples(st.just("acknowledge"), st.integers(0, VIEWERS - 1)),
)


@dataclass(frozen=True)
class Wish:
    """What a viewer asks for."""

    patterns: tuple[str, ...] = (">",)
    area: Area = field(default_factory=Area)
    every: int = 250
    window: float = 0

    def includes(self, topic: str) -> bool:
        return any(topics.matches(pattern, topic) for pattern in self.patterns)

    def of(self, name: str, frame: Frame) -> int:
        """What of a frame of one topic it is to be told."""
        if not self.includes(name):
            return 0
        return frame.total if self.area.is_world else sum(frame.cut(*tile).total for tile in self.area.tiles)


def by_root(counts: Counter[str]) -> Counter[str]:
    sums: Counter[str] = Counter()
    for topic, count in counts.items():
        sums[topic.partition(".")[0]] += count
    return sums


class World:
    """A serving side whose ticks the test makes, and the truth about what happened."""

    def __init__(self) -> None:
        self.live = Live(86_400)
        self.port = 0
        self.truth: dict[int, list[tuple[str, Frame]]] = {}
        self._positions = itertools.count()
        self._tick = tick_of(now_ms())

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        listener = socket.create_server(("127.0.0.1", 0))
        self.port = listener.getsockname()[1]
        unused: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        server = Server(config(Site(self.live, unused, Path("/nonexistent"), Gate(Settings()))))
        serving = asyncio.create_task(server.serve([listener]))
        try:
            yield
        finally:
            server.should_exit = True
            await serving

    def happen(self, happened: Rows) -> None:
        if not happened:
            return
        cells = [grid.cell(lat, lon, bits) for _, lat, lon, bits, _, _ in happened]
        ticks = sorted({self._tick - age for *_, age in happened})
        columns = BatchMessage.columns(
            np.array([ticks.index(self._tick - row[5]) for row in happened], np.uint16),
            np.array([row[0] for row in happened], np.uint16),
            np.array([x for x, _ in cells], np.uint32),
            np.array([y for _, y in cells], np.uint32),
            np.array([row[4] for row in happened], np.uint32),
        )
        position = next(self._positions)
        self.live._collector.take(
            BatchMessage(
                source="test", producer="test", generation=0, first=position, last=position + 1, arrival=self._tick,
                topics=TOPICS, ticks=ticks, located=sum(row[4] for row in happened), unlocated={}, rejected=0,
                reasons={}, examples=[], **columns,
            ),
            self._tick,
        )  # fmt: skip

    def tick(self) -> None:
        step = self.live.step(self._tick)
        self._tick += TICK_MS
        names = self.live.index.names
        self.truth[step.number] = [
            (names[number], frame.where(frame.topic == number))
            for frame in (*step.frames, step.old)
            for number in np.unique(frame.topic).tolist()
        ]

    def told(self, wish: Wish, first: int, last: int) -> Counter[str]:
        """What a wish is to be told of the steps past one up to another."""
        sums: Counter[str] = Counter()
        for number in range(first + 1, last + 1):
            for name, frame in self.truth[number]:
                sums[name] += wish.of(name, frame)
        return +sums


class Viewer:
    """Keeps the account as the protocol says, and holds it to the truth at every mark."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.wish = Wish()
        self.number = 0
        self.id = 0
        self.cursor: str | None = None
        self.kinds: set[Kind] = set()
        self._names: dict[int, str] = {}
        self._waiting: list[WireFrame] = []
        self._reading: asyncio.Task[None] | None = None
        self._connection: ClientConnection

    async def come(self, since: str | None = None) -> None:
        self._names, self._waiting = {}, []
        ours = socket.socket()
        # Little room for what is not read, from the start: kernels are slow to go on when it is taken away later.
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16_384)
        ours.connect(("127.0.0.1", self.world.port))
        self._connection = await connect(
            f"ws://127.0.0.1:{self.world.port}/api/live",
            sock=ours,
            max_size=None,
            max_queue=1,
            close_timeout=0,
        )
        self._reading = asyncio.create_task(self._read())
        await self.ask(self.wish, since)

    async def ask(self, wish: Wish, since: str | None) -> None:
        self.wish, self.id, self._waiting = wish, (self.id + 1) % 256, []
        request = {
            "type": "subscribe", "id": self.id, "topics": wish.patterns, "tiles": wish.area.tiles,
            "rest": wish.area.rest, "every": wish.every, "window": wish.window, "since": since,
        }  # fmt: skip
        await self._connection.send(msgspec.json.encode(request).decode())

    async def cut_off(self) -> None:
        self._connection.transport.abort()
        await self.gone()
        await self.come(self.cursor)

    async def gone(self) -> None:
        if self._reading is not None:
            with contextlib.suppress(ConnectionClosed):
                await self._reading

    async def acknowledge(self) -> None:
        if self.cursor is not None:
            await self._connection.send(msgspec.json.encode({"type": "ack", "cursor": self.cursor}).decode())

    def stop_reading(self) -> None:
        self._connection.transport.pause_reading()

    def read_on(self) -> None:
        self._connection.transport.resume_reading()

    async def _read(self) -> None:
        async for data in self._connection:
            if isinstance(data, bytes):
                frame = wire.decode(data)
                if frame.subscription == self.id:
                    self._take(frame)
                continue
            message = msgspec.json.decode(data)
            match message:
                case {"type": "topics", "topics": named}:
                    self._names |= {int(number): name for number, name in named.items()}
                case {"type": "subscribed", "id": self.id, "cursor": cursor, "located": located}:
                    self._waiting, self.cursor, self.number = [], cursor, self._number(cursor)
                    is_world = self.wish.area.is_world
                    wanted = self.world.told(self.wish, 0, self.number).total() if is_world else 0
                    assert located == wanted
                case {"type": "reset" | "error"}:
                    raise AssertionError(message)
                case {"type": "mark", "id": self.id, "cursor": cursor}:
                    self._commit(cursor)

    def _take(self, frame: WireFrame) -> None:
        tile = (frame.z, frame.tile_x, frame.tile_y)
        is_rest = tile == WORLD and frame.bits == 0
        assert tile in self.wish.area.tiles or (is_rest and self.wish.area.rest)
        assert set(frame.topic.tolist()) <= set(self._names), "a topic is used before it is named"
        self.kinds.add(frame.kind)
        if frame.kind is not Kind.PICTURE:
            self._waiting.append(frame)

    def _commit(self, cursor: str) -> None:
        sums: Counter[str] = Counter()
        for frame in self._waiting:
            for number, count in zip(frame.topic.tolist(), frame.count.tolist(), strict=True):
                sums[self._names[number]] += count
        number = self._number(cursor)
        assert number >= self.number
        told = self.world.told(self.wish, self.number, number)
        if sum(len(frame.count) for frame in self._waiting) > MANY_ROWS:  # topics may have been rolled up
            sums, told = by_root(sums), by_root(told)
        assert sums == told, (self.number, number, self.wish)
        self.cursor, self.number, self._waiting = cursor, number, []

    def _number(self, cursor: str) -> int:
        number = self.world.live.ring.number(cursor)
        assert number is not None
        return number


async def play(schedule: list[tuple[Any, ...]]) -> list[Viewer]:
    world = World()
    async with world.open():
        world.tick()
        viewers = [Viewer(world) for _ in range(VIEWERS)]
        for viewer in viewers:
            await viewer.come()
        for what, *details in schedule:
            await act(world, viewers, what, *details)
            await asyncio.sleep(0)
            for viewer in viewers:
                check(viewer)
        for viewer in viewers:
            viewer.read_on()
        await settle(world, viewers)
        for viewer in viewers:
            viewer._connection.transport.abort()
            await viewer.gone()
    return viewers


async def act(world: World, viewers: list[Viewer], what: str, *details: Any) -> None:
    match what, details:
        case "happen", (happened,):
            world.happen(happened)
        case "happen much", (seed,):
            world.happen(list(much(seed)))
        case "tick", (count,):
            for _ in range(count):
                world.tick()
                await asyncio.sleep(0.002)
        case "ask", (number, wish):
            await viewers[number].ask(wish, None)
        case "ask to go on", (number, wish):
            await viewers[number].ask(wish, viewers[number].cursor)
        case "cut off", (number,):
            await viewers[number].cut_off()
        case "stop reading", (number,):
            viewers[number].stop_reading()
        case "read on", (number,):
            viewers[number].read_on()
        case "acknowledge", (number,):
            await viewers[number].acknowledge()


def much(seed: int) -> Iterator[tuple[int, float, float, int, int, int]]:
    chance = np.random.default_rng(seed)
    for lat, lon in zip(chance.uniform(-80, 80, 600), chance.uniform(-180, 179, 600), strict=True):
        yield int(chance.integers(len(TOPICS))), float(lat), float(lon), 20, 1, 0


async def settle(world: World, viewers: list[Viewer]) -> None:
    """Everybody gets everything, in the end."""
    async with asyncio.timeout(20):
        goal = world.live.ring.last
        while any(viewer.number < goal for viewer in viewers):
            for viewer in viewers:
                check(viewer)
                await viewer.acknowledge()
            world.tick()
            await asyncio.sleep(0.01)


def check(viewer: Viewer) -> None:
    """A failure while reading is the test's failure."""
    reading = viewer._reading
    assert reading is not None
    if (
        reading.done()
        and reading.exception() is not None
        and not isinstance(reading.exception(), ConnectionClosed)
    ):
        reading.result()


@settings(
    max_examples=40,
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
    suppress_health_check=list(HealthCheck),
)
@given(st.lists(actions, min_size=3, max_size=25))
def test_whatever_happens_each_mark_closes_what_happened(schedule: list[tuple[Any, ...]]) -> None:
    asyncio.run(play(schedule))


def test_all_of_it_at_once() -> None:
    """A schedule in which everything that can be asked for is asked for, and somebody is slow for long."""
    quarter = Wish(("web.>",), area_of([(1, 0, 0), (2, 3, 1)], rest=True), 500, 10)
    city = Wish((">",), area_of([(12, 2200, 1343), (12, 2201, 1343)], rest=False))
    schedule: list[tuple[Any, ...]] = [
        ("ask", 0, quarter),
        ("tick", 2),
        ("stop reading", 1),
        ("acknowledge", 2),
    ]
    for seed in range(30):
        schedule += [
            ("happen much", seed),
            ("tick", 1),
            ("happen", [(0, 52.52, 13.4, 24, 7, 0)]),
            ("tick", 1),
        ]
        schedule += [("cut off", 0)] if seed % 7 == 3 else []
        schedule += [("ask to go on", 2, city if seed % 2 else quarter)] if seed % 5 == 1 else []
    _, slow, quick = asyncio.run(play([*schedule, ("read on", 1), ("tick", 3)]))
    assert Kind.CAUGHT_UP in slow.kinds, "it was slow, so it got what it missed merged"
    assert Kind.PICTURE in quick.kinds

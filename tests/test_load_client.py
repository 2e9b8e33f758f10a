"""The load client of benchmarks/fanout, against a real small server: what it counts is what was sent."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
import struct
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosedError
from websockets.http11 import Request, Response

from benchmarks.fanout.compiler import compiled
from benchmarks.fanout.load import LoadError, Result, Target, load
from dynmap import wire
from dynmap.frame import Frame

pytestmark = pytest.mark.skipif(shutil.which("cc") is None, reason="there is no C compiler, cc")

VIEWERS = 12
FRAMES = 7
WARM, SECONDS = 1.0, 2.0

Sends = Callable[["Room"], Awaitable[None]]


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compiled("load", tmp_path_factory.mktemp("load"))


class Room:
    """Greets viewers and remembers what they said; once all have subscribed and are measured, sends to them.

    Of the greetings the first comes at once and each other after a message of the viewer's.
    """

    def __init__(self, sends: Sends, greetings: Sequence[str | bytes]) -> None:
        self.heard: dict[ServerConnection, list[str | bytes]] = {}
        self.port = 0
        self._sends = sends
        self._greetings = greetings
        self._subscribed = 0
        self._sending: asyncio.Task[None] | None = None

    async def welcome(self, viewer: ServerConnection) -> None:
        heard = self.heard[viewer] = []
        if self._greetings:
            await viewer.send(self._greetings[0])
        with contextlib.suppress(ConnectionClosedError):  # the load client ends by cutting all connections
            async for message in viewer:
                heard.append(message)
                if len(heard) < len(self._greetings):
                    await viewer.send(self._greetings[len(heard)])
                elif len(heard) == max(1, len(self._greetings)):
                    self._subscribed += 1
                    if self._subscribed == VIEWERS:
                        self._sending = asyncio.create_task(self._send())

    async def _send(self) -> None:
        await asyncio.sleep(WARM + SECONDS / 4)
        await self._sends(self)

    @property
    def said(self) -> list[list[str | bytes]]:
        """What each viewer said, sorted."""
        return sorted(self.heard.values(), key=str)

    def target(self, **more: Any) -> Target:
        return Target(self.port, [], **more)


class StartRoom(Protocol):
    async def __call__(self, sends: Sends, *greetings: str | bytes) -> Room: ...


@pytest.fixture
async def start_room() -> AsyncIterator[StartRoom]:
    servers = []

    async def start(sends: Sends, *greetings: str | bytes) -> Room:
        room = Room(sends, greetings)
        servers.append(await serve(room.welcome, "127.0.0.1", 0, process_request=_refuse, compression=None))
        room.port = servers[-1].sockets[0].getsockname()[1]
        return room

    yield start
    for server in servers:
        server.close(close_connections=True)
        await server.wait_closed()


async def _refuse(viewer: ServerConnection, request: Request) -> Response | None:
    if request.path == "/forbidden":
        return viewer.respond(HTTPStatus.UNAUTHORIZED, "no")
    return None


async def measured(program: Path, target: Target, **more: Any) -> Result:
    return await asyncio.to_thread(load, program, target, VIEWERS, seconds=SECONDS, warm=WARM, **more)


async def test_frames_of_every_size_are_counted_and_their_delay_is_measured(
    program: Path, start_room: StartRoom
) -> None:
    async def sends(room: Room) -> None:
        for number in range(FRAMES):
            stamp = struct.pack("<Q", time.monotonic_ns() - 100_000_000)
            for viewer in room.heard:
                await viewer.send(stamp + bytes((10, 2000, 70_000)[number % 3]))
                await viewer.send("a text is no frame")

    room = await start_room(sends)
    result = await measured(program, room.target(wishes=["one", "two", "three"]))
    assert (result.failed, result.closed) == (0, 0)
    assert (result.least, result.most, result.frames) == (FRAMES, FRAMES, FRAMES * VIEWERS)
    assert result.texts == FRAMES * VIEWERS
    assert result.bytes == VIEWERS * (3 * (2 + 18) + 2 * (4 + 2008) + 2 * (10 + 70_008) + FRAMES * (2 + 18))
    assert result.p50_ms is not None
    assert 100 <= result.p50_ms < 5000
    assert room.said == [[wish] for wish in ("one", "three", "two") for _ in range(VIEWERS // 3)]


async def test_marks_of_dynmap_are_acknowledged_and_its_ticks_are_the_stamp(
    program: Path, start_room: StartRoom
) -> None:
    async def sends(room: Room) -> None:
        one, u32 = np.ones(1, np.uint32), np.uint32
        frame = Frame.of(round(time.time() * 1000) - 750, one.astype(np.uint16), one << u32(12), one, one)
        [encoded] = wire.encode(frame, wire.Kind.LIVE, 250)
        for viewer in room.heard:
            await viewer.send(encoded)
            await viewer.send('{"type":"mark","id":0,"cursor":"5f.120","tick":1}')

    room = await start_room(sends)
    result = await measured(program, room.target(stamp="tick"), ack=True)
    assert (result.least, result.most, result.acks) == (1, 1, VIEWERS)
    assert result.p50_ms is not None
    assert 500 <= result.p50_ms < 5000
    acknowledged = [json.loads(message) for _, message in room.heard.values()]
    assert acknowledged == [{"type": "ack", "cursor": "5f.120"}] * VIEWERS


async def test_stalled_viewers_subscribe_and_read_nothing(program: Path, start_room: StartRoom) -> None:
    async def sends(room: Room) -> None:
        for viewer in room.heard:
            await viewer.send(bytes(100))

    room = await start_room(sends)
    result = await measured(program, room.target(stamp="none"), stalled=3)
    assert len(room.heard) == VIEWERS
    assert (result.stalled, result.frames, result.least) == (3, VIEWERS - 3, 1)
    assert result.p50_ms is None


async def test_socketio_is_answered_and_its_events_are_counted(program: Path, start_room: StartRoom) -> None:
    async def sends(room: Room) -> None:
        for viewer in room.heard:
            await viewer.send('451-["frame",{"_placeholder":true,"num":0}]')
            await viewer.send(bytes(8))
            await viewer.send('42["frame","text"]')
            await viewer.send("2")

    room = await start_room(sends, "0{}", "40{}")
    result = await measured(program, room.target(wishes=['["watch"]'], protocol="socketio"))
    assert (result.failed, result.least, result.most) == (0, 2, 2)
    assert room.said == [["40", '42["watch"]', "3"]] * VIEWERS


async def test_nats_messages_are_counted_however_they_are_cut(program: Path, start_room: StartRoom) -> None:
    async def sends(room: Room) -> None:
        for number, viewer in enumerate(room.heard):
            stamp = struct.pack("<Q", time.monotonic_ns())
            stream = b"PING\r\n" + (b"MSG frames 1 10\r\n" + stamp + b"\r\n" + b"\r\n") * FRAMES
            for start in range(0, len(stream), number + 1):
                await viewer.send(stream[start : start + number + 1])

    room = await start_room(sends, b"INFO {}\r\n")
    result = await measured(program, room.target(wishes=["SUB frames 1"], protocol="nats"))
    assert (result.failed, result.least, result.most) == (0, FRAMES, FRAMES)
    assert result.p50_ms is not None
    assert 0 <= result.p50_ms < 5000
    assert room.said == [[b'CONNECT {"verbose":false}\r\nSUB frames 1\r\n', b"PONG\r\n"]] * VIEWERS


async def test_refused_viewers_are_told(
    program: Path, start_room: StartRoom, capfd: pytest.CaptureFixture[str]
) -> None:
    async def sends(room: Room) -> None: ...

    room = await start_room(sends)
    with pytest.raises(LoadError, match="no viewer could subscribe"):
        await measured(program, room.target(path="/forbidden"))
    assert capfd.readouterr().err == "load: a viewer could not subscribe: HTTP/1.1 401 Unauthorized\n"

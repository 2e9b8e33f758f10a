"""A server that sends a page half an hour of steps in a few minutes: the real messages, only faster."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass, replace

import numpy as np
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from dynmap import grid, wire
from dynmap.frame import TICK_MS, Frame, tick_of
from dynmap.serve import messages

TOPICS = ("web.200", "web.404", "shop.order", "email.open", "dns.a")
TOWNS = 3_000
KEPT = 64
"""Different steps; they are sent over and over."""


@dataclass(slots=True)
class Replay:
    """Sends `steps` steps of `rows` rows, `pace` of them a second, to whoever subscribes first; then holds still.

    Stats come with every fourth step, as from a real server once in a second.
    """

    steps: int
    rows: int
    pace: float
    sent: int = 0
    located: int = 0

    def route(self) -> WebSocketRoute:
        """Its place."""
        return WebSocketRoute("/api/live", self._live)

    async def _live(self, socket: WebSocket) -> None:
        await socket.accept("dynmap" if "dynmap" in socket.scope["subprotocols"] else None)
        started = time.time_ns() // 1_000_000
        await _say(socket, messages.Hello(started, "replay", started))
        try:
            while (asked := json.loads(await socket.receive_text()))["type"] != "subscribe":
                pass
            await _say(socket, messages.Topics(dict(enumerate(TOPICS))))
            await _say(
                socket, messages.Subscribed(asked["id"], "replay.0", 0, dict.fromkeys(range(len(TOPICS)), 0))
            )
            listening = asyncio.ensure_future(_listen(socket))
            await self._send(socket, asked["id"], started)
            await listening
        except WebSocketDisconnect:
            pass

    async def _send(self, socket: WebSocket, subscription: int, started: int) -> None:
        frames = _frames(self.rows)
        begun = time.monotonic()
        for step in range(1, self.steps + 1):
            await asyncio.sleep(begun + step / self.pace - time.monotonic())
            tick = tick_of(time.time_ns() // 1_000_000) - TICK_MS
            frame = replace(frames[step % KEPT], tick=tick)
            for message in wire.encode(frame, wire.Kind.LIVE, TICK_MS, subscription=subscription):
                await socket.send_bytes(message)
            self.sent, self.located = step, self.located + frame.total
            await _say(socket, messages.Mark(f"replay.{step}", tick, subscription))
            if step % 4 == 0:
                await _say(socket, self._stats(started))

    def _stats(self, started: int) -> messages.Stats:
        counts = messages.EventCounts(self.located, self.located, 0, 0)
        return messages.Stats(counts, 4.0 * self.rows, 1, started, messages.Ingest("ready"), [], [])


def _frames(rows: int) -> list[Frame]:
    """Different steps of about so many rows, around towns that are all over the world."""
    rng = np.random.default_rng(3)
    lon, lat = rng.uniform(-180, 180, TOWNS), rng.uniform(-50, 65, TOWNS)
    frames = []
    for _ in range(KEPT):
        town = (rng.random(rows) ** 2 * TOWNS).astype(int)
        x, y = grid.cells(lat[town] + rng.normal(0, 0.3, rows), lon[town] + rng.normal(0, 0.3, rows), 16)
        topic = rng.integers(0, len(TOPICS), rows).astype(np.uint16)
        frames.append(Frame.of(0, topic, x, y, np.ones(rows, np.uint64)))
    return frames


async def _listen(socket: WebSocket) -> None:
    while True:
        await socket.receive_text()


async def _say(socket: WebSocket, message: messages.Answer) -> None:
    await socket.send_text(messages.encode(message).decode())

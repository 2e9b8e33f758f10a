"""python-socketio as its users use it, on uvicorn: a room, and one emit of a binary payload to all who are in it.

python -m benchmarks.fanout.peers.python_socketio SIZE HZ
"""

from __future__ import annotations

import asyncio
import random
import resource
import socket
import struct
import sys
import time

import socketio
import uvicorn

BACKLOG = 4096


async def main(size: int, hz: float) -> None:
    """Prints its port and sends for ever."""
    io = socketio.AsyncServer(async_mode="asgi")

    @io.on("watch")  # type: ignore[untyped-decorator]
    async def watch(viewer: str) -> None:
        await io.enter_room(viewer, "everything")

    with socket.create_server(("127.0.0.1", 0), backlog=BACKLOG) as listener:
        app = socketio.ASGIApp(io)
        config = uvicorn.Config(
            app, http="httptools", ws="websockets-sansio", ws_per_message_deflate=False, backlog=BACKLOG,
            access_log=False, log_level="error",
        )  # fmt: skip
        serving = asyncio.create_task(uvicorn.Server(config).serve([listener]))
        print(listener.getsockname()[1], flush=True)
        await asyncio.gather(serving, _send(io, size, hz))


async def _send(io: socketio.AsyncServer, size: int, hz: float) -> None:
    filling, beat = random.Random(1).randbytes(size - 8), time.monotonic()
    while True:
        beat = max(beat + 1 / hz, time.monotonic())
        await asyncio.sleep(beat - time.monotonic())
        await io.emit("frame", struct.pack("<Q", time.monotonic_ns()) + filling, room="everything")


if __name__ == "__main__":
    import uvloop

    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    uvloop.run(main(int(sys.argv[1]), float(sys.argv[2])))

"""The serving process itself: on a socket that it inherits, ended when its supervisor says so, or with it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import socket
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect

from dynmap import lifeline

BERLIN = (52.52, 13.40)

PROGRAM = """
import asyncio, logging, sys
from pathlib import Path
import uvloop
from dynmap import lifeline
from dynmap.config import Settings
from dynmap.serve.role import run
http, relay, lifeline_end = int(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
logging.basicConfig(level=logging.INFO)
lifeline.turn_deaf()
with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
    code = runner.run(run(Settings(), http, relay, lifeline_end))
assert "numba" not in sys.modules
sys.exit(code)
"""


class Role:
    def __init__(self, process: asyncio.subprocess.Process, port: int, relay: Path, lifeline: int) -> None:
        self.process = process
        self.port = port
        self.relay = relay
        self.lifeline = lifeline

    def stop(self) -> None:
        lifeline.tell_to_stop(self.lifeline)

    async def ended(self) -> tuple[int, str]:
        async with asyncio.timeout(20):
            _, errors = await self.process.communicate()
        assert self.process.returncode is not None
        return self.process.returncode, errors.decode()


StartRole = Callable[[], Awaitable[Role]]


@pytest.fixture
async def start_role(tmp_path: Path) -> AsyncIterator[StartRole]:
    started: list[Role] = []

    async def start() -> Role:
        lifeline_end, lifeline_start = os.pipe()
        listener = socket.create_server(("127.0.0.1", 0))
        relay = tmp_path / "relay.sock"
        arguments = (str(listener.fileno()), str(relay), str(lifeline_end))
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", PROGRAM, *arguments),
            pass_fds=(listener.fileno(), lifeline_end),
            stderr=asyncio.subprocess.PIPE,
        )
        started.append(Role(process, listener.getsockname()[1], relay, lifeline_start))
        listener.close()
        os.close(lifeline_end)
        async with httpx.AsyncClient(trust_env=False, timeout=20) as http:
            assert (await http.get(f"http://127.0.0.1:{started[-1].port}/healthz")).status_code == 200
        return started[-1]

    yield start
    for role in started:
        if role.process.returncode is None:
            role.process.kill()
            await role.process.communicate()
        with contextlib.suppress(OSError):
            os.close(role.lifeline)


@pytest.fixture
async def role(start_role: StartRole) -> Role:
    return await start_role()


async def test_a_stop_in_mid_stream_ends_with_the_last_mark(role: Role, played: Any) -> None:
    """Everything that ingest handed over before it ended is committed by every viewer, then 1001 and exit code 0."""
    ingest = played.Ingest(role.relay)
    await ingest.start()
    async with (
        connect(f"ws://127.0.0.1:{role.port}/api/live", compression=None, max_size=None) as first,
        connect(f"ws://127.0.0.1:{role.port}/api/live", compression=None, max_size=None) as second,
    ):
        watchers = [played.Watcher(first), played.Watcher(second)]
        for watcher, pattern in zip(watchers, (">", "web.>"), strict=True):
            await watcher.subscribe(topics=[pattern])
            await watcher.until_type("mark")
        for number in range(40):
            await ingest.send([("web.ok", *BERLIN, 1), (f"mail.box{number}", *BERLIN, 2)])
        await ingest.link.drain()
        role.stop()
        for watcher in watchers:
            assert await watcher.until_closed() == (1001, "the server stops")
        assert [watcher.located for watcher in watchers] == [120, 40]
        assert watchers[0].texts[-1]["events"]["located"] == 120
    code, errors = await role.ended()
    assert (code, errors) == (0, "")
    await ingest.link.close()


async def test_a_killed_one_is_followed_by_another(role: Role, played: Any, start_role: Any) -> None:
    """The relay's socket is taken over; what was acknowledged is in the journal, what was not is sent again."""
    ingest = played.Ingest(role.relay)
    await ingest.start()
    await ingest.send([("web.ok", *BERLIN, 3)])
    role.process.kill()
    await role.ended()
    sending = asyncio.create_task(ingest.send([("web.ok", *BERLIN, 5)]))
    again = await start_role()
    await sending
    async with connect(f"ws://127.0.0.1:{again.port}/api/live", compression=None) as connection:
        watcher = played.Watcher(connection)
        await watcher.subscribe()
        await watcher.until(lambda: watcher.located == 8)
    await ingest.link.close()


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="only Linux tells another process' limits")
async def test_it_takes_as_many_viewers_as_the_system_allows(start_role: StartRole) -> None:
    """Started from a shell whose limit is low."""
    usual, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(1024, most), most))
    try:
        role = await start_role()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (usual, most))
    assert resource.prlimit(role.process.pid, resource.RLIMIT_NOFILE) == (most, most)


@pytest.mark.parametrize("number", lifeline.UNHEARD)
async def test_signals_are_left_to_the_supervisor(role: Role, number: int) -> None:
    role.process.send_signal(number)
    await asyncio.sleep(0.2)
    assert role.process.returncode is None
    role.stop()
    assert (await role.ended())[0] == 0


async def test_it_ends_with_its_supervisor(role: Role) -> None:
    os.close(role.lifeline)
    assert (await role.ended())[0] == 0


async def test_a_viewer_who_takes_nothing_does_not_hold_up_the_end(role: Role) -> None:
    async with connect(f"ws://127.0.0.1:{role.port}/api/live", max_queue=1, close_timeout=0) as watcher:
        watcher.transport.pause_reading()
        began = time.monotonic()
        role.stop()
        assert (await role.ended())[0] == 0
        assert time.monotonic() - began < 6

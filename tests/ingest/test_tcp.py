"""The TCP listener against real sockets."""

from __future__ import annotations

import asyncio
import contextlib
import random
import shutil
import socket
import tracemalloc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dynmap.config import SourceSettings
from dynmap.hosts import network_of
from dynmap.ingest.lines import ReadBuffer
from dynmap.ingest.tcp import SETTLED_LINES, TcpListener

from .recording import RecordingIntake, Until


@asynccontextmanager
async def listening(intake: RecordingIntake) -> AsyncIterator[tuple[TcpListener, int]]:
    """A listener on an inherited socket, and its port."""
    bound = socket.create_server(("127.0.0.1", 0), backlog=512)
    port = bound.getsockname()[1]
    made = SourceSettings(kind="tcp", name="log", address="127.0.0.1:4242")
    source = TcpListener(made, ReadBuffer(1 << 17), fd=bound.detach())
    running = asyncio.create_task(source.run(intake))
    try:
        yield source, port
    finally:
        source.stop()
        await asyncio.wait_for(running, 5)


@asynccontextmanager
async def allowing(intake: RecordingIntake, *networks: str) -> AsyncIterator[tuple[TcpListener, int]]:
    """A listener at all addresses of this machine, with networks that may send."""
    bound = socket.create_server(("0.0.0.0", 0))
    port = bound.getsockname()[1]
    made = SourceSettings(
        kind="tcp", name="log", address="0.0.0.0:1", allow=[network_of(text) for text in networks]
    )
    source = TcpListener(made, ReadBuffer(1 << 17), fd=bound.detach())
    running = asyncio.create_task(source.run(intake))
    try:
        yield source, port
    finally:
        source.stop()
        await asyncio.wait_for(running, 5)


def own_address() -> str | None:
    """An address of this machine that is not loopback. Nothing is sent to find it out."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return None
        found: str = probe.getsockname()[0]
        return None if found.startswith("127.") else found


OWN = own_address()
needs_an_address = pytest.mark.skipif(OWN is None, reason="needs an address beside loopback")


async def send(port: int, *chunks: bytes) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    for chunk in chunks:
        writer.write(chunk)
        await writer.drain()
        await asyncio.sleep(0)
    writer.close()
    await writer.wait_closed()


async def test_lines_in_pieces_and_a_last_one_without_its_end(intake: RecordingIntake, until: Until) -> None:
    async with listening(intake) as (_, port):
        await send(port, b"on", b"e\r\ntwo\nth", b"ree")
        await until(lambda: len(intake.lines) == 3)
    assert intake.lines == [b"one\r", b"two", b"three"]


async def test_an_address_to_bind_will_do(intake: RecordingIntake, until: Until) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    source = TcpListener(SourceSettings(kind="tcp", name="log", address=f"127.0.0.1:{port}"), ReadBuffer())
    running = asyncio.create_task(source.run(intake))
    await until(lambda: source.status.state == "open")
    await send(port, b"here\n")
    await until(lambda: intake.lines == [b"here"])
    source.stop()
    await running


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32), senders=st.integers(1, 12))
async def test_many_senders_in_random_pieces(
    intake: RecordingIntake, until: Until, seed: int, senders: int
) -> None:
    rng = random.Random(seed)
    intake.lines.clear()
    sent: list[bytes] = []

    async def one(number: int) -> None:
        lines = [
            b"%d.%d %s" % (number, i, b"x" * rng.choice((0, 3, 40, 5000))) for i in range(rng.randrange(200))
        ]
        sent.extend(lines)
        stream = b"".join(line + b"\n" for line in lines)
        stream = stream[:-1] if rng.random() < 0.5 else stream
        edges = sorted(rng.randrange(len(stream) + 1) for _ in range(rng.randrange(20)))
        await send(port, *(stream[a:b] for a, b in zip([0, *edges], [*edges, len(stream)], strict=True)))

    async with listening(intake) as (_, port):
        await asyncio.gather(*(one(number) for number in range(senders)))
        await until(lambda: len(intake.lines) == len(sent))
    assert sorted(intake.lines) == sorted(sent)


async def test_a_hundred_megabytes_without_a_line_feed_are_one_rejected_line(
    intake: RecordingIntake, until: Until
) -> None:
    async with listening(intake) as (source, port):
        tracemalloc.start()
        chunk = b"z" * (1 << 20)
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(100):
            writer.write(chunk)
            await writer.drain()
        writer.write(b"end\nok\n")
        await until(lambda: intake.lines == [b"ok"])
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        writer.close()
        await until(lambda: not source.connections)
    assert len(intake.rejected) == 1
    assert peak < 4 * len(chunk)


async def test_a_trickle_is_gathered_until_the_mark(intake: RecordingIntake, until: Until) -> None:
    async with listening(intake) as (_, port):
        pairs = [await asyncio.open_connection("127.0.0.1", port) for _ in range(50)]
        for _, writer in pairs:
            writer.write(b"1.2.3.4\n" * SETTLED_LINES)
        await until(lambda: len(intake.lines) == 50 * SETTLED_LINES)
        before = intake.calls
        intake.hold_marks = True
        for _, writer in pairs:
            writer.write(b"1.2.3.5\n")
        await asyncio.sleep(0.05)
        assert intake.calls == before
        intake.hold_marks = False
        await until(lambda: intake.lines.count(b"1.2.3.5") == 50)
        assert intake.calls <= before + 2
        for _, writer in pairs:
            writer.close()


async def test_reading_pauses_while_the_relay_holds_back(intake: RecordingIntake, until: Until) -> None:
    async with listening(intake) as (source, port):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"1\n")
        await until(lambda: len(intake.lines) == 1)
        intake.crowded = True
        await until(lambda: source.paused)
        writer.write(b"2\n")
        _, late = await asyncio.open_connection("127.0.0.1", port)
        late.write(b"3\n")
        await asyncio.sleep(0.05)
        assert intake.lines == [b"1"]
        intake.crowded = False
        await until(lambda: len(intake.lines) == 3)
        writer.close()
        late.close()


async def test_what_has_been_sent_is_taken_in_before_stopping(intake: RecordingIntake) -> None:
    async with listening(intake) as (source, port):
        connection = socket.create_connection(("127.0.0.1", port))
        connection.sendall(b"line\n" * 20_000 + b"cut o")
        source.stop()
    assert intake.lines == [b"line"] * 20_000
    connection.close()


@needs_an_address
async def test_who_is_not_allowed_is_turned_away_and_counted(intake: RecordingIntake, until: Until) -> None:
    async with allowing(intake, "198.51.100.0/24") as (source, port):
        for _ in range(3):
            reader, writer = await asyncio.open_connection(OWN, port)
            writer.write(b"not taken\n")
            with contextlib.suppress(ConnectionError):
                assert await reader.read() == b""
            writer.close()
        await send(port, b"this machine\n")
        await until(lambda: intake.lines == [b"this machine"])
        assert source.status.detail == "turned away 3 connections from addresses that `allow` does not name"
        assert source.status.state == "open"
        assert str(OWN) not in str(source.status)
        await until(lambda: not source.connections)
    assert intake.lines == [b"this machine"]


@needs_an_address
async def test_who_is_allowed_may_send(intake: RecordingIntake, until: Until) -> None:
    async with allowing(intake, "198.51.100.0/24", f"{OWN}") as (source, port):
        _, writer = await asyncio.open_connection(OWN, port)
        writer.write(b"taken\n")
        await until(lambda: intake.lines == [b"taken"])
        writer.close()
        assert source.status.detail == ""


async def test_peers_are_nowhere(
    intake: RecordingIntake, until: Until, caplog: pytest.LogCaptureFixture
) -> None:
    async with listening(intake) as (source, port):
        await send(port, b"1\n")
        await until(lambda: len(intake.lines) == 1)
        told = f"{source.status} {intake.spans} {caplog.text}"
    assert "127.0.0.1" not in told


@pytest.mark.skipif(shutil.which("nc") is None, reason="needs nc")
async def test_netcat_as_in_2013(intake: RecordingIntake, until: Until) -> None:
    async with listening(intake) as (_, port):
        nc = await asyncio.create_subprocess_exec(
            *("nc", "-N", "127.0.0.1", str(port)), stdin=asyncio.subprocess.PIPE
        )
        await nc.communicate(b"83.149.9.216\n66.249.73.135\n")
        await until(lambda: len(intake.lines) == 2)
    assert intake.lines == [b"83.149.9.216", b"66.249.73.135"]

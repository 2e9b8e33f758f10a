"""What is assumed of uvicorn's sans-IO WebSocket protocol, which is no public API: a new uvicorn must pass this."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import struct
from collections.abc import AsyncIterator
from importlib.metadata import version
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame
from websockets.streams import StreamReader

from dynmap.serve import connection, framing
from dynmap.serve.connection import MAX_MESSAGE, MAX_WAITING, HttpProtocol, LiveProtocol

BERLIN = (52.52, 13.40)


def test_uvicorn_is_the_one_that_this_was_written_against() -> None:
    assert version("uvicorn").startswith("0.54.")


@pytest.mark.parametrize(
    "name",
    [
        "handle_connect", "handle_ping", "send_receive_event_to_app", "stop_keepalive", "handle_close", "shutdown"
    ],
)  # fmt: skip
def test_what_is_overridden_or_called_exists(name: str) -> None:
    assert callable(getattr(LiveProtocol.__mro__[1], name))


@pytest.mark.parametrize("name", ["on_message_begin", "connection_lost"])
def test_what_is_overridden_of_http_exists(name: str) -> None:
    assert callable(getattr(HttpProtocol.__mro__[1], name))


async def test_the_transport_of_an_answer_without_end_is_within_reach(serving: Any) -> None:
    async with serving.http.stream("GET", "/api/live.sse"):
        (reader,) = serving.live.streams._heard
        protocol = reader.connection
        assert type(protocol) is HttpProtocol
        assert not protocol.disconnected
        assert protocol.transport.get_write_buffer_size() == 0
        held = protocol.transport.get_extra_info("socket").getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF)
        assert held <= 2 * connection.SEND_BUFFER
    async with asyncio.timeout(5):
        while not protocol.disconnected:
            await asyncio.sleep(0.01)


@given(st.sampled_from([0, 1, 125, 126, 65535, 65536, 200_000]), st.booleans())
def test_frames_are_as_rfc_6455_has_them(length: int, is_text: bool) -> None:
    payload = b"x" * length
    reader = StreamReader()
    reader.feed_data((framing.text if is_text else framing.binary)(payload))
    parsing = Frame.parse(reader.read_exact, mask=False)
    with pytest.raises(StopIteration) as done:
        next(parsing)
    frame = done.value.value
    assert (frame.opcode.name, frame.fin, bytes(frame.data)) == (
        "TEXT" if is_text else "BINARY",
        True,
        payload,
    )


async def test_the_transport_is_within_reach(serving: Any) -> None:
    async with serving.viewer() as viewer:
        await viewer.until_type("hello")
        (seen,) = serving.live.viewers
        protocol = seen.connection
        assert type(protocol) is LiveProtocol
        assert protocol.is_open
        assert not protocol.is_clogged
        assert protocol.conn.extensions == [], "frames are written without compression"
        protocol.say(b'{"type":"stats"}')
        while (await viewer.next())["type"] != "stats":
            pass


async def test_nothing_is_written_after_a_close_frame(serving: Any) -> None:
    async with serving.viewer() as viewer:
        await viewer.until_type("hello")
        (seen,) = serving.live.viewers
        protocol = seen.connection
        written: list[bytes] = []
        protocol.end(1001, "the server stops")
        transport, protocol.transport = protocol.transport, Recorder(protocol.transport, written)
        assert not protocol.is_open
        protocol.push(b"late")
        protocol.end(1000, "again")
        protocol.transport = transport
        assert written == []
        assert await viewer.until_closed() == (1001, "the server stops")
    await gone(serving)


class Recorder:
    def __init__(self, transport: Any, written: list[bytes]) -> None:
        self._transport = transport
        self._written = written

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        self._written.append(data)


async def gone(serving: Any) -> None:
    async with asyncio.timeout(5):
        while serving.live.viewers:
            await asyncio.sleep(0.01)


async def test_a_viewer_that_closes_is_answered_and_forgotten(serving: Any) -> None:
    async with serving.viewer() as viewer:
        await viewer.subscribe()
        await viewer.connection.close(1000, "bye")
        assert viewer.connection.close_code == 1000
    await gone(serving)
    assert len(serving.live.rooms) == 0


async def test_a_viewer_that_vanishes_is_forgotten(serving: Any, ingest: Any) -> None:
    async with serving.viewer() as viewer:
        await viewer.subscribe()
        await viewer.until_type("mark")
        viewer.connection.transport.abort()
        await ingest.send([("web.ok", *BERLIN, 1)])
    await gone(serving)


def masked(opcode: int, payload: bytes, *, fin: bool = True, mask: bool = True) -> bytes:
    first = (0x80 if fin else 0) | opcode
    bit = 0x80 if mask else 0
    length = (
        bytes((first, bit | len(payload)))
        if len(payload) < 126
        else struct.pack(">BBH", first, bit | 126, len(payload))
        if len(payload) < 65536
        else struct.pack(">BBQ", first, bit | 127, len(payload))
    )
    return length + (b"\0\0\0\0" if mask else b"") + payload


HOSTILE = {
    "unmasked": (masked(1, b"{}", mask=False), 1002),
    "garbage": (b"\xff" * 64, 1002),
    "too large": (masked(1, b" " * (MAX_MESSAGE + 1)), 1009),
    "too large in parts": (masked(1, b" " * MAX_MESSAGE, fin=False) + masked(0, b" "), 1009),
    "not UTF-8": (masked(1, b"\xff\xfe"), 1007),
    "reserved opcode": (masked(3, b""), 1002),
    "continuation of nothing": (masked(0, b"x"), 1002),
    "long ping": (masked(9, b"x" * 126), 1002),
    "ping in parts": (masked(9, b"x", fin=False), 1002),
    "endless pings": (masked(9, b"x") * 5000, 1008),
    "endless pongs": (masked(10, b"x") * 5000, 1008),
    "endless empty parts": (masked(1, b"", fin=False) + masked(0, b"", fin=False) * 5000, 1008),
    "endless messages": (masked(1, b'{"type":"live"}') * 5000, 1008),
    "a new message inside one": (masked(1, b"{", fin=False) + masked(1, b"}"), 1002),
    "not UTF-8 in parts": (masked(1, b"\xe2\x82", fin=False) + masked(0, b"x"), 1007),
    "reserved bits": (b"\xb1\x80\0\0\0\0", 1002),
    "length with its highest bit": (b"\x81\xff" + b"\xff" * 12, 1009),
    "close with one byte": (masked(8, b"\x03"), 1002),
    "close with a code that is none": (masked(8, b"\x03\xed"), 1002),
}


@pytest.mark.parametrize("name", HOSTILE)
async def test_hostile_frames_close_that_viewer_alone(
    serving: Any, ingest: Any, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    frames, code = HOSTILE[name]
    async with serving.viewer() as good:
        await good.subscribe()
        async with handshaken(serving.port) as (reader, writer):
            writer.write(frames)
            assert await close_code(reader) == code
        await ingest.send([("web.ok", *BERLIN, 1)])
        await good.until(lambda: good.located == 1)
        await only(serving, 1)
    assert "Traceback" not in caplog.text


async def test_a_message_in_parts_is_one(serving: Any) -> None:
    async with handshaken(serving.port) as (reader, writer):
        writer.write(masked(1, b'{"type":', fin=False) + masked(9, b"ping") + masked(0, b'"subscribe"}'))
        frames: list[tuple[int, bytes]] = []
        while not any(b'"subscribed"' in payload for _, payload in frames):
            frames.append(await next_frame(reader))
        assert (0xA, b"ping") in frames


async def test_endless_pings_without_listening_take_no_memory(
    serving: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "FRAMES_AT_ONCE", 1 << 30)
    async with handshaken(serving.port) as (reader, writer):
        await next_frame(reader)
        (seen,) = serving.live.viewers
        sender = seen.connection.transport.get_extra_info("socket")
        sender.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        pings = masked(9, b"x" * 100) * 1000
        most = 0
        while most <= MAX_WAITING:
            most = max(most, await sent(writer, pings, seen.connection))
        for _ in range(20):
            most = max(most, await sent(writer, pings, seen.connection))
        assert most < MAX_WAITING + (256 << 10), "beside what waits, the answers to one read"


async def sent(writer: asyncio.StreamWriter, data: bytes, protocol: LiveProtocol) -> int:
    writer.write(data)
    await asyncio.sleep(0.001)
    return protocol.transport.get_write_buffer_size()


async def only(serving: Any, count: int) -> None:
    async with asyncio.timeout(5):
        while len(serving.live.viewers) != count:
            await asyncio.sleep(0.01)


@contextlib.asynccontextmanager
async def handshaken(port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    key = os.urandom(16).hex()[:22] + "=="
    writer.write(
        f"GET /api/live HTTP/1.1\r\nHost: localhost:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 101 ")
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


async def next_frame(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    async with asyncio.timeout(5):
        first, length = await reader.readexactly(2)
        if length == 126:
            (length,) = struct.unpack(">H", await reader.readexactly(2))
        elif length == 127:
            (length,) = struct.unpack(">Q", await reader.readexactly(8))
        return first & 0xF, await reader.readexactly(length)


async def close_code(reader: asyncio.StreamReader) -> int:
    while True:
        opcode, payload = await next_frame(reader)
        if opcode == 8:
            return int(struct.unpack(">H", payload[:2])[0])

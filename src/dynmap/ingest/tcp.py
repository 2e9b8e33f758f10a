"""`--tcp HOST:PORT`: newline-separated lines from any number of senders. Peers' addresses are never looked at.

A big read goes straight to the pipeline. Small ones are gathered until the next mark, those of one format together,
so that a thousand senders with a line now and then cost one call and not a thousand.
"""

from __future__ import annotations

import asyncio
import socket
from typing import Final, cast

import numpy as np

from dynmap.config import SourceSettings, host_and_port
from dynmap.ingest.base import SMALL_READ, Intake, Positions, Sequence
from dynmap.ingest.batching import Clock, wall_clock
from dynmap.ingest.lines import TOO_LONG, U8, Cutter, ReadBuffer
from dynmap.pipeline.pipeline import Decoder
from dynmap.relay.message import SourceStatus

SETTLED_LINES: Final = 64
"""Lines after which a connection's format is settled, unless most of its lines are rejected later."""

_BACKLOG: Final = 2048
_LAST_READS_SECONDS: Final = 0.05
"""How long no bytes must have come before a listener that stops takes its connections for read out."""

_LONGEST_STOP_SECONDS: Final = 2.0


class Shared:
    """What connections whose format is settled have in common: a decoder, and their small reads since the last mark."""

    __slots__ = ("bytes", "decoder", "dissolved", "format", "senders")

    def __init__(self, format: str, decoder: Decoder) -> None:
        self.format = format
        self.decoder = decoder
        self.bytes = bytearray()
        self.senders: set[Connection] = set()
        self.dissolved = False


class TcpListener:
    """One listening socket: one producer, whose sequence is the lines of all its connections as they came."""

    def __init__(
        self,
        settings: SourceSettings,
        buffer: ReadBuffer,
        *,
        fd: int | None = None,
        clock: Clock = wall_clock,
    ) -> None:
        self.producer = settings.name
        self.buffer = buffer
        self.connections: set[Connection] = set()
        self._settings = settings
        self._fd = fd
        self._sequence = Sequence(clock())
        self._shared: dict[str, Shared] = {}
        self._intake: Intake
        self._server: asyncio.Server | None = None
        self._paused = False
        self._stopping = asyncio.Event()
        self._last_read = 0.0
        self._problem = ""

    @property
    def status(self) -> SourceStatus:
        """Open with its number of connections, or down with the reason."""
        formats = {connection.format for connection in self.connections} - {None} or set(self._shared)
        return SourceStatus(
            self._settings.name,
            "tcp",
            "+".join(sorted(filter(None, formats))) or self._settings.format,
            "down" if self._problem else "open" if self._server else "waiting",
            self._problem,
            producers=len(self.connections),
        )

    def begin(self, positions: Positions) -> None:
        """Nothing: what was sent to another process can't be read again."""

    async def run(self, intake: Intake) -> None:
        """Accept and read connections until `stop`; then read out what they have sent."""
        self._intake = intake
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: Connection(self), sock=self._listening(), backlog=_BACKLOG
        )
        while not self._stopping.is_set():
            await intake.mark()
            self.pour()
            self._hold_back(intake.crowded)
        await self._read_out(intake)

    def stop(self) -> None:
        """Accept nobody any more, read out the connections, close them."""
        self._stopping.set()

    @property
    def paused(self) -> bool:
        """Whether connections are not read just now."""
        return self._paused

    def read(self, n: int, connection: Connection) -> None:
        """`n` bytes of a connection are in the buffer."""
        self._last_read = asyncio.get_running_loop().time()
        cut = connection.cutter.cut(self.buffer, n)
        if cut.dropped:
            self._intake.skip(self._sequence.span(cut.dropped))
        if len(cut.lines):
            self.take_in(cut.lines, connection)
        if cut.too_long is not None:
            self._intake.reject(TOO_LONG, cut.too_long, self._sequence.span(cut.lost))

    def end(self, connection: Connection) -> None:
        """A connection has sent all."""
        lines = connection.cutter.end()
        if len(lines):
            self.take_in(lines, connection)

    def take_in(self, lines: U8, connection: Connection) -> None:
        """Whole lines of a connection."""
        shared = connection.shared
        if shared is None or shared.dissolved or len(lines) >= SMALL_READ:
            self._take_in_alone(lines, connection)
            return
        if not shared.bytes:
            self._intake.open()
        shared.bytes += memoryview(lines)
        shared.senders.add(connection)
        if len(shared.bytes) >= SMALL_READ:
            self._pour(shared)

    def _take_in_alone(self, lines: U8, connection: Connection) -> None:
        """While its format is not settled, and for big reads, a connection has a decoder of its own."""
        if connection.decoder is None:
            connection.decoder = self._intake.decoder()
        decoder = connection.decoder
        taken = self._intake.take_in(lines, self._sequence.span(len(lines)), decoder)
        format = decoder.format
        if format is not None and decoder.lines >= SETTLED_LINES and not taken.rejected:
            connection.shared = self._shared.get(format)
            if connection.shared is None:
                connection.shared = self._shared[format] = Shared(format, self._intake.decoder())

    def pour(self) -> None:
        """Hand in what was gathered."""
        for shared in list(self._shared.values()):
            if shared.bytes:
                self._pour(shared)

    def _pour(self, shared: Shared) -> None:
        lines, shared.bytes = np.frombuffer(shared.bytes, np.uint8), bytearray()
        taken = self._intake.take_in(lines, self._sequence.span(len(lines)), shared.decoder)
        if 2 * taken.rejected > taken.received or shared.decoder.format != shared.format:
            self._dissolve(shared)
        shared.senders.clear()

    def _dissolve(self, shared: Shared) -> None:
        """Somebody sends another format than before: let each find its own again."""
        shared.dissolved = True
        self._shared = {name: other for name, other in self._shared.items() if other is not shared}
        for connection in shared.senders:
            connection.shared = connection.decoder = None

    def _hold_back(self, crowded: bool) -> None:
        if crowded != self._paused:
            self._paused = crowded
            for connection in self.connections:
                connection.pause(crowded)

    async def _read_out(self, intake: Intake) -> None:
        assert self._server is not None
        loop = asyncio.get_running_loop()
        self._server.close()
        self._hold_back(False)
        end = loop.time() + _LONGEST_STOP_SECONDS
        self._last_read = loop.time()
        while self.connections and loop.time() < min(end, self._last_read + _LAST_READS_SECONDS):
            await asyncio.sleep(0.005)
        self.pour()
        for connection in list(self.connections):
            connection.abort()

    def _listening(self) -> socket.socket:
        if self._fd is not None:
            return socket.socket(fileno=self._fd)
        assert self._settings.address is not None
        host, port = host_and_port(self._settings.address)
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family, backlog=_BACKLOG)


class Connection(asyncio.BufferedProtocol):
    """A sender. All connections of a loop are read into one buffer; only a line's beginning stays with each."""

    __slots__ = ("_listener", "_transport", "cutter", "decoder", "shared")

    def __init__(self, listener: TcpListener) -> None:
        self.cutter = Cutter()
        self.decoder: Decoder | None = None
        self.shared: Shared | None = None
        self._listener = listener
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A sender connects."""
        self._transport = cast(asyncio.Transport, transport)
        self._listener.connections.add(self)
        if self._listener.paused:
            self._transport.pause_reading()

    def get_buffer(self, sizehint: int) -> memoryview:
        """Where the next bytes go."""
        return self._listener.buffer.room

    def buffer_updated(self, nbytes: int) -> None:
        """Bytes have come."""
        self._listener.read(nbytes, self)

    def eof_received(self) -> None:
        """The sender has finished: its last line may lack its line feed."""
        self._listener.end(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """The sender is gone. A line that was cut off by that is none."""
        self._listener.connections.discard(self)

    @property
    def format(self) -> str | None:
        """The format of what it sends, if that is known."""
        return self.decoder.format if self.decoder is not None else None

    def pause(self, paused: bool) -> None:
        """Stop reading, or go on."""
        if not self._transport.is_closing():
            (self._transport.pause_reading if paused else self._transport.resume_reading)()

    def abort(self) -> None:
        """Close at once."""
        self._transport.abort()

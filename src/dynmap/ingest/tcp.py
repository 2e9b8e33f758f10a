"""`--tcp HOST:PORT`: newline-separated lines from any number of senders.

A peer's address is compared with those that may send, where that is asked for, and is used for nothing else.

A big read goes straight to the pipeline. Small ones are gathered until the next mark, those of one format together,
so that a thousand senders with a line now and then cost one call and not a thousand.
"""

from __future__ import annotations

import asyncio
import socket
from bisect import bisect_right
from itertools import accumulate, islice
from typing import Final, cast

import numpy as np

from dynmap.config import SourceSettings, host_and_port
from dynmap.hosts import address_of, is_within
from dynmap.ingest.base import SMALL_READ, Intake, Positions, Sequence
from dynmap.ingest.batching import Clock, wall_clock
from dynmap.ingest.lines import TOO_LONG, U8, Cutter, ReadBuffer
from dynmap.pipeline.pipeline import Decoder, LineError
from dynmap.relay.message import SourceStatus

SETTLED_LINES: Final = 8
"""Lines after which a connection's format is settled, until one of its lines is rejected."""

MOST_READS: Final = 3
"""Small reads of one connection between two marks; what it sends after that stays with the kernel until the mark."""

_BACKLOG: Final = 2048
_LAST_READS: Final = 2
"""Marks without a byte after which a listener that stops takes its connections for read out."""

_LONGEST_STOP_SECONDS: Final = 2.0


class Shared:
    """What connections with one settled format have in common: a decoder, and their small reads since the last mark.

    pieces   how many lines whose reads were, in their order
    """

    __slots__ = ("bytes", "decoder", "dissolved", "format", "pieces")

    def __init__(self, format: str, decoder: Decoder) -> None:
        self.format = format
        self.decoder = decoder
        self.bytes = bytearray()
        self.pieces: list[tuple[Connection, int]] = []
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
        self.waiting: list[Connection] = []
        """Those that are not read until the next mark."""
        self.marks = 0
        self.paused = False
        """Whether no connection is read, because the relay holds the sources back."""
        self._settings = settings
        self._fd = fd
        self._sequence = Sequence(clock())
        self._shared: dict[str, Shared] = {}
        self._intake: Intake
        self._server: asyncio.Server | None = None
        self._stopping = asyncio.Event()
        self._read_at = 0
        self._turned_away = 0

    @property
    def status(self) -> SourceStatus:
        """Open, once it runs, with its number of connections and how many it did not take."""
        formats = {connection.format for connection in islice(self.connections, 100)} | set(self._shared)
        return SourceStatus(
            self._settings.name,
            "tcp",
            "+".join(sorted(filter(None, formats))) or self._settings.format,
            "open" if self._server else "waiting",
            f"turned away {self._turned_away:,} connections from addresses that `allow` does not name"
            if self._turned_away
            else "",
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
            self._go_on(intake.crowded)
        await self._read_out(intake)

    def stop(self) -> None:
        """Accept nobody any more, read out the connections, close them."""
        self._stopping.set()

    def admits(self, transport: asyncio.Transport) -> bool:
        """Whether who is at the other end may send: this machine, and whoever the settings allow."""
        allowed = self._settings.allow
        if not allowed:
            return True  # then only this machine reaches it (`app.check_reach`)
        peer = transport.get_extra_info("peername")
        address = address_of(peer[0]) if peer else None
        if address is not None and (address.is_loopback or is_within(address, allowed)):
            return True
        self._turned_away += 1
        return False

    def read(self, n: int, connection: Connection) -> None:
        """`n` bytes of a connection are in the buffer."""
        self._read_at = self.marks
        if n < SMALL_READ and connection.reads_often(self.marks) and not self.paused:
            connection.pause(True)
            self.waiting.append(connection)
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
        text = lines.tobytes()
        shared.bytes += text
        shared.pieces.append((connection, text.count(b"\n")))
        connection.decoder = None
        if len(shared.bytes) >= SMALL_READ:
            self._pour(shared)

    def _take_in_alone(self, lines: U8, connection: Connection) -> None:
        """While its format is not settled, and for big reads, a connection has a decoder of its own."""
        decoder = connection.decoder
        if decoder is None:
            decoder = connection.decoder = self._intake.decoder()
        taken = self._intake.take_in(lines, self._sequence.span(len(lines)), decoder)
        format = decoder.format
        if format is None or decoder.lines < SETTLED_LINES or taken.rejected:
            return
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
        pieces, shared.pieces = shared.pieces, []
        errors: list[LineError] = []
        taken = self._intake.take_in(lines, self._sequence.span(len(lines)), shared.decoder, errors)
        if taken.rejected:
            for connection in senders_of(errors, pieces):
                connection.shared = None  # it may send another format now
        if shared.decoder.format != shared.format:
            shared.dissolved = True
            self._shared = {name: other for name, other in self._shared.items() if other is not shared}

    def _go_on(self, crowded: bool) -> None:
        """At a mark: hand in what was gathered, and read whom we let wait, unless the relay holds us back."""
        self.marks += 1
        self.pour()
        if crowded != self.paused:
            self.paused = crowded
            for connection in self.connections:
                connection.pause(crowded)
        elif not crowded:
            for connection in self.waiting:
                connection.pause(False)
        self.waiting.clear()

    async def _read_out(self, intake: Intake) -> None:
        assert self._server is not None
        loop = asyncio.get_running_loop()
        await intake.mark()  # lets those in who have connected already
        self._server.close()
        self._go_on(crowded=False)
        end = loop.time() + _LONGEST_STOP_SECONDS
        self._read_at = self.marks
        while self.connections and loop.time() < end and self.marks < self._read_at + _LAST_READS:
            await intake.mark()
            self._go_on(crowded=False)
        for connection in list(self.connections):
            connection.abort()

    def _listening(self) -> socket.socket:
        if self._fd is not None:
            return socket.socket(fileno=self._fd)
        assert self._settings.address is not None
        host, port = host_and_port(self._settings.address)
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family, backlog=_BACKLOG)


def senders_of(errors: list[LineError], pieces: list[tuple[Connection, int]]) -> set[Connection]:
    """Whose lines were rejected, when the lines of `pieces` were handed in together."""
    ends = list(accumulate(count for _, count in pieces))
    return {pieces[min(bisect_right(ends, error.line), len(ends) - 1)][0] for error in errors}


class Connection(asyncio.BufferedProtocol):
    """A sender. All connections of a loop are read into one buffer; only a line's beginning stays with each."""

    __slots__ = ("_listener", "_mark", "_reads", "_transport", "cutter", "decoder", "shared")

    def __init__(self, listener: TcpListener) -> None:
        self.cutter = Cutter()
        self.decoder: Decoder | None = None
        self.shared: Shared | None = None
        self._listener = listener
        self._mark = self._reads = 0
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A sender connects."""
        self._transport = cast(asyncio.Transport, transport)
        if not self._listener.admits(self._transport):
            self._transport.abort()
            return
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

    def reads_often(self, mark: int) -> bool:
        """Count a small read since a mark; whether there are too many of them."""
        self._reads = self._reads + 1 if mark == self._mark else 1
        self._mark = mark
        return self._reads >= MOST_READS

    def pause(self, paused: bool) -> None:
        """Stop reading, or go on."""
        if not self._transport.is_closing():
            (self._transport.pause_reading if paused else self._transport.resume_reading)()

    def abort(self) -> None:
        """Close at once."""
        self._transport.abort()

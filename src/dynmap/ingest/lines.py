"""Reads into whole lines: a shared buffer to read into, and what each reader keeps from one read to the next. No I/O.

buffer = ReadBuffer()                       one for all readers of a loop
cutter = Cutter()                           one for each file or connection
n = os.readv(fd, [buffer.room])
cut = cutter.cut(buffer, n)
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from dynmap.pipeline.pipeline import MAX_LINE

U8 = npt.NDArray[np.uint8]

READ_SIZE: Final = 1 << 20
"""Bytes of one read at most."""

TOO_LONG: Final = f"line is longer than {MAX_LINE} bytes"

_MAX_CARRY: Final = MAX_LINE + 1
"""The longest line that may still come out right: its last byte may be the carriage return before a line feed."""

_SAMPLE: Final = 256


class ReadBuffer:
    """Memory to read into, with room in front for the part of a line that the read before left over.

    So a line that is spread over two reads is handed on together with the whole lines after it, and only the part
    of it that was left over is copied.
    """

    def __init__(self, size: int = READ_SIZE) -> None:
        self.bytes = bytearray(_MAX_CARRY + size)
        self.array: U8 = np.frombuffer(self.bytes, np.uint8)
        self.room = memoryview(self.bytes)[_MAX_CARRY:]
        """Where reads go."""


class Cut(NamedTuple):
    """What one read came to, in the order of the bytes.

    start      where these bytes begin in the buffer, the carried ones included
    dropped    bytes that still belonged to a line that was given up before
    lines      uint8[n], whole lines; a view into the buffer, good until the next read
    too_long   how a line began that is too long and was given up now, else None
    lost       its bytes so far
    """

    start: int
    dropped: int
    lines: U8
    too_long: bytes | None
    lost: int


class Cutter:
    """Cuts a stream of bytes after line feeds; never holds more than one line's limit."""

    __slots__ = ("carry", "dropping")

    def __init__(self, dropping: bool = False) -> None:
        self.carry = b""
        """The beginning of a line whose end has not come yet."""
        self.dropping = dropping
        """Whether the stream is inside a line that was given up."""

    def cut(self, buffer: ReadBuffer, n: int) -> Cut:
        """Whole lines of what was carried and the `n` bytes that were read into `buffer.room`."""
        start, end = _MAX_CARRY, _MAX_CARRY + n
        begin, dropped = start - len(self.carry), 0
        if self.dropping:
            newline = buffer.bytes.find(b"\n", start, end)
            self.dropping = newline < 0
            dropped = (end if newline < 0 else newline + 1) - start
            start += dropped
        elif self.carry:
            start = begin
            buffer.bytes[start:_MAX_CARRY] = self.carry
        stop = buffer.bytes.rfind(b"\n", max(start, _MAX_CARRY), end) + 1 or start
        lines = buffer.array[start:stop]
        if end - stop <= _MAX_CARRY:
            self.carry = bytes(buffer.bytes[stop:end])
            return Cut(begin, dropped, lines, None, 0)
        self.carry, self.dropping = b"", True
        return Cut(begin, dropped, lines, bytes(buffer.bytes[stop : stop + _SAMPLE]), end - stop)

    def end(self) -> U8:
        """At the end of the stream: the last line, given the line feed that it lacked; empty when there is none."""
        carry, self.carry, self.dropping = self.carry, b"", False
        return np.frombuffer(carry + b"\n" if carry else b"", np.uint8)

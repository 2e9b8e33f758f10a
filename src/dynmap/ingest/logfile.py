"""One log file as it is read: how far, and how to know it again after a restart, a rename or a truncation."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from dynmap.ingest.base import Intake, Span
from dynmap.ingest.lines import TOO_LONG, Cutter, ReadBuffer
from dynmap.pipeline.pipeline import MAX_LINE, Decoder

HEAD_BYTES: Final = 256
BEFORE_BYTES: Final = 512
"""Bytes that a fingerprint covers: the file's first ones, and those before where reading stands.

Two log lines are alike only when nothing in them tells time, so this tells apart all but files that repeat one line.
"""

_LINE_FEED: Final = 10

OPENING: Final = 1
"""Positions that the opening of a file takes up, so that it can be stored before the file's first line is."""


class Identity(NamedTuple):
    """What a file is, whatever it is called."""

    device: int
    inode: int

    @classmethod
    def of(cls, about: os.stat_result) -> Identity:
        """The identity that `stat` tells."""
        return cls(about.st_dev, about.st_ino)


class Checkpoint(msgspec.Struct, frozen=True):
    """Where reading of a file stands: all before `offset` is handed in.

    modified      when the file had last been written to, ns since 1970: a copy of it is no older
    fingerprint   hash of the file's head and the bytes before `offset`; never the bytes, they hold addresses
    dropping      whether `offset` is inside a line that was given up for its length
    copy_of       inode of the truncated file that was copied to this one, 0 when it is no copy
    absent        there was no file yet: whatever appears is new from its start
    """

    device: int = 0
    inode: int = 0
    offset: int = 0
    modified: int = 0
    fingerprint: str = ""
    dropping: bool = False
    copy_of: int = 0
    absent: bool = False

    @property
    def identity(self) -> Identity:
        """What the file was."""
        return Identity(self.device, self.inode)

    @property
    def original(self) -> Identity:
        """What the log was, whether this is it or a copy of it."""
        return Identity(self.device, self.copy_of or self.inode)

    def document(self) -> dict[str, Any]:
        """As it travels with a batch."""
        return dict(msgspec.to_builtins(self))

    @classmethod
    def of(cls, document: dict[str, Any] | None) -> Checkpoint | None:
        """From what travelled with a batch; None when that is none of ours."""
        try:
            return msgspec.convert(document, cls)
        except msgspec.ValidationError:
            return None


def open_log(path: Path) -> int:
    """A descriptor to read a regular file. Raises OSError, also for what is no regular file."""
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)
    mode = os.fstat(fd).st_mode
    if stat.S_ISREG(mode):
        return fd
    os.close(fd)
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(f"{path} is a directory, not a file")
    raise OSError(f"{path} is not a regular file; use --exec 'cat {path}' for a pipe or device")


def fingerprint(head: bytes, before: bytes) -> str:
    """The hash of a file's head and the bytes before an offset."""
    return hashlib.blake2b(
        head[:HEAD_BYTES] + b"|" + before[-BEFORE_BYTES:], digest_size=16, usedforsecurity=False
    ).hexdigest()


def matches(fd: int, checkpoint: Checkpoint) -> bool:
    """Whether an open file begins as the one of a checkpoint did, up to its offset."""
    if os.fstat(fd).st_size < checkpoint.offset:
        return False
    head = os.pread(fd, min(HEAD_BYTES, checkpoint.offset), 0)
    length = min(BEFORE_BYTES, checkpoint.offset)
    return fingerprint(head, os.pread(fd, length, checkpoint.offset - length)) == checkpoint.fingerprint


def last_line_start(fd: int, size: int) -> tuple[int, bool]:
    """Where "from now" begins: after the last line feed before `size`, and whether that is inside too long a line."""
    start = max(0, size - MAX_LINE - 2)
    newline = os.pread(fd, size - start, start).rfind(b"\n")
    if newline >= 0:
        return start + newline + 1, False
    return (0, False) if start == 0 else (size, True)


class LogFile:
    """An open file of one generation, read from an offset on; owns its descriptor.

    copy_of   the truncated file that was copied to this one, to which nobody writes any more; None when it is no copy
    """

    def __init__(
        self,
        fd: int,
        generation: int,
        offset: int = 0,
        *,
        dropping: bool = False,
        copy_of: Identity | None = None,
    ) -> None:
        self.fd = fd
        about = os.fstat(fd)
        self.identity = Identity.of(about)
        self.generation = generation
        self.offset = offset
        """All before it is handed in."""
        self.copy_of = copy_of
        self.grew_at = 0.0
        """When bytes were last read from it, on the monotonic clock; kept by whoever reads."""
        self.decoder: Decoder | None = None
        self._cutter = Cutter(dropping)
        self._borrowed = 0
        self._opened = offset > 0
        self._head = os.pread(fd, min(HEAD_BYTES, offset), 0)
        length = min(BEFORE_BYTES, offset)
        self._before = os.pread(fd, length, offset - length)
        self._looked = (0, about.st_mtime_ns)

    @property
    def read_to(self) -> int:
        """All before it is read; what is between `offset` and it is the beginning of a line."""
        return self.offset + len(self._cutter.carry) - self._borrowed

    @property
    def carry(self) -> bytes:
        """The beginning of a line whose end has not come yet."""
        return self._cutter.carry

    @property
    def dropping(self) -> bool:
        """Whether `offset` is inside a line that was given up."""
        return self._cutter.dropping

    @property
    def checkpoint(self) -> Checkpoint:
        """Where reading stands."""
        return self._checkpoint(self._cutter.dropping)

    @property
    def unread(self) -> int:
        """Bytes that are there and not yet handed in."""
        return max(0, os.fstat(self.fd).st_size - self.offset)

    @property
    def at_end(self) -> bool:
        """Whether all that is there is read."""
        return os.fstat(self.fd).st_size <= self.read_to

    def continue_line(self, before: LogFile) -> None:
        """Begin inside the line that another file ends in: its second half is at the start of this one."""
        self._cutter.carry, self._cutter.dropping = before.carry, before.dropping
        self._borrowed = len(before.carry)
        self.decoder = before.decoder

    def opening(self) -> Span:
        """The span from the start of the generation to the offset: what is stored before the first line is."""
        self._opened = True
        return Span(self.generation, 0, self.offset + OPENING, self.checkpoint.document())

    def was_truncated(self) -> bool:
        """Whether the file no longer is what was read: shorter, or with other bytes before where reading stands."""
        about = os.fstat(self.fd)
        looked = (about.st_size, about.st_mtime_ns)
        if looked == self._looked:
            return False
        known = self.known
        start = self.read_to - len(known)
        changed = (
            about.st_size < max(self.read_to, self._looked[0])
            or os.pread(self.fd, len(known), start) != known
        )
        if not changed:
            self._looked = looked
        return changed

    @property
    def known(self) -> bytes:
        """The bytes before where reading stands, as they were read."""
        return self._before + self._cutter.carry[self._borrowed :]

    def read(self, buffer: ReadBuffer, intake: Intake) -> int:
        """Read once and hand in the whole lines; how many bytes were read, 0 at the end of the file."""
        n = os.preadv(self.fd, [buffer.room], self.read_to)
        if n:
            cut = self._cutter.cut(buffer, n)
            at = cut.start
            if cut.dropped:
                goes_on = buffer.bytes[at + cut.dropped - 1] != _LINE_FEED
                intake.skip(self._passed(buffer, at, cut.dropped, dropping=goes_on))
            at += cut.dropped
            if len(cut.lines):
                intake.take_in(cut.lines, self._passed(buffer, at, len(cut.lines)), self._decoder(intake))
            at += len(cut.lines)
            if cut.too_long is not None:
                intake.reject(TOO_LONG, cut.too_long, self._passed(buffer, at, cut.lost, dropping=True))
        return n

    def end(self, intake: Intake) -> None:
        """Hand in the last line although it lacks its line feed: nobody will write the rest."""
        length = len(self._cutter.carry) - self._borrowed
        lines = self._cutter.end()
        if len(lines):
            self._before = (self._before + lines[:-1].tobytes())[-BEFORE_BYTES:]
            self._head = (self._head + lines[:-1].tobytes())[:HEAD_BYTES]
            intake.take_in(lines, self._span(length, dropping=False), self._decoder(intake))

    def close(self) -> None:
        """Close the descriptor."""
        os.close(self.fd)

    def _decoder(self, intake: Intake) -> Decoder:
        self.decoder = self.decoder or intake.decoder()
        return self.decoder

    def _passed(self, buffer: ReadBuffer, start: int, length: int, *, dropping: bool = False) -> Span:
        """The span of bytes in the buffer that are dealt with."""
        start, length, self._borrowed = start + self._borrowed, length - self._borrowed, 0
        end = start + length
        if len(self._head) < HEAD_BYTES:
            self._head += bytes(buffer.bytes[start : min(end, start + HEAD_BYTES - len(self._head))])
        self._before = (self._before + buffer.bytes[max(start, end - BEFORE_BYTES) : end])[-BEFORE_BYTES:]
        return self._span(length, dropping=dropping)

    def _span(self, length: int, *, dropping: bool) -> Span:
        first = self.offset + OPENING if self._opened else 0
        self._opened = True
        self.offset += length
        return Span(self.generation, first, self.offset + OPENING, self._checkpoint(dropping).document())

    def _checkpoint(self, dropping: bool) -> Checkpoint:
        return Checkpoint(
            *self.identity,
            self.offset,
            self._looked[1],
            fingerprint(self._head, self._before),
            dropping=dropping,
            copy_of=self.copy_of.inode if self.copy_of else 0,
        )

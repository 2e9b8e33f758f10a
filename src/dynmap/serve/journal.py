"""What came in lately, in files: so that a serving process that is started again knows what the one before knew.

Batches and the steps that they went into are appended as they come, before they are acknowledged or sent: whatever a
viewer's cursor names is in here. It is no history: the folder is the supervisor's and ends with it, as little is kept
as the ring holds, and nothing is synced to disk, since a process that dies takes nothing with it that it has written.
"""

from __future__ import annotations

import logging
import os
import struct
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from dynmap.relay.message import Position

MAX_BYTES: Final = 64 << 20
"""Of all files together, about."""

_FILES: Final = 4
"""Into how many files the time and the bytes that are kept are divided."""

_PAUSE_SECONDS: Final = 30.0
"""How long nothing is tried when a file could not be written."""

_LENGTH: Final = struct.Struct("<I")

logger = logging.getLogger(__name__)


class Begun(msgspec.Struct, frozen=True, tag="begun"):
    """The first record of a file: all that was known by then. Sums are by topic number, times in ms since 1970."""

    epoch: str
    started: int
    number: int
    tick: int
    names: list[str]
    folded: bool
    located: dict[int, int]
    unlocated: dict[int, int]
    rejected: int
    reasons: dict[str, int]
    received_by_source: dict[str, int]
    rejected_by_source: dict[str, int]
    positions: list[Position]


class Took(msgspec.Struct, frozen=True, tag="took"):
    """A batch came in, at a moment (ms since 1970); `batch` is the message as it travels on the relay."""

    now: int
    batch: bytes


class Closed(msgspec.Struct, frozen=True, tag="closed"):
    """All that came in since the step before went into this one."""

    number: int
    tick: int


Record = Begun | Took | Closed

_encoder = msgspec.msgpack.Encoder()
_decoder: msgspec.msgpack.Decoder[Record] = msgspec.msgpack.Decoder(Record)


class Journal:
    """Files of records in a folder; the newest is written to."""

    def __init__(self, folder: Path, seconds: int, max_bytes: int = MAX_BYTES) -> None:
        self._folder = folder
        self._file_seconds = seconds / (_FILES - 1)
        self._file_bytes = max_bytes // _FILES
        self._fd: int | None = None
        self._size = 0
        self._begun = 0.0
        self._wait = 0.0
        folder.mkdir(mode=0o700, exist_ok=True)

    def records(self) -> Iterator[Record]:
        """All that was written, oldest first, from a `Begun` on. That of a later file stands for the step before it."""
        for place, path in enumerate(self._files()):
            for record in _read(path):
                if place and isinstance(record, Begun):
                    yield Closed(record.number, record.tick)
                else:
                    yield record

    @property
    def is_due(self) -> bool:
        """Whether a new file is to be begun."""
        age = time.monotonic() - self._begun
        if self._fd is None:
            return age > self._wait
        return self._size > self._file_bytes or age > self._file_seconds

    def begin(self, known: Begun) -> None:
        """Begin a new file and forget the oldest."""
        self.close()
        files = self._files()
        for path in files[: max(0, len(files) - _FILES + 1)]:
            path.unlink()
        number = int(files[-1].stem) + 1 if files else 0
        try:
            self._fd = os.open(
                self._folder / f"{number:08}.journal", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600
            )
        except OSError as error:
            self._give_up(error)
        self._size, self._begun = 0, time.monotonic()
        self.write(known)

    def write(self, record: Record) -> None:
        """Append a record. When that can't be done it is said once, until the next file is begun, and life goes on."""
        if self._fd is None:
            return
        data = _encoder.encode(record)
        data = _LENGTH.pack(len(data)) + data
        try:
            while data:
                written = os.write(self._fd, data)
                data, self._size = data[written:], self._size + written
        except OSError as error:
            self._give_up(error)

    def close(self) -> None:
        """Write no more."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def _give_up(self, error: OSError) -> None:
        """A journal with a gap is worse than none: it would tell a restarted process less than viewers know."""
        logger.warning("no journal for now, a restart would begin anew: %s", error.strerror)
        self.close()
        self._begun, self._wait = time.monotonic(), _PAUSE_SECONDS
        for path in self._files():
            path.unlink(missing_ok=True)

    def _files(self) -> list[Path]:
        return sorted(self._folder.glob("*.journal"))


def _read(path: Path) -> Iterator[Record]:
    """The records of a file. The last may be cut off: whoever wrote it did not live to tell anybody of it."""
    data, at = memoryview(path.read_bytes()), 0
    while at + _LENGTH.size <= len(data):
        (length,) = _LENGTH.unpack_from(data, at)
        start, at = at + _LENGTH.size, at + _LENGTH.size + length
        if at <= len(data):
            yield _decoder.decode(data[start:at])

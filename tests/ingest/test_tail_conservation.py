"""Whatever a log's writer, logrotate and kill -9 do, in whatever order: each line is handed in once, in whole."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from dynmap.config import SourceSettings
from dynmap.ingest.base import Intake, Span
from dynmap.ingest.lines import U8, ReadBuffer
from dynmap.ingest.tail import Tail
from dynmap.pipeline.pipeline import MAX_LINE, Decoder, Taken
from dynmap.relay.message import Position


def understood(line: bytes) -> bytes:
    """A line as the pipeline takes it."""
    return line if len(line) <= MAX_LINE else b"too long " + line[:20]


class Store:
    """What the serving side has stored, and the batch that is not sent yet and dies with the process."""

    def __init__(self) -> None:
        self.lines: list[bytes] = []
        self.positions: dict[tuple[str, int], Position] = {}
        self._open: list[tuple[list[bytes], Span]] = []
        self.crowded = False

    def decoder(self, format: str | None = None) -> Decoder:
        return cast(Decoder, SimpleNamespace(format="ip"))

    def take_in(self, lines: U8, span: Span, decoder: Decoder, errors: object = None) -> Taken:
        self._note([understood(line) for line in lines.tobytes().splitlines()], span)
        return Taken(0, 0, 0, 0)

    def reject(self, reason: str, sample: bytes, span: Span) -> None:
        self._note([b"too long " + sample[:20]], span)

    def skip(self, span: Span) -> None:
        self._note([], span)

    def send(self, batches: int | None = None) -> None:
        """Store what was handed in, or only the first batches of it."""
        sent, self._open = self._open[:batches], self._open[len(self._open[:batches]) :]
        for lines, span in sent:
            known = self.positions.get(("log", span.generation))
            assert span.first == (known.last if known else 0)
            self.lines += lines
            self.positions["log", span.generation] = Position(
                "log", span.generation, span.last, span.checkpoint
            )

    def crash(self) -> None:
        self._open.clear()

    def _note(self, lines: list[bytes], span: Span) -> None:
        assert span.first < span.last
        self._open.append((lines, span))


class LogMachine(RuleBasedStateMachine):
    """A writer, a log rotation, and a reader that is killed now and then."""

    @initialize(start=st.sampled_from(["now", "start"]), there=st.booleans())
    def begin(self, start: str, there: bool) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="dynmap-tail-"))
        self.path = self.folder / "access.log"
        self.written: list[bytes] = []
        self.partial = b""
        self.serial = 0
        self.store = Store()
        self.settings = SourceSettings.model_validate(
            {"kind": "tail", "name": "log", "path": self.path, "from": start}
        )
        if there:
            self.path.write_bytes(b"before\n")
            self.written += [b"before"] if start == "start" else []
        self.writer = self.path
        self.buffer = ReadBuffer(1 << 17)
        self.start()
        self.poll()
        self.store.send()

    def start(self) -> None:
        self.tail = Tail(self.settings, self.buffer, quiet=1e9)
        self.tail.begin(self.store.positions)

    def poll(self) -> None:
        """One round of the reader's loop, all that is there."""
        intake = cast(Intake, self.store)
        self.tail.poll(intake)
        while self.tail.poll(intake):
            pass

    def teardown(self) -> None:
        if not hasattr(self, "tail"):
            return
        self.write_line(b"end")
        self.poll()
        self.poll()
        self.store.send()
        self.tail.close()
        shutil.rmtree(self.folder)
        assert sorted(self.store.lines) == sorted(self.written)

    def append(self, data: bytes) -> None:
        with self.writer.open("ab") as file:
            file.write(data)

    @rule(text=st.binary(max_size=30), count=st.integers(1, 4))
    def write(self, text: bytes, count: int) -> None:
        for _ in range(count):
            self.write_line(text.replace(b"\n", b"").replace(b"\r", b""))

    def write_line(self, text: bytes) -> None:
        self.serial += 1
        rest = b"%s #%d" % (text, self.serial)
        line = self.partial + rest
        self.append(rest + b"\n")
        self.partial = b""
        self.written.append(understood(line))

    @rule(text=st.binary(min_size=1, max_size=20))
    def write_part(self, text: bytes) -> None:
        self.serial += 1
        part = b"<%d>" % self.serial + text.replace(b"\n", b"").replace(b"\r", b"")
        self.append(part)
        self.partial += part

    @rule()
    def write_long(self) -> None:
        self.serial += 1
        part = b"<long %7d>" % self.serial * (MAX_LINE // 13)
        self.append(part)
        self.poll()
        self.partial += part

    @precondition(lambda self: self.path.exists())
    @rule(reopen=st.booleans())
    def rename(self, reopen: bool) -> None:
        self.make_known()
        self.shift()
        self.path.rename(self.folder / "access.log.1")
        self.writer = self.folder / "access.log.1"
        if reopen:
            self.reopen()

    @precondition(lambda self: not self.path.exists() or self.writer != self.path)
    @rule()
    def reopen(self) -> None:
        if not self.partial:
            self.writer = self.path
            self.path.touch()

    @precondition(lambda self: self.writer == self.path and self.path.exists())
    @rule()
    def copytruncate(self) -> None:
        self.make_known()
        # A file of which no line was ever read can't be told from any other.
        if not self.has_read_a_line():
            self.poll()
        if not self.has_read_a_line() or not any(each["offset"] for each in self.stored_checkpoints()):
            return
        self.shift()
        shutil.copy2(self.path, self.folder / "access.log.1")
        os.truncate(self.path, 0)

    def shift(self) -> None:
        for number in range(60, 0, -1):
            name = self.folder / f"access.log.{number}"
            if name.exists():
                name.rename(self.folder / f"access.log.{number + 1}")
                if self.writer == name:
                    self.writer = self.folder / f"access.log.{number + 1}"

    def make_known(self) -> None:
        """Have something of this file stored, at least that it is there."""
        inode = self.path.stat().st_ino
        if not any(
            checkpoint["inode"] == inode and checkpoint["offset"] for checkpoint in self.stored_checkpoints()
        ):
            self.poll()
            self.store.send()

    def has_read_a_line(self) -> bool:
        file = self.tail._current
        return file is not None and file.offset > 0 and file.copy_of is None

    def stored_checkpoints(self) -> list[dict[str, Any]]:
        return [position.checkpoint for position in self.store.positions.values() if position.checkpoint]

    @rule()
    def read(self) -> None:
        self.poll()

    @rule()
    def send(self) -> None:
        self.poll()
        self.store.send()

    @rule(batches=st.integers(0, 3))
    def kill(self, batches: int) -> None:
        self.store.send(batches)
        self.store.crash()
        self.tail.close()
        self.start()

    @invariant()
    def nothing_is_doubled(self) -> None:
        if hasattr(self, "store"):
            assert len(set(self.store.lines)) == len(self.store.lines)


TestLog = LogMachine.TestCase
TestLog.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)

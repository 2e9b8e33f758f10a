"""`--tail FILE`: follows a log through rotation, truncation, restarts and absence; loses and doubles nothing.

Each file that the path has stood for is a *generation*. The newest one is read as it grows. One that was renamed away
is read on until it has been quiet for a minute, because its writer may hold it open. When a file is truncated, what
was not read of it yet is taken from the copy beside it. The checkpoint that goes with each batch tells a later process
where each generation stands, and its fingerprint how to know the file again. See docs/sources/tail.md.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import time
from pathlib import Path
from typing import Final

from dynmap.config import SourceSettings
from dynmap.ingest import rotation
from dynmap.ingest.base import Intake, Positions, Span
from dynmap.ingest.batching import Clock, wall_clock
from dynmap.ingest.lines import ReadBuffer
from dynmap.ingest.logfile import (
    Checkpoint,
    Identity,
    LogFile,
    last_line_start,
    matches,
    open_log,
)
from dynmap.relay.message import SourceStatus

QUIET_SECONDS: Final = 60.0
"""How long a file that was renamed away must not have grown before it is given up."""

MAX_FOLLOWED: Final = 8
"""Renamed files that are read on at the same time."""

_FINISH_SECONDS: Final = 1.0
"""How long to go on reading when told to stop."""

_WATCH_SECONDS: Final = 0.25
"""How often to look for rotations while the relay holds the sources back."""


class Tail:
    """One log, followed by its path."""

    def __init__(
        self,
        settings: SourceSettings,
        buffer: ReadBuffer,
        *,
        clock: Clock = wall_clock,
        quiet: float = QUIET_SECONDS,
    ) -> None:
        if settings.path is None:
            raise ValueError("a tail needs a path")
        self.producer = settings.name
        self._settings = settings
        self._path = settings.path
        self._buffer = buffer
        self._clock = clock
        self._quiet = quiet
        self._current: LogFile | None = None
        self._older: list[LogFile] = []
        """Renamed files and copies that are not read to their end yet, oldest first."""
        self._past: list[tuple[int, Checkpoint]] = []
        """Generations that were given up, in case the path stands for one of them again."""
        self._generation = 0
        self._openings: list[Span] = []
        self._problem = ""
        self._notice = ""
        self._stopping = False

    @property
    def status(self) -> SourceStatus:
        """Waiting for the file, open with its lag, or down with the reason."""
        state = "down" if self._problem else "open" if self._current else "waiting"
        detail = self._problem or self._notice
        if not detail and not self._path.exists():
            detail = f"waiting for {self._path} to appear"
        known = self._current.decoder.format if self._current and self._current.decoder else None
        return SourceStatus(
            self._settings.name,
            "tail",
            known or self._settings.format,
            state,
            detail,
            producers=len(self._files),
            lag_bytes=sum(file.unread for file in self._files),
        )

    def begin(self, positions: Positions) -> None:
        """Open what is stored as read in part, and the log: from now, from its start, or after what is stored."""
        stored = sorted(
            (position.generation, checkpoint)
            for (producer, _), position in positions.items()
            if producer == self.producer and (checkpoint := Checkpoint.of(position.checkpoint)) is not None
        )
        if stored:
            self._resume(stored)
        else:
            self._begin_anew()

    def _begin_anew(self) -> None:
        fd = self._try_open()
        if fd is None:
            generation = self._next_generation()
            self._openings.append(Span(generation, 0, 1, Checkpoint(absent=True).document()))
            return
        offset, dropping = (0, False)
        if self._settings.start == "now":
            offset, dropping = last_line_start(fd, os.fstat(fd).st_size)
        self._current = LogFile(fd, self._next_generation(), offset, dropping=dropping)
        self._openings.append(self._current.opening())

    def _resume(self, stored: list[tuple[int, Checkpoint]]) -> None:
        self._generation = stored[-1][0]
        self._past = stored[:-1]
        fd = self._try_open()
        for generation, checkpoint in stored:
            latest = generation == stored[-1][0]
            if checkpoint.absent or (checkpoint.copy_of and not latest):
                continue
            if fd is not None and self._current is None and _is(fd, checkpoint):
                self._current = _resumed(fd, generation, checkpoint)
            else:
                self._resume_rotated(generation, checkpoint, latest=latest)
        if fd is not None and self._current is None:
            self._current = self._new(fd)

    def _resume_rotated(self, generation: int, checkpoint: Checkpoint, *, latest: bool) -> None:
        """Go on with what the log was before, under its new name or in its copy."""
        fd = rotation.find(self._path, checkpoint)
        if fd is None:
            if latest:
                self._notice = (
                    f"what {self._path} was before is gone; lines in it that were not read are lost"
                )
            return
        truncated = checkpoint.original
        if Identity.of(os.fstat(fd)) == truncated:
            rest = _resumed(fd, generation, checkpoint)
        elif latest:
            rest = _resumed(fd, generation, checkpoint, copy_of=truncated)
        else:  # a copy is read to its end before the next generation begins
            os.close(fd)
            return
        self._follow(rest)
        if latest:
            self._take_up_between(rest)

    async def run(self, intake: Intake) -> None:
        """Read until `stop`."""
        while not self._stopping:
            if intake.crowded:
                self._watch(intake)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(intake.room(), _WATCH_SECONDS)
            elif self.poll(intake):
                await asyncio.sleep(0)
            else:
                await intake.mark()
        self._finish(intake)

    def poll(self, intake: Intake) -> bool:
        """See what became of the log and read each of its files once; whether there may be more to read at once."""
        self._watch(intake)
        for span in self._openings:
            intake.skip(span)
        self._openings.clear()
        more = self._read(intake)
        if not more:
            self._give_up_quiet(intake)
        return more

    def stop(self) -> None:
        """Read what is there, for a second at most, then return from `run`."""
        self._stopping = True

    def _finish(self, intake: Intake) -> None:
        end = time.monotonic() + _FINISH_SECONDS
        while self._read(intake) and time.monotonic() < end:
            pass
        for file in self._older:
            if file.at_end and file.copy_of is None:
                file.end(intake)
        self.close()

    def close(self) -> None:
        """Close all files."""
        for file in self._files:
            file.close()
        self._older.clear()
        self._current = None

    @property
    def _files(self) -> list[LogFile]:
        return [*self._older, *([self._current] if self._current else [])]

    def _watch(self, intake: Intake) -> None:
        """See what the path stands for now."""
        if self._current is not None and self._current.was_truncated():
            self._start_over(self._current, intake)
        try:
            identity = Identity.of(os.stat(self._path))
        except OSError as error:
            self._problem = _explained(self._path, error)
            return
        if self._current is None or self._current.identity != identity:
            fd = self._try_open()
            if fd is not None:
                self._switch(fd)
        else:
            self._problem = ""

    def _switch(self, fd: int) -> None:
        """Go over to another file, and follow the one so far until it is quiet."""
        if self._current is not None:
            self._follow(self._current)
            self._current = None
        if self._older:
            self._take_up_between(self._older[-1])
        identity = Identity.of(os.fstat(fd))
        again = next(
            (file for file in self._older if file.identity == identity and file.copy_of is None), None
        )
        if again is not None:
            os.close(fd)
            self._older.remove(again)
            self._current = again
            return
        for generation, checkpoint in reversed(self._past):
            if _is(fd, checkpoint):
                self._past.remove((generation, checkpoint))
                self._current = _resumed(fd, generation, checkpoint)
                return
        self._current = self._new(fd)

    def _take_up_between(self, before: LogFile) -> None:
        """Read also what was the log for so short a time that nobody saw it.

        After a copy come more copies of the same file, until that file itself was renamed away.
        """
        known = {past.identity for _, past in self._past} - {before.copy_of}
        known |= {file.identity for file in self._files}
        truncated = before.copy_of
        for name in rotation.between(self._path, before.identity):
            try:
                fd = open_log(name)
            except OSError:
                continue
            identity = Identity.of(os.fstat(fd))
            truncated = None if identity == truncated else truncated
            if identity in known:
                os.close(fd)
            elif truncated is not None:
                self._follow(LogFile(fd, self._next_generation(), copy_of=truncated))
            else:
                self._follow(self._new(fd))

    def _start_over(self, file: LogFile, intake: Intake) -> None:
        """The file was truncated: take the rest from a copy beside it, then read it from its start."""
        copy = rotation.find(self._path, file.checkpoint)
        unfinished: LogFile | None = None
        if copy is None:
            file.end(intake)
        elif (
            os.fstat(copy).st_size >= file.read_to
            and os.pread(copy, len(file.carry), file.offset) == file.carry
        ):
            rest = LogFile(copy, file.generation, file.offset, dropping=file.dropping, copy_of=file.identity)
            rest.decoder = file.decoder
            self._follow(rest)
            self._take_up_between(rest)
        else:  # it was copied before the last read: nothing is missing
            os.close(copy)
            unfinished = file
        self._current = LogFile(os.dup(file.fd), self._next_generation())
        self._current.decoder = file.decoder
        if unfinished is not None:
            self._current.continue_line(unfinished)
        file.close()

    def _read(self, intake: Intake) -> bool:
        """Read each file once; whether there may be more to read at once."""
        more = False
        for file in self._files:
            n = file.read(self._buffer, intake)
            if n:
                file.grew_at = time.monotonic()
                more = more or file.copy_of is not None or n == len(self._buffer.room)
            if file.copy_of is not None:
                if n:  # what comes after it begins with its last line
                    return True
                self._hand_on(file, intake)
        return more

    def _hand_on(self, copy: LogFile, intake: Intake) -> None:
        """A copy is read: its last line, if it is not whole, goes on at the start of the truncated file."""
        after = self._files[self._files.index(copy) + 1 :]
        if after:
            after[0].continue_line(copy)
        else:
            copy.end(intake)
        self._older.remove(copy)
        copy.close()

    def _new(self, fd: int) -> LogFile:
        """A file to be read from its start; that it is known is stored even while it is empty.

        Not so while a copy before it is unread: the copy may end in the first half of this file's first line.
        """
        file = LogFile(fd, self._next_generation())
        if not any(before.copy_of for before in self._older):
            self._openings.append(file.opening())
        return file

    def _follow(self, file: LogFile) -> None:
        file.grew_at = time.monotonic()
        self._older.append(file)

    def _give_up_quiet(self, intake: Intake) -> None:
        if self._current is None:
            return
        long_ago = time.monotonic() - self._quiet
        for file in list(self._older):
            if file.grew_at <= long_ago or len(self._older) > MAX_FOLLOWED:
                file.end(intake)
                self._past = [*self._past[1 - MAX_FOLLOWED :], (file.generation, file.checkpoint)]
                self._older.remove(file)
                file.close()

    def _try_open(self) -> int | None:
        try:
            fd = open_log(self._path)
        except OSError as error:
            self._problem = _explained(self._path, error)
            return None
        self._problem = ""
        return fd

    def _next_generation(self) -> int:
        self._generation = max(self._clock(), self._generation + 1)
        return self._generation


def _is(fd: int, checkpoint: Checkpoint) -> bool:
    return Identity.of(os.fstat(fd)) == checkpoint.identity and matches(fd, checkpoint)


def _resumed(fd: int, generation: int, checkpoint: Checkpoint, *, copy_of: Identity | None = None) -> LogFile:
    file = LogFile(fd, generation, checkpoint.offset, dropping=checkpoint.dropping, copy_of=copy_of)
    file.opening()
    return file


def _explained(path: Path, error: OSError) -> str:
    """What is wrong with a log, for its status; empty when it is only not there yet."""
    match error.errno:
        case errno.ENOENT | errno.ENOTDIR:
            return ""
        case errno.EACCES | errno.EPERM:
            return f"not allowed to read {path}; retrying"
        case None:
            return f"{error}; retrying"
        case _:
            return f"{path}: {error.strerror}; retrying"

"""`--stdin`: lines from standard input. At its end the source has ended; the server stays."""

from __future__ import annotations

import asyncio
import os
import stat

from dynmap.config import SourceSettings
from dynmap.ingest.base import Intake, Positions, Sequence
from dynmap.ingest.batching import Clock, wall_clock
from dynmap.ingest.lines import ReadBuffer
from dynmap.ingest.pipe import PipeReader
from dynmap.relay.message import SourceStatus

_LAST_READS_SECONDS = 1.0


class Stdin:
    """Standard input, whatever it is."""

    def __init__(
        self, settings: SourceSettings, buffer: ReadBuffer, *, fd: int = 0, clock: Clock = wall_clock
    ) -> None:
        self.producer = settings.name
        self._settings = settings
        self._fd = fd
        self._buffer = buffer
        self._clock = clock
        self._state = "waiting"
        self._detail = ""
        self._reader: PipeReader | None = None
        self._stopping = asyncio.Event()

    @property
    def status(self) -> SourceStatus:
        """Open until the end of the input, then ended."""
        known = self._reader.decoder.format if self._reader and self._reader.decoder else None
        return SourceStatus(
            self._settings.name,
            "stdin",
            known or self._settings.format,
            self._state,
            self._detail,
            producers=1,
        )

    def begin(self, positions: Positions) -> None:
        """Nothing: what another process read can't be read again, and a file is read on from where it stopped."""

    async def run(self, intake: Intake) -> None:
        """Read to the end."""
        try:
            mode = os.fstat(self._fd).st_mode
        except OSError:
            self._state, self._detail = "ended", "there is no standard input"
            return
        if stat.S_ISDIR(mode):
            self._state, self._detail = "down", "standard input is a directory"
            return
        self._state = "open"
        self._reader = PipeReader(self._fd, self._buffer, Sequence(self._clock()))
        if self._stopping.is_set():
            self._reader.stop()
        if await self._reader.run(intake):
            self._state, self._detail = "ended", "end of input"

    def stop(self) -> None:
        """Stop reading."""
        self._stopping.set()
        if self._reader is not None:
            self._reader.stop()

"""`--exec COMMAND`: lines from a shell command's output, such as `journalctl -f` or `kubectl logs -f`.

A command that ends is started again, later each time it fails soon. It runs in a process group of its own, which is
ended together with the source.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections import deque
from typing import Final

from dynmap.children import Backoff
from dynmap.config import SourceSettings
from dynmap.ingest.base import Intake, Positions, Sequence
from dynmap.ingest.batching import Clock, wall_clock
from dynmap.ingest.lines import ReadBuffer
from dynmap.ingest.pipe import PipeReader
from dynmap.pipeline.mask import mask
from dynmap.relay.message import SourceStatus

_END_SECONDS: Final = 2.0
"""How long the command may take to end after SIGTERM."""

_STDERR_LINES: Final = 3
_STDERR_LIMIT: Final = 4096


class Exec:
    """A command that is kept running."""

    def __init__(
        self,
        settings: SourceSettings,
        buffer: ReadBuffer,
        *,
        clock: Clock = wall_clock,
        backoff: Backoff | None = None,
    ) -> None:
        if settings.command is None:
            raise ValueError("an exec source needs a command")
        self.producer = settings.name
        self._settings = settings
        self._command = settings.command
        self._buffer = buffer
        self._sequence = Sequence(clock())
        self._backoff = backoff or Backoff()
        self._process: asyncio.subprocess.Process | None = None
        self._reader: PipeReader | None = None
        self._stopping = asyncio.Event()
        self._last_words: deque[str] = deque(maxlen=_STDERR_LINES)
        self._state = "waiting"
        self._detail = ""

    @property
    def status(self) -> SourceStatus:
        """Open while the command runs, else down with how it ended and its last words."""
        known = self._reader.decoder.format if self._reader and self._reader.decoder else None
        return SourceStatus(
            self._settings.name,
            "exec",
            known or self._settings.format,
            self._state,
            self._detail,
            producers=int(self._state == "open"),
        )

    def begin(self, positions: Positions) -> None:
        """Nothing: what a command said to another process can't be read again."""

    async def run(self, intake: Intake) -> None:
        """Run the command again and again until `stop`."""
        loop = asyncio.get_running_loop()
        while not self._stopping.is_set():
            started = loop.time()
            try:
                ended = await self._run_once(intake)
            except OSError as error:
                ended = f"could not be started: {error.strerror}"
            if self._stopping.is_set():
                return
            delay = self._backoff.delay(loop.time() - started)
            words = "; ".join(self._last_words)
            self._state = "down"
            self._detail = f"{ended}; starting it again in {delay:.1f} s" + (
                f"; it said: {words}" if words else ""
            )
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), delay)

    def stop(self) -> None:
        """End the command and its children, take in what it has written."""
        self._stopping.set()
        self._signal(signal.SIGTERM)

    async def _run_once(self, intake: Intake) -> str:
        """Start the command and read it to its end; how that was, in words."""
        self._last_words.clear()
        read_end, write_end = os.pipe()
        try:
            try:
                self._process = process = await asyncio.create_subprocess_shell(
                    self._command,
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=write_end,
                    stderr=asyncio.subprocess.PIPE,
                    limit=_STDERR_LIMIT,
                    start_new_session=True,
                )
            finally:
                os.close(write_end)
            self._state, self._detail = "open", ""
            if self._stopping.is_set():
                self._signal(signal.SIGTERM)
            listening = asyncio.create_task(self._listen(process))
            self._reader = PipeReader(read_end, self._buffer, self._sequence)
            try:
                return await self._read_until_end(process, self._reader, intake)
            finally:
                self._signal(signal.SIGKILL)
                self._process = None
                await asyncio.wait([listening], timeout=0.2)
                listening.cancel()
        finally:
            os.close(read_end)

    async def _read_until_end(
        self, process: asyncio.subprocess.Process, reader: PipeReader, intake: Intake
    ) -> str:
        """Whatever holds the output open once the command itself has ended is not waited for when stopping."""
        reading = asyncio.create_task(reader.run(intake))
        stopping = asyncio.create_task(self._stopping.wait())
        try:
            await asyncio.wait([reading, stopping], return_when=asyncio.FIRST_COMPLETED)
            if not reading.done():
                await asyncio.wait([reading], timeout=_END_SECONDS)
                reader.stop()
            await reading
            if self._stopping.is_set():
                self._signal(signal.SIGKILL)
            code = await process.wait()
        finally:
            stopping.cancel()
            reading.cancel()
        if code < 0:
            return f"was killed by {signal.Signals(-code).name}"
        return f"ended with exit code {code}"

    async def _listen(self, process: asyncio.subprocess.Process) -> None:
        """Keep the last lines of the command's standard error, without addresses."""
        assert process.stderr is not None
        while chunk := await process.stderr.read(_STDERR_LIMIT):
            lines = [line for line in chunk.splitlines(keepends=True) if line.strip()]
            self._last_words.extend(mask(line.rstrip(), cut=not line.endswith(b"\n")) for line in lines)

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, number)

"""Lines from a descriptor that is read once and in order: a pipe, a terminal, or a file on standard input."""

from __future__ import annotations

import asyncio
import os
import stat

from dynmap.ingest.base import SMALL_READ, Intake, Sequence
from dynmap.ingest.lines import TOO_LONG, Cutter, ReadBuffer
from dynmap.pipeline.pipeline import Decoder


class PipeReader:
    """Reads a descriptor to its end; does not own it."""

    def __init__(self, fd: int, buffer: ReadBuffer, sequence: Sequence) -> None:
        self._fd = fd
        self._buffer = buffer
        self._sequence = sequence
        self._cutter = Cutter()
        self._stopping = asyncio.Event()
        # A descriptor of a file is always readable, and the loop refuses to watch it.
        self._watched = not stat.S_ISREG(os.fstat(fd).st_mode)
        self.decoder: Decoder | None = None

    async def run(self, intake: Intake) -> bool:
        """Hand in lines until the end or `stop`; whether it was the end."""
        self.decoder = intake.decoder()
        while not self._stopping.is_set():
            await intake.room()
            if self._watched and not await self._readable():
                break
            n = self._read(intake)
            if n == 0:
                self._end(intake)
                return True
            if n < SMALL_READ:
                await intake.mark()  # a trickle gathers in the pipe meanwhile
            else:
                await asyncio.sleep(0)
        return False

    def stop(self) -> None:
        """Have `run` return."""
        self._stopping.set()

    def _read(self, intake: Intake) -> int:
        """Read once and hand in the whole lines; 0 at the end."""
        assert self.decoder is not None
        try:
            n = os.readv(self._fd, [self._buffer.room])
        except BlockingIOError:  # somebody else who has this terminal was quicker
            return -1
        except OSError:  # a terminal that was closed
            return 0
        cut = self._cutter.cut(self._buffer, n)
        if cut.dropped:
            intake.skip(self._sequence.span(cut.dropped))
        if len(cut.lines):
            intake.take_in(cut.lines, self._sequence.span(len(cut.lines)), self.decoder)
        if cut.too_long is not None:
            intake.reject(TOO_LONG, cut.too_long, self._sequence.span(cut.lost))
        return n

    def _end(self, intake: Intake) -> None:
        lines = self._cutter.end()
        if len(lines) and self.decoder is not None:
            intake.take_in(lines, self._sequence.span(len(lines)), self.decoder)

    async def _readable(self) -> bool:
        """Wait for bytes or `stop`; whether there are bytes."""
        loop = asyncio.get_running_loop()
        ready = asyncio.Event()
        stopping = asyncio.ensure_future(self._stopping.wait())
        waiting = asyncio.ensure_future(ready.wait())
        loop.add_reader(self._fd, ready.set)
        try:
            await asyncio.wait([waiting, stopping], return_when=asyncio.FIRST_COMPLETED)
        finally:
            loop.remove_reader(self._fd)
            waiting.cancel()
            stopping.cancel()
        return ready.is_set()

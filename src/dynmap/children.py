"""The processes that the supervisor starts: their life, their last words, and when to start them again."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from dynmap import lifeline

STARTUP_ERROR: Final = 2
"""Exit code of a child that raised StartupError; its one line is in its report."""

_STEADY_SECONDS: Final = 60.0
_FIRST_DELAY: Final = 0.5
_LONGEST_DELAY: Final = 30.0
_LINE_LIMIT: Final = 1 << 16
_SECRET_VARIABLES: Final = "DYNMAP_AUTH__"

OnLine = Callable[[str, str], None]


@dataclass(slots=True)
class Backoff:
    """How long to wait before the next start: doubles with each failure, has jitter, forgets after a steady minute."""

    failures: int = 0
    random: Callable[[], float] = random.random

    def delay(self, ran_seconds: float) -> float:
        """Seconds to wait after a run of so many seconds: 0.5 to 30, give or take half."""
        self.failures = 0 if ran_seconds >= _STEADY_SECONDS else self.failures
        delay = min(_LONGEST_DELAY, _FIRST_DELAY * 2.0 ** min(self.failures, 16))
        self.failures += 1
        return delay * (0.5 + self.random())


@dataclass(frozen=True, slots=True)
class Ended:
    """How a child ended: `code` as in asyncio (negative: the signal), and the StartupError it reported."""

    code: int
    report: str
    ran_seconds: float

    @property
    def clean(self) -> bool:
        """Whether a child that was told to stop lost nothing."""
        return self.code == 0

    @property
    def how(self) -> str:
        """In words, for a log line."""
        if self.code >= 0:
            return f"ended with exit code {self.code}"
        return f"was killed by {signal.Signals(-self.code).name}"


@dataclass(slots=True)
class Child:
    """A running child. Its lines on stderr are handed on one by one, so that they never tear a progress bar."""

    role: str
    process: asyncio.subprocess.Process
    started: float
    _lifeline: int
    _report: int
    _ended: asyncio.Task[Ended] | None = field(default=None, repr=False)

    @classmethod
    async def start(
        cls, role: str, arguments: Sequence[str], fds: Sequence[int], on_line: OnLine, stdin: int | None
    ) -> Child:
        """Starts `python -m dynmap <arguments> --lifeline FD --report FD` with `fds` left open.

        The child is deaf to the signals that mean stop (`lifeline.py`), from its first moment on: one that is blocked
        stays so for children, so they are blocked for a moment, in which none is lost; hence only one child may be
        started at a time. Secrets reach it with its settings, not with its environment, which the commands that it
        runs would inherit.
        """
        lifeline_end, lifeline_start = os.pipe()
        report, report_end = os.pipe()
        heard = signal.pthread_sigmask(signal.SIG_BLOCK, lifeline.UNHEARD)
        try:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "dynmap", *arguments),
                *("--lifeline", str(lifeline_end), "--report", str(report_end)),
                pass_fds=(*fds, lifeline_end, report_end),
                stdin=stdin,
                stderr=asyncio.subprocess.PIPE,
                env={
                    name: text for name, text in os.environ.items() if not name.startswith(_SECRET_VARIABLES)
                },
                limit=_LINE_LIMIT,
            )
        except BaseException:
            os.close(lifeline_start)
            os.close(report)
            raise
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, heard)
            os.close(lifeline_end)
            os.close(report_end)
        child = cls(role, process, asyncio.get_running_loop().time(), lifeline_start, report)
        child._ended = asyncio.create_task(child._watch(on_line))
        return child

    async def ended(self) -> Ended:
        """Waits for its end, however often it is asked."""
        assert self._ended is not None
        return await asyncio.shield(self._ended)

    def send(self, number: signal.Signals) -> None:
        """Sends it a signal, if it still runs."""
        if self.process.returncode is None:
            self.process.send_signal(number)

    async def stop(self, seconds: float) -> bool:
        """Asks it to stop and, after so many seconds, ends it. Whether it did so by itself."""
        if self.process.returncode is None:
            lifeline.tell_to_stop(self._lifeline)
        try:
            async with asyncio.timeout(seconds):
                await self.ended()
        except TimeoutError:
            self.send(signal.SIGKILL)
            await self.ended()
            return False
        return True

    async def _watch(self, on_line: OnLine) -> Ended:
        reading = asyncio.create_task(self._read_lines(on_line))
        code = await self.process.wait()
        ran = asyncio.get_running_loop().time() - self.started
        # What a grandchild still holds of stderr is not waited for.
        await asyncio.wait([reading], timeout=0.5)
        reading.cancel()
        os.set_blocking(self._report, False)
        try:
            report = os.read(self._report, _LINE_LIMIT).decode(errors="replace").strip()
        except BlockingIOError:
            report = ""
        os.close(self._report)
        os.close(self._lifeline)
        return Ended(code, report, ran)

    async def _read_lines(self, on_line: OnLine) -> None:
        assert self.process.stderr is not None
        while True:
            try:
                line = await self.process.stderr.readuntil()
            except asyncio.IncompleteReadError as error:
                if error.partial:
                    on_line(self.role, error.partial.decode(errors="replace").rstrip())
                return
            except asyncio.LimitOverrunError as error:
                line = await self.process.stderr.readexactly(max(1, error.consumed))
            on_line(self.role, line.decode(errors="replace").rstrip())

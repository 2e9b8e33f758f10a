"""A real ingest process on a real relay, with a serving side that notes what it is handed."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Self

from dynmap import lifeline
from dynmap.config import Settings
from dynmap.relay.local import LocalHub
from dynmap.relay.message import BatchMessage, Status


class Serving:
    """A hub and what came over it."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "relay.sock"
        self.batches: list[BatchMessage] = []
        self.statuses: list[Status] = []
        self.drained: list[bool] = []
        self.hub: LocalHub

    async def __aenter__(self) -> Self:
        self.hub = await LocalHub.listen(
            self.path, self.batches.append, self.statuses.append, self.drained.append
        )
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.hub.close()

    @property
    def received(self) -> int:
        return sum(batch.received for batch in self.batches)

    @property
    def rejected(self) -> int:
        return sum(batch.rejected for batch in self.batches)

    @property
    def by_source(self) -> Counter[str]:
        counts: Counter[str] = Counter()
        for batch in self.batches:
            counts[batch.source] += batch.received
        return counts

    def status(self, name: str) -> Any:
        """The latest status of a source."""
        return next(each for each in self.statuses[-1].sources if each.name == name)

    @property
    def ready(self) -> bool:
        return bool(self.statuses) and self.statuses[-1].state == "ready"


class Ingesting:
    """An ingest process, ended with the `async with` block."""

    def __init__(self, folder: Path, serving: Serving, sources: Sequence[dict[str, Any]]) -> None:
        self._serving = serving
        self._settings = Settings.model_validate({"source": list(sources), "tcp": False})
        self._file = folder / "settings.json"
        self._log = folder / "ingest.log"
        self.listeners = {
            source.name: socket.create_server(("127.0.0.1", 0))
            for source in self._settings.source
            if source.kind == "tcp"
        }
        self.process: asyncio.subprocess.Process

    def port(self, name: str) -> int:
        port: int = self.listeners[name].getsockname()[1]
        return port

    async def start(self) -> None:
        """Start the process and wait until it is ready."""
        self._file.write_text(self._settings.model_dump_json(by_alias=True))
        self._serving.statuses.clear()
        lifeline_end, self._lifeline = os.pipe()
        report, report_end = os.pipe()
        fds = {name: listener.fileno() for name, listener in self.listeners.items()}
        with self._log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "dynmap", "_ingest", "--settings", str(self._file)),
                *(
                    "--relay",
                    str(self._serving.path),
                    "--lifeline",
                    str(lifeline_end),
                    "--report",
                    str(report_end),
                ),
                *(text for name, fd in fds.items() for text in ("--listen", f"{name}={fd}")),
                pass_fds=(lifeline_end, report_end, *fds.values()),
                stdin=asyncio.subprocess.PIPE,
                stderr=log,
            )
        os.close(lifeline_end)
        os.close(report_end)
        os.close(report)
        await until(lambda: self._serving.ready or self.process.returncode is not None, 90)
        assert self.process.returncode is None, self.log

    @property
    def log(self) -> str:
        return self._log.read_text()

    async def kill(self) -> None:
        """kill -9."""
        self.process.kill()
        await self._ended()

    async def stop(self) -> int:
        """Tell it to stop, as the supervisor does; the exit code."""
        lifeline.tell_to_stop(self._lifeline)
        return await self._ended()

    async def orphan(self) -> int:
        """Let go of the lifeline, as when the supervisor is gone; the exit code."""
        os.close(self._lifeline)
        self._lifeline = -1
        return await self._ended()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *error: object) -> None:
        if self.process.returncode is None:
            await self.kill()
        for listener in self.listeners.values():
            listener.close()

    async def _ended(self) -> int:
        code = await asyncio.wait_for(self.process.wait(), 30)
        if self._lifeline >= 0:
            os.close(self._lifeline)
            self._lifeline = -1
        return code


async def until(holds: Callable[[], bool], seconds: float = 20.0) -> None:
    """Wait until something holds."""
    async with asyncio.timeout(seconds):
        while not holds():
            await asyncio.sleep(0.01)

"""The sources of a process: made from the settings, and kept running each by itself."""

from __future__ import annotations

import asyncio
import contextlib
import logging

import msgspec

from dynmap.children import Backoff
from dynmap.config import Settings, SourceSettings
from dynmap.ingest.base import Intake, Source
from dynmap.ingest.demo import Demo
from dynmap.ingest.exec import Exec
from dynmap.ingest.http import HttpSource
from dynmap.ingest.lines import ReadBuffer
from dynmap.ingest.stdin import Stdin
from dynmap.ingest.tail import Tail
from dynmap.ingest.tcp import TcpListener
from dynmap.relay.message import SourceStatus

logger = logging.getLogger(__name__)


def source_of(settings: SourceSettings, buffer: ReadBuffer, listen_fds: dict[str, int]) -> Source:
    """The source that a table of the settings describes; `listen_fds` are inherited sockets by source name."""
    match settings.kind:
        case "tail":
            return Tail(settings, buffer)
        case "exec":
            return Exec(settings, buffer)
        case "stdin":
            return Stdin(settings, buffer)
        case "tcp":
            return TcpListener(settings, buffer, fd=listen_fds.get(settings.name))
        case "http":
            return HttpSource(settings)
        case "demo":
            return Demo(settings)


def sources_of(settings: Settings, listen_fds: dict[str, int]) -> list[Kept]:
    """All sources of the settings, and the one for `POST /api/events`, which there always is."""
    buffer = ReadBuffer()
    tables = list(settings.source)
    if not any(table.kind == "http" for table in tables):
        tables.append(SourceSettings(kind="http", name="http"))
    tables = [_demo_like(table) if table.kind == "demo" else table for table in tables]
    return [Kept(table, source_of(table, buffer, listen_fds)) for table in tables]


def _demo_like(settings: SourceSettings) -> SourceSettings:
    """The synthetic world speaks its own format, whatever the defaults of the other sources are."""
    return settings.model_copy(update={"format": "ip", "pattern": None, "time": "arrival"})


class Kept:
    """A source that is started again when it fails, whatever the others do."""

    def __init__(self, settings: SourceSettings, source: Source, backoff: Backoff | None = None) -> None:
        self.settings = settings
        self.source = source
        self._backoff = backoff or Backoff()
        self._failure = ""
        self._stopping = asyncio.Event()

    @property
    def status(self) -> SourceStatus:
        """The source's own, or that it failed."""
        status = self.source.status
        return (
            msgspec.structs.replace(status, state="down", detail=self._failure) if self._failure else status
        )

    async def run(self, intake: Intake) -> None:
        """Run the source until it ends or is told to stop."""
        loop = asyncio.get_running_loop()
        while not self._stopping.is_set():
            started = loop.time()
            try:
                await self.source.run(intake)
                return
            except Exception as error:
                logger.exception("source %s failed", self.settings.name)
                delay = self._backoff.delay(loop.time() - started)
                self._failure = f"failed: {type(error).__name__}; trying again in {delay:.1f} s"
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), delay)
            self._failure = ""

    def stop(self) -> None:
        """Have `run` return once what has arrived is taken in."""
        self._stopping.set()
        self.source.stop()

"""The ingest process: reads the sources, turns their lines into batches, and hands these to the relay."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import resource
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from dynmap import lifeline
from dynmap.config import Settings
from dynmap.ingest.batching import Batcher, Seen
from dynmap.ingest.demo import Demo
from dynmap.ingest.http import HttpSource
from dynmap.ingest.notices import Notices, about
from dynmap.ingest.sources import sources_of
from dynmap.pipeline.pipeline import LiveTopics, Pipeline, warm
from dynmap.relay.local import LocalLink
from dynmap.relay.message import Post, PostAnswer, Status

if TYPE_CHECKING:
    from dynmap.geo.table import LocationTable

_STATUS_SECONDS: Final = 1.0
_STOP_SECONDS: Final = 8.0
"""How long the sources may take for what has arrived, once they are told to stop."""

_DRAIN_SECONDS: Final = 8.0
"""How long the serving process may take to acknowledge the last batches."""

_ORPHAN_SECONDS: Final = 2.0
"""The same when the supervisor is gone, and so the serving process may be too."""

_OPENING_SHARE: Final = 0.5
"""Of the progress shown: opening the location table, before compiling."""

logger = logging.getLogger(__name__)

T = TypeVar("T")


async def run(settings: Settings, relay_path: Path, listen_fds: dict[str, int], lifeline_end: int) -> int:
    """Ingest until the lifeline says stop; the exit code: 0 when all that had arrived is acknowledged, else 1.

    Batches go over the Unix socket at `relay_path`. `listen_fds` are the listening sockets of TCP sources by name.

    Raises StartupError for a location table that can't be read, or a source whose topic or pattern can't be used.
    """
    _allow_many_files()
    over = lifeline.end_of(lifeline_end)
    ingest = Ingest(settings, listen_fds)
    connecting = asyncio.create_task(LocalLink.connect(relay_path, ingest.post))
    await _first_of(connecting, over)
    if not connecting.done():
        connecting.cancel()
        return 0
    link = connecting.result()
    working = asyncio.create_task(ingest.run(link))
    try:
        await _first_of(working, over)
        if working.done():
            await working
        return await ingest.drain(link, orphaned=over.result())
    finally:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
        await link.close()


class Ingest:
    """All sources of the process, and how they do."""

    def __init__(self, settings: Settings, listen_fds: dict[str, int]) -> None:
        self._settings = settings
        self._topics = LiveTopics()
        self._notices = Notices()
        self._kept = sources_of(settings, listen_fds)
        self._posts = {
            kept.settings.name: kept.source for kept in self._kept if isinstance(kept.source, HttpSource)
        }
        self._seen: dict[str, Seen] = {}
        self._geo: dict[str, Any] = {}
        self._state, self._detail, self._progress = "starting", "starting", 0.0
        self._batcher: Batcher | None = None
        self._running: list[asyncio.Task[None]] = []
        self._reading: list[asyncio.Task[None]] = []

    async def run(self, link: LocalLink) -> None:
        """Start everything, then keep the status up to date until cancelled."""
        for kept in self._kept:
            kept.source.begin(link.positions)
        self._tell(link)
        loop = asyncio.get_running_loop()
        telling = asyncio.create_task(self._keep_telling(link))
        try:
            table = await in_thread(lambda: self._open_table(link, loop))
            await in_thread(lambda: self._compile(table, link, loop))
            await in_thread(lambda: self._populate(table))
            self._start(table, link)
            self._tell(link, "ready")
            await telling
        finally:
            for task in (telling, *self._running, *self._reading):
                task.cancel()

    async def drain(self, link: LocalLink, *, orphaned: bool) -> int:
        """Take in what has arrived, send it and wait until it is acknowledged; 0 when all of it was."""
        self._tell(link, "draining")
        for kept in self._kept:
            kept.stop()
        if self._reading:
            await asyncio.wait(self._reading, timeout=_ORPHAN_SECONDS if orphaned else _STOP_SECONDS)
        if self._batcher is not None:
            await self._batcher.close()
        self._tell(link, "draining")
        try:
            async with asyncio.timeout(_ORPHAN_SECONDS if orphaned else _DRAIN_SECONDS):
                await link.drain()
        except TimeoutError:
            logger.error("the serving process did not acknowledge the last batches")
            return 1
        return 0

    async def post(self, post: Post) -> PostAnswer:
        """Answer a `POST /api/events`."""
        source = self._posts.get(post.source) or next(iter(self._posts.values()), None)
        if source is None:
            return PostAnswer(post.id, 404, {"detail": "there is no source of kind http"})
        return await source.post(post)

    def _open_table(self, link: LocalLink, loop: asyncio.AbstractEventLoop) -> LocationTable:
        from dynmap.geo.table import open_table

        def report(what: str, share: float) -> None:
            loop.call_soon_threadsafe(self._tell, link, "starting", what, share * _OPENING_SHARE)

        table = open_table(self._settings.geo, report)
        self._geo = {key: value for key, value in table.info().items() if key != "path"}
        return table

    def _compile(self, table: LocationTable, link: LocalLink, loop: asyncio.AbstractEventLoop) -> None:
        def report(done: int, total: int, what: str) -> None:
            share = _OPENING_SHARE + (1 - _OPENING_SHARE) * done / total
            loop.call_soon_threadsafe(self._tell, link, "compiling", f"compiling: {what}", share)

        warm(table, report)

    def _populate(self, table: LocationTable) -> None:
        for kept in self._kept:
            if isinstance(kept.source, Demo):
                kept.source.populate(table)

    def _start(self, table: LocationTable, link: LocalLink) -> None:
        """Give each source an intake, and run it. Raises SettingsError."""
        pipelines = [Pipeline(kept.settings, table, self._topics) for kept in self._kept]
        self._batcher = Batcher(link)
        self._running = [asyncio.create_task(self._batcher.run())]
        for kept, pipeline in zip(self._kept, pipelines, strict=True):
            intake = self._batcher.intake(kept.settings.name, kept.settings.name, pipeline)
            self._seen[kept.settings.name] = intake.seen
            self._reading.append(asyncio.create_task(kept.run(intake)))

    async def _keep_telling(self, link: LocalLink) -> None:
        while True:
            await asyncio.sleep(_STATUS_SECONDS)
            self._tell(link)

    def _tell(
        self, link: LocalLink, state: str | None = None, detail: str = "", progress: float | None = None
    ) -> None:
        """Tell how ingest does; what is not given stays as it was."""
        if state is not None and self._state != "draining":
            self._state, self._detail = state, detail
            self._progress = 1.0 if progress is None else progress
        self._notices.add(self._topics.notices())
        for name, seen in self._seen.items():
            self._notices.add(about(name, seen))
        sources = [kept.status for kept in self._kept]
        link.say(Status(self._state, self._detail, self._progress, sources, list(self._notices), self._geo))


async def _first_of(*awaited: asyncio.Future[Any]) -> None:
    await asyncio.wait(awaited, return_when=asyncio.FIRST_COMPLETED)


async def in_thread(work: Callable[[], T]) -> T:
    """Run something slow beside the loop, in a thread that does not keep the process from ending."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def settle(result: T | None, error: BaseException | None) -> None:
        if done.done():
            return
        if error is not None:
            done.set_exception(error)
        else:
            done.set_result(cast(T, result))

    def run() -> None:
        result, failure = None, None
        try:
            result = work()
        except BaseException as error:
            failure = error
        with contextlib.suppress(RuntimeError):  # the loop has been closed meanwhile
            loop.call_soon_threadsafe(settle, result, failure)

    threading.Thread(target=run, name="dynmap-start", daemon=True).start()
    return await done


def _allow_many_files() -> None:
    """One for each sender: as many as the system lets this user have."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))

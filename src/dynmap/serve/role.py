"""The serving process: what viewers and other programs talk to."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import gc
import logging
import resource
import socket
from collections.abc import Callable, Iterator, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, cast

import uvicorn
from starlette.types import ASGIApp

from dynmap import lifeline
from dynmap.config import Settings
from dynmap.frame import TICK_MS, tick_of
from dynmap.hosts import Network
from dynmap.relay.local import LocalHub
from dynmap.serve.connection import MAX_MESSAGE, HttpProtocol, LiveProtocol
from dynmap.serve.doorway import Doorway
from dynmap.serve.frontage import Frontage
from dynmap.serve.gate import Gate
from dynmap.serve.journal import Journal
from dynmap.serve.live import Connection, Live, now_ms
from dynmap.serve.site import Site

_FAREWELL_SECONDS: Final = 2.0
"""How long viewers may take to answer the end before they are cut off."""

_JOURNAL: Final = "journal"
"""The folder of what came in lately, beside the relay's socket: it outlives this process, but not DynMap."""

_BACKLOG: Final = 4096

_GARBAGE: Final = (50_000, 20, 100)
"""When the garbage collector looks: a viewer's message makes some objects, and by default (700 of them) each hundred
messages would have it look through all that belongs to thousands of viewers."""

logger = logging.getLogger(__name__)


class Server(uvicorn.Server):
    """Uvicorn without signal handlers of its own, since the role decides in which order things end, and with a doorway
    of ours, since thousands may come at once.
    """

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Let connections in at the sockets."""
        await self.lifespan.startup()
        protocol = functools.partial(
            cast(Callable[..., asyncio.Protocol], self.config.http_protocol_class),
            config=self.config,
            server_state=self.server_state,
            app_state=self.lifespan.state,
        )
        self.servers: list[Any] = [Doorway(listener, protocol) for listener in sockets or ()]
        self.started = True


async def run(settings: Settings, http_fd: int, relay_path: Path, lifeline_end: int) -> int:
    """Serve on the bound socket `http_fd` until the lifeline says stop; the exit code.

    Batches come over a Unix socket that is made at `relay_path`.

    Raises StartupError when a key of viewer tokens can't be used.
    """
    allow_many_viewers()
    gc.set_threshold(*_GARBAGE)
    over = lifeline.end_of(lifeline_end)
    gate = Gate(settings)
    live = Live(settings.ring_seconds, Journal(relay_path.parent / _JOURNAL, settings.ring_seconds))
    live.restore(tick_of(now_ms()) - TICK_MS)
    hub = await LocalHub.listen(relay_path, live.take, live.hear, live.ingest_is_gone, live.positions)
    static = Path(str(files("dynmap").joinpath("static")))
    app = asyncio.create_task(asyncio.to_thread(_load_app, live, hub, gate))
    server = Server(config(Site(live, app, static, gate, Frontage.of(settings)), settings.serve.proxies))
    listener = socket.socket(fileno=http_fd)
    serving = asyncio.create_task(server.serve([listener]))
    ticking = asyncio.create_task(live.tick())
    try:
        await app
        gc.freeze()  # what is loaded by now stays
        ends: list[asyncio.Future[Any]] = [serving, ticking, over]
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        if not over.done():
            return _failed(serving, ticking)
        ticking.cancel()
        await _farewell(await live.end())
        server.should_exit = True
        await serving
        return 0
    finally:
        ticking.cancel()
        await hub.close()


def allow_many_viewers() -> None:
    """Raise the limit of open files as far as allowed: each viewer is one, and shells begin with 256 to 1,024."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(OSError, ValueError):  # some systems call it unlimited, and then refuse that
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _load_app(live: Live, hub: LocalHub, gate: Gate) -> ASGIApp:
    from dynmap.serve.api import create_app

    return create_app(live, hub, gate)


def config(site: ASGIApp, proxies: Sequence[Network] = ()) -> uvicorn.Config:
    """How uvicorn is run; `proxies` are those whose word is taken for whom they ask for."""
    return uvicorn.Config(
        site,
        http=HttpProtocol,
        ws=LiveProtocol,
        ws_max_size=MAX_MESSAGE,
        ws_per_message_deflate=False,
        forwarded_allow_ips=[str(network) for network in proxies],
        lifespan="off",
        backlog=_BACKLOG,
        access_log=False,
        server_header=False,
        log_config=None,
        log_level=logging.WARNING,
        timeout_graceful_shutdown=3,
    )


def _failed(*tasks: asyncio.Task[None]) -> int:
    for task in tasks:
        if task.done() and not task.cancelled():
            logger.error("the serving process can't go on", exc_info=task.exception())
    return 1


async def _farewell(connections: Sequence[Connection]) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_FAREWELL_SECONDS):
            while not all(connection.disconnected for connection in connections):  # noqa: ASYNC110 - only once
                await asyncio.sleep(0.01)
    for connection in connections:
        connection.transport.abort()

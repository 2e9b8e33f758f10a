"""`dynmap serve`: binds the ports, starts the serving and the ingest process, watches them, and stops them in order.

This process stays small: it imports neither numpy nor a web framework, and no event ever passes through it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from dynmap import basemaps, probe
from dynmap.children import STARTUP_ERROR, Backoff, Child, Ended
from dynmap.config import REVEAL, AuthSettings, Settings, SourceSettings, host_and_port, joined
from dynmap.console import OperatorConsole
from dynmap.errors import DynMapError, StartupError
from dynmap.listening import is_of_this_machine, listen, reachable

Role = Literal["serve", "ingest"]

_NAMES: Final[dict[Role, str]] = {"serve": "the serving process", "ingest": "the ingest process"}
_DRAIN_SECONDS: Final[dict[Role, float]] = {"ingest": 20.0, "serve": 10.0}
"""How long each process may take for what it still holds before it is ended."""

_END_SECONDS: Final = 3.0
"""How long a process may take to end where there is nothing to keep."""

_TRIES: Final = 5
"""Crashes of a process that never became ready, after which DynMap gives up."""

_POLL_SECONDS: Final = 0.1
_TABLE: Final = "table.json"
_SETTINGS: Final = "settings.json"
_RELAY: Final = "relay.sock"
_LONGEST_SOCKET_PATH: Final = 100
"""Of the 104 to 108 bytes that systems allow."""


class RoleFailedError(DynMapError):
    """A process that crashes each time it is started."""


@dataclass(frozen=True, slots=True)
class Listeners:
    """What is bound before the children start: the HTTP socket, and a socket for each TCP source by its name."""

    http: socket.socket
    tcp: Mapping[str, socket.socket]

    @classmethod
    def bound(cls, settings: Settings, stack: ExitStack) -> Listeners:
        """Binds all; `stack` closes them. Raises StartupError that names the port and the flag to change."""
        check_reach(settings)
        host, port = settings.serve.host, settings.serve.port
        http = listen(host, port, "--host/--port", f"another one: --port {port + 1 if port < 65535 else 0}")
        stack.enter_context(http)
        tcp = {}
        for source in settings.source:
            if source.kind == "tcp" and source.address is not None:
                at, number = host_and_port(source.address)
                hint = (
                    f"another one: --tcp {joined(at, number + 1 if number < 65535 else 0)}, or none: --no-tcp"
                )
                tcp[source.name] = stack.enter_context(listen(at, number, "--tcp", hint))
        return cls(http, tcp)

    @property
    def url(self) -> str:
        """The page's address, as this machine reaches it."""
        return f"http://{joined(*reachable(self.http))}"

    @property
    def addresses(self) -> dict[str, str]:
        """The host:port of each TCP source."""
        return {name: joined(*listener.getsockname()[:2]) for name, listener in self.tcp.items()}


def serve(settings: Settings, *, ready_fd: int | None = None, browser: bool = False) -> int:
    """Runs until SIGTERM or Ctrl-C; the exit code is 0 when all that came in was processed, else 1.

    `ready_fd` gets one line of JSON once events can come in and the page can be opened; `browser` opens the page.

    Raises StartupError.
    """
    check_files(settings)
    with ExitStack() as stack:
        listeners = Listeners.bound(settings, stack)
        folder = stack.enter_context(_private_folder())
        _write_settings(settings, folder / _SETTINGS)
        return asyncio.run(Supervisor(settings, listeners, folder, ready_fd, browser).run())


def check_reach(settings: Settings) -> None:
    """Whoever can reach a port must be meant to. Raises StartupError for one that others reach, and nobody said so."""
    host, auth = settings.serve.host, settings.auth
    if not (auth.of_viewers or auth.open or is_of_this_machine(host)):
        raise StartupError(
            "others than this machine could see the map",
            where=f"--host {host}",
            hint="give viewers tokens: [auth] secret, see docs/access.md; or everybody may see it: --open",
        )
    for source in settings.source:
        if source.kind == "tcp" and not (source.allow or is_of_this_machine(_host_of(source))):
            raise StartupError(
                "others than this machine could send lines",
                where=f"--tcp {source.address}",
                hint="say who may: --allow 10.0.0.0/8, or allow = [...] in its [[source]] table",
            )


def _host_of(source: SourceSettings) -> str:
    return host_and_port(source.address or "")[0]


def _write_settings(settings: Settings, path: Path) -> None:
    """For the children: with the secrets, so that nobody else may read it."""
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(settings.model_dump_json(by_alias=True, context=REVEAL))


def check_files(settings: Settings) -> None:
    """What is cheap to see at once. Raises StartupError for files that are missing, not readable or none of theirs.

    A log may come later, and a location table is a directory when it is built: what it holds, ingest finds out.
    """
    if settings.geo is not None:
        where = f"--geo {settings.geo}"
        if not settings.geo.exists():
            raise StartupError("there is no such file", where=where)
        _readable(settings.geo, where)
        if settings.geo.is_file() and not _opens_as_mmdb(settings.geo):
            raise StartupError("is not an MMDB database, or not all of one", where=where)
        if settings.geo.is_dir() and not (settings.geo / _TABLE).is_file():
            raise StartupError(
                f"is no location table: {_TABLE} is missing", where=where, hint="dynmap geo build"
            )
    if settings.map.base.path is not None:
        _check_basemap(settings.map.base.path)
    for source in settings.source:
        if source.path is not None and source.path.exists():
            if source.path.is_dir():
                raise StartupError("is a directory, but must be a file", where=f"--tail {source.path}")
            _readable(source.path, f"--tail {source.path}")


def _check_basemap(path: Path) -> None:
    where = f"--basemap {path}"
    if not path.exists():
        raise StartupError("there is no such file", where=where, hint="a URL begins with https://")
    if path.is_dir():
        raise StartupError("is a directory, but must be a PMTiles file", where=where)
    _readable(path, where)
    if problem := basemaps.problem_with_pmtiles(path):
        raise StartupError(problem, where=where, hint="what may be one: docs/basemap.md")


def _readable(path: Path, where: str) -> None:
    if not os.access(path, os.R_OK):
        raise StartupError("not allowed to read it", where=where)


def _opens_as_mmdb(path: Path) -> bool:
    """Whether the database's description of itself, at its end, can be read."""
    import maxminddb

    try:
        with maxminddb.open_database(path):
            return True
    except (maxminddb.InvalidDatabaseError, OSError, ValueError):
        return False


@contextlib.contextmanager
def _private_folder() -> Iterator[Path]:
    """A folder that only this user can enter, for the socket between the processes and their settings."""
    with tempfile.TemporaryDirectory(prefix="dynmap-", ignore_cleanup_errors=True) as name:
        if len(name) <= _LONGEST_SOCKET_PATH - len(f"/{_RELAY}"):
            yield Path(name)
            return
    with tempfile.TemporaryDirectory(prefix="dynmap-", dir="/tmp", ignore_cleanup_errors=True) as name:
        yield Path(name)


class Supervisor:
    """Keeps the two processes running until it is told to stop."""

    def __init__(
        self, settings: Settings, listeners: Listeners, folder: Path, ready_fd: int | None, browser: bool
    ) -> None:
        self._settings = settings
        self._listeners = listeners
        self._folder = folder
        self._ready_fd = ready_fd
        self._browser = browser
        self._console = OperatorConsole()
        self._children: dict[Role, Child] = {}
        self._ready = False
        self._forced = False
        self._one_at_a_time = asyncio.Lock()
        self._over: asyncio.Future[None]

    async def run(self) -> int:
        """The exit code, once everything has stopped. Raises StartupError when a process can't start at all."""
        self._over = asyncio.get_running_loop().create_future()
        for number in _signals():
            asyncio.get_running_loop().add_signal_handler(number, self._told_to_stop)
        keeping = [asyncio.create_task(self._keep(role)) for role in _NAMES]
        announcing = asyncio.create_task(self._announce())
        tasks = [*keeping, announcing]
        for task in tasks:
            task.add_done_callback(self._look_at)
        try:
            await self._over
            return await self._drain()
        finally:
            announcing.cancel()  # it may be waiting for an answer that nobody will give
            self._console.end_progress()
            for child in list(self._children.values()):
                await child.stop(_END_SECONDS)
            await asyncio.gather(*tasks, return_exceptions=True)

    def _told_to_stop(self) -> None:
        if not self._over.done():
            self._over.set_result(None)
            return
        self._forced = True
        for child in self._children.values():
            child.send(signal.SIGKILL)

    def _look_at(self, task: asyncio.Task[None]) -> None:
        error = None if task.cancelled() else task.exception()
        if error is not None and not self._over.done():
            self._over.set_exception(error)

    async def _drain(self) -> int:
        """Ingest first, so that what it has read still reaches the viewers; then the serving process."""
        clean = True
        for role in ("ingest", "serve"):
            child = self._children.get(role)
            if child is None or child.process.returncode is not None:
                continue
            in_time = await child.stop(_DRAIN_SECONDS[role])
            if not in_time and not self._forced:
                self._console.say(
                    f"{_NAMES[role]} did not finish in {_DRAIN_SECONDS[role]:g} s and was ended"
                )
            clean = clean and in_time and (await child.ended()).clean
        return 0 if clean and not self._forced else 1

    async def _keep(self, role: Role) -> None:
        backoff = Backoff()
        while not self._over.done():
            child = self._children[role] = await self._start(role)
            if self._over.done():
                await child.stop(_END_SECONDS)
                return
            ended = await child.ended()
            if self._over.done():
                return
            self._give_up_on(role, ended, backoff)
            delay = backoff.delay(ended.ran_seconds)
            reason = f": {ended.report}" if ended.report else ""
            self._console.say(f"{_NAMES[role]} {ended.how}{reason}; restarting it in {delay:.1f} s")
            await asyncio.wait([self._over], timeout=delay)

    def _give_up_on(self, role: Role, ended: Ended, backoff: Backoff) -> None:
        """What keeps the first start from working is for the operator to mend, not for a restart to heal."""
        if self._ready:
            return
        if ended.code == STARTUP_ERROR and ended.report:
            raise StartupError(ended.report)
        if backoff.failures >= _TRIES - 1:
            raise RoleFailedError(f"{_NAMES[role]} {ended.how} {_TRIES} times and never became ready")

    async def _start(self, role: Role) -> Child:
        arguments = [
            *(f"_{role}", "--settings", str(self._folder / _SETTINGS), "--relay", str(self._folder / _RELAY)),
        ]
        stdin: int | None = asyncio.subprocess.DEVNULL
        if role == "serve":
            fds = [self._listeners.http.fileno()]
            arguments += ["--http", str(fds[0])]
        else:
            named = {name: listener.fileno() for name, listener in self._listeners.tcp.items()}
            fds = list(named.values())
            arguments += [text for name, fd in named.items() for text in ("--listen", f"{name}={fd}")]
            if any(source.kind == "stdin" for source in self._settings.source):
                stdin = None
        async with self._one_at_a_time:
            return await Child.start(role, arguments, fds, self._console.line, stdin)

    async def _announce(self) -> None:
        """Shows the banner once the page can be opened, and how far the rest is until events can come in."""
        host, port = reachable(self._listeners.http)
        shown = False
        self._console.progress("starting", 0.0)
        while not self._over.done():
            answer = await probe.get(host, port, "/readyz")
            if answer is not None:
                if not shown:
                    shown = True
                    self._show_page()
                status, health = answer
                if status == 200:
                    break
                if health.get("status") != "down":  # how that ended, and what follows, `_keep` says
                    self._console.progress(
                        health.get("detail") or "starting", float(health.get("progress") or 0.0)
                    )
            await asyncio.wait([self._over], timeout=_POLL_SECONDS)
        self._console.end_progress()
        if not self._over.done():
            self._ready = True
            self._tell_ready()

    def _show_page(self) -> None:
        self._console.end_progress()
        self._console.banner(self._listeners.url, self._settings, self._listeners.addresses)
        if self._settings.auth.of_posts or not is_of_this_machine(self._settings.serve.host):
            self._console.say(_who_may(self._settings.auth))
        if self._browser:
            import webbrowser

            webbrowser.open(self._listeners.url)

    def _tell_ready(self) -> None:
        if self._ready_fd is None:
            return
        told = {"url": self._listeners.url, "tcp": self._listeners.addresses, "pid": os.getpid()}
        with contextlib.suppress(OSError):  # whoever asked has gone
            os.write(self._ready_fd, json.dumps(told).encode() + b"\n")
            os.close(self._ready_fd)


def _who_may(auth: AuthSettings) -> str:
    """Who may do what at the port, in words: where that is not simply whoever is on this machine."""
    see = "who has a viewer token (dynmap token makes them)" if auth.of_viewers else "everybody"
    post = "who has an ingest token" if auth.ingest_tokens else "nobody" if auth.of_posts else "everybody"
    return f"may see the map: {see}; may post events: {post}"


def _signals() -> list[signal.Signals]:
    """What means stop. A hang-up that `nohup` had ignored stays ignored."""
    hang_up = [signal.SIGHUP] if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN else []
    return [signal.SIGTERM, signal.SIGINT, *hang_up]

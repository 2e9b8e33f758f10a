"""Runs a real DynMap for tests, of this project and of others:

    from dynmap.testing import run_server

    def test_my_events_reach_the_map() -> None:
        with run_server("--tcp", "127.0.0.1:0,format=json") as server:
            send_my_events("127.0.0.1", server.tcp_port)
            assert server.wait_until(lambda: server.stats()["events"]["located"] == 3)

Everything is real: two processes, sockets, the location table. Ports are free ones, and no process is left behind.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any, Final

READY_SECONDS: Final = 180.0
"""For a first start, which compiles the kernels; with warm ones it takes about a second."""

STOP_SECONDS: Final = 45.0


class ServerError(AssertionError):
    """A server that did not become ready, or did not stop; its text ends in what the server wrote."""


class Server:
    """A running `dynmap serve`, once it takes events in."""

    def __init__(self, process: subprocess.Popen[bytes], output: Path, ready: Mapping[str, Any]) -> None:
        self._process = process
        self._output = output
        self.url: str = ready["url"]
        """Of the page, without a slash at its end."""
        self.tcp_ports: dict[str, int] = {
            name: int(address.rpartition(":")[2]) for name, address in ready["tcp"].items()
        }
        """The port of each TCP source, by the source's name."""

    @property
    def pid(self) -> int:
        """Of the supervising process."""
        return self._process.pid

    @property
    def tcp_port(self) -> int:
        """The port of the only TCP source."""
        [port] = self.tcp_ports.values()
        return port

    def get(self, path: str, token: str | None = None) -> Any:
        """The JSON document at a path such as `/api/topics`; `token` is needed where viewers have them."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        asked = urllib.request.Request(f"{self.url}{path}", headers=headers)
        with urllib.request.urlopen(asked, timeout=30) as answer:
            return json.load(answer)

    def stats(self) -> dict[str, Any]:
        """What `/api/stats` says now."""
        stats = self.get("/api/stats")
        assert isinstance(stats, dict)
        return stats

    def wait_until(self, holds: Callable[[], bool], seconds: float = 30.0) -> bool:
        """Waits until something holds, and says whether it did in time."""
        end = time.monotonic() + seconds
        while not holds():
            if time.monotonic() > end:
                return False
            time.sleep(0.05)
        return True

    def log(self) -> str:
        """What the server wrote so far, to standard output and standard error."""
        return self._output.read_text(errors="replace")

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Stops it and returns its exit code: 0 when all that came in was processed."""
        if self._process.poll() is None:
            self._process.send_signal(number)
        return self.wait()

    def wait(self, seconds: float = STOP_SECONDS) -> int:
        """Waits until it has ended and returns its exit code. Raises ServerError when it doesn't end in time."""
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired as error:
            raise ServerError(f"the server did not end in {seconds:g} s; it wrote:\n{self.log()}") from error


@contextlib.contextmanager
def run_server(
    *arguments: str,
    command: str = "serve",
    env: Mapping[str, str] | None = None,
    stdin: int | IO[Any] | None = None,
    cwd: str | Path | None = None,
) -> Iterator[Server]:
    """Runs `dynmap serve <arguments>` until the `with` block ends.

    `--port 0` is added unless a port is given, and `--no-tcp` unless a TCP source or a settings file is. `env` is added
    to the environment, from which `DYNMAP_*` of whoever runs the tests is left out. `stdin` is as for subprocess, but
    empty by default; `cwd` is an empty folder by default, so that no settings file is found by chance.

    Raises ServerError, with what the server wrote, when it doesn't become ready.
    """
    with tempfile.TemporaryDirectory(prefix="dynmap-test-") as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        output = folder / "output"
        ready, ready_end = os.pipe()
        stack.callback(os.close, ready)
        empty = folder / "empty"
        empty.mkdir()
        try:
            process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "dynmap",
                    command,
                    *_with_free_ports(arguments),
                    "--ready-fd",
                    str(ready_end),
                ],
                stdin=subprocess.DEVNULL if stdin is None else stdin,
                stdout=stack.enter_context(output.open("wb")),
                stderr=subprocess.STDOUT,
                env=_clean(os.environ) | dict(env or {}),
                cwd=empty if cwd is None else cwd,
                pass_fds=[ready_end],
            )
        finally:
            os.close(ready_end)
        stack.callback(_end, process)
        yield Server(process, output, _ready_line(process, ready, output))


def free_port() -> int:
    """A port of the loopback interface that nobody listened at just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _with_free_ports(arguments: tuple[str, ...]) -> list[str]:
    given = {argument.partition("=")[0] for argument in arguments}
    added = [] if given & {"--port", "--config"} else ["--port", "0"]
    added += [] if given & {"--tcp", "--no-tcp", "--config"} else ["--no-tcp"]
    return [*arguments, *added]


def _clean(environ: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environ.items() if not name.startswith("DYNMAP_")}


def _ready_line(process: subprocess.Popen[bytes], ready: int, output: Path) -> dict[str, Any]:
    told = b""
    end = time.monotonic() + READY_SECONDS
    while not told.endswith(b"\n"):
        readable, _, _ = select.select([ready], [], [], max(0.0, end - time.monotonic()))
        got = os.read(ready, 65536) if readable else b""
        if not got:
            code = _exit_code(process) if readable else None
            what = "did not become ready" if code is None else f"ended with exit code {code}"
            raise ServerError(f"the server {what}; it wrote:\n{output.read_text(errors='replace')}")
        told += got
    document = json.loads(told)
    assert isinstance(document, dict)
    return document


def _exit_code(process: subprocess.Popen[bytes]) -> int | None:
    with contextlib.suppress(subprocess.TimeoutExpired):
        return process.wait(10)
    return None


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ends the server. Its children end with it: their lifelines close."""
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()

"""The server dies ten times during a feed; each time the page recovers alone, and its total is the server's."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from e2e.mapped import MapPage, until
from playwright.sync_api import Browser

from dynmap.testing import Server, free_port, run_server

ROUNDS = 5
"""In each the serving process is killed, and then the whole server."""

LINES = b"83.149.9.216\n66.249.73.135\n200.49.190.101\n10.0.0.1\nnonsense\n"
BEAT_S = 0.02


class Feed:
    """A log that is written to all the time, but for pauses."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._flowing, self._over = threading.Event(), threading.Event()
        self._flowing.set()
        self._thread = threading.Thread(target=self._write)

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """It flows as long as the block runs."""
        self._thread.start()
        try:
            yield
        finally:
            self._over.set()
            self._flowing.set()
            self._thread.join()

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """Nothing is written as long as the block runs."""
        self._flowing.clear()
        yield
        self._flowing.set()

    def _write(self) -> None:
        with self._log.open("ab", buffering=0) as log:
            while not self._over.wait(BEAT_S):
                self._flowing.wait()
                log.write(LINES)


@pytest.mark.timeout(180)
def test_the_page_recovers_alone_each_time_and_its_total_is_the_servers(
    browser: Browser, tmp_path: Path
) -> None:
    log, port = tmp_path / "web.log", free_port()
    log.touch()
    arguments = ("--port", str(port), "--tail", f"{log},name=web,format=ip")
    context = browser.new_context(viewport={"width": 480, "height": 320})
    feed = Feed(log)
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(run_server(*arguments))
        mapped = MapPage(context, server.url).open("?projection=flat")
        mapped.page.evaluate("window.loaded = 'once'")
        stack.enter_context(feed.running())
        for _ in range(ROUNDS):
            _see_it_flow(mapped)
            _serving(server).kill()
            _agree(feed, mapped, server)
            _see_it_flow(mapped)
            os.kill(server.pid, signal.SIGKILL)
            server.wait()
            server = stack.enter_context(run_server(*arguments))
            _agree(feed, mapped, server)
        assert mapped.page.evaluate("window.loaded") == "once", "the page was loaded anew"
    context.close()


def _see_it_flow(mapped: MapPage) -> None:
    before = mapped.located
    until(lambda: mapped.located > before, "events on the page")


def _agree(feed: Feed, mapped: MapPage, server: Server) -> None:
    with feed.paused():
        until(lambda: _located(server) is not None, "a server that answers")
        until(
            lambda: bool(mapped.state()["connected"]) and mapped.located == (_located(server) or -1),
            "the page has the server's total",
        )


def _located(server: Server) -> int | None:
    try:
        return int(server.stats()["events"]["located"])
    except OSError:
        return None


def _serving(server: Server) -> psutil.Process:
    [serving] = [p for p in psutil.Process(server.pid).children() if "_serve" in p.cmdline()]
    return serving

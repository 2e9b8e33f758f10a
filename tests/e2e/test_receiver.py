"""The receiver outside the map: as an npm package in Node, and on a plain page in a real browser."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import tarfile
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page

from dynmap.testing import Server, run_server

ROOT = Path(__file__).parents[2]
WEB = ROOT / "web"
Eventually = Callable[[Callable[[], bool], str], None]

BERLIN = '{"lat":52.52,"lon":13.405,"topic":"shop.order","n":3}\n'
LIMA = '{"lat":-12.05,"lon":-77.04,"topic":"mail.open"}\n'

PROGRAM = """
import { connect, lonLat } from "@dynmap/receiver";
import WebSocket from "ws";

const receiver = connect(process.argv[2], { WebSocket, topics: process.argv.slice(3) });
for await (const step of receiver) {
  const points = step.frames.flatMap((frame) =>
    Array.from(frame.count, (count, row) => [receiver.topicOf(frame, row), ...lonLat(frame, row), count, frame.kind]),
  );
  console.log(JSON.stringify({ located: receiver.located, totals: receiver.totals(), points }));
}
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the package in it as npm would publish and install it, and `ws`."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("needs Node and npm")
    assert (WEB / "receiver" / "dist" / "receiver.js").is_file(), "the receiver is not built: make web"
    folder = tmp_path_factory.mktemp("project")
    packed = subprocess.run(
        [npm, "pack", "--json", "--pack-destination", folder, WEB / "receiver"],
        check=True,
        capture_output=True,
        text=True,
    )
    [package] = json.loads(packed.stdout)
    modules = folder / "node_modules"
    with tarfile.open(folder / package["filename"]) as archive:
        archive.extractall(modules / "@dynmap", filter="data")
    (modules / "@dynmap" / "package").rename(modules / "@dynmap" / "receiver")
    (modules / "ws").symlink_to((WEB / "node_modules" / "ws").resolve())
    (folder / "program.mjs").write_text(PROGRAM)
    return folder


class Program:
    """The program above, running: what it has written, a line a step."""

    def __init__(self, project: Path, *arguments: str) -> None:
        self.path = project / "output"
        self._output = self.path.open("wb")
        self._process = subprocess.Popen(
            ["node", "program.mjs", *arguments], cwd=project, stdout=self._output, stderr=subprocess.STDOUT
        )

    def steps(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.path.read_text().splitlines()]

    def points(self) -> list[list[Any]]:
        return [point for step in self.steps() for point in step["points"]]

    def end(self) -> None:
        self._process.kill()
        self._process.wait()
        self._output.close()


@pytest.fixture
def program(project: Path) -> Iterator[Callable[..., Program]]:
    started: list[Program] = []

    def start(*arguments: str) -> Program:
        started.append(Program(project, *arguments))
        return started[-1]

    yield start
    for one in started:
        one.end()


def _post(server: Server, lines: str) -> None:
    headers = {"Content-Type": "application/x-ndjson"}
    httpx.post(f"{server.url}/api/events", content=lines, headers=headers).raise_for_status()


def test_a_node_program_counts_what_the_server_counts(
    program: Callable[..., Program], eventually: Eventually
) -> None:
    with run_server() as server:
        _post(server, BERLIN + LIMA)
        eventually(lambda: server.stats()["events"]["located"] == 4, "what there was before")
        running = program(server.url, "shop.>")
        eventually(lambda: bool(running.steps()), "a first step")
        assert running.steps()[-1]["located"] == 3
        _post(server, (BERLIN + LIMA) * 2)
        eventually(lambda: running.steps()[-1]["located"] == 9, "nine orders")
        assert running.steps()[-1]["totals"] == {"shop.order": 9}
        for topic, lon, lat, _, _ in running.points():
            assert topic == "shop.order"
            assert (lon, lat) == pytest.approx((13.405, 52.52), abs=0.01)
        counted = [count for *_, count, kind in running.points() if kind in (0, 3, 4)]
        assert sum(counted) == 6


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[str]:
    """The address of a plain web server with the example and the receiver beside it."""
    shutil.copy(ROOT / "examples" / "receiver.html", tmp_path)
    shutil.copy(ROOT / "src" / "dynmap" / "static" / "receiver.js", tmp_path)
    handler = partial(_Quiet, directory=str(tmp_path))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: a test's output is for what went wrong."""


def test_the_example_page_draws_events_where_they_are(
    browser: Browser, elsewhere: str, eventually: Eventually
) -> None:
    page = browser.new_page(viewport={"width": 1440, "height": 800})
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    with run_server("--origin", elsewhere) as server:
        page.goto(f"{elsewhere}/receiver.html?server={server.url}")
        page.get_by_text("0 events").wait_for()
        _post(server, BERLIN)
        page.get_by_text("3 events").wait_for()
        eventually(lambda: _brightness(page, 13.405, 52.52) > 100, "a point in Berlin")
        assert _brightness(page, -77.04, -12.05) < 40
        _post(server, LIMA)
        eventually(lambda: _brightness(page, -77.04, -12.05) > 100, "a point in Lima")
    assert not complaints
    page.close()


def _brightness(page: Page, lon: float, lat: float) -> int:
    """The brightest pixel within 3 of a place on the page's equirectangular map."""
    picture = np.asarray(Image.open(io.BytesIO(page.screenshot())).convert("L"))
    x, y = round((lon + 180) * 4), round((90 - lat) * 4)
    return int(picture[y - 3 : y + 4, x - 3 : x + 4].max())

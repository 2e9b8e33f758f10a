"""Zooming in: the map asks for the tiles in view, and its totals stay those of the whole world."""

from __future__ import annotations

import io
import json
import random
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, WebSocket

from dynmap import grid, wire
from dynmap.testing import Server, run_server

Eventually = Callable[[Callable[[], bool], str], None]

BERLIN = (13.4059, 52.5205)
METRES_100 = 100 / (40_075_017 * np.cos(np.radians(52.52))) * 360
NEXT_DOOR = (BERLIN[0] + METRES_100, BERLIN[1])
LIMA = (-77.04, -12.05)

SHOWN_S = 0.8
"""How long after an event is counted its point may take to be drawn by a browser without a graphics card."""


class Watched:
    """The page, with a record of what it said and was sent."""

    def __init__(self, page: Page, server: Server) -> None:
        self.page = page
        self.asked: list[dict[str, Any]] = []
        self.frames: list[wire.WireFrame] = []
        self.complaints: list[str] = []
        page.on("websocket", self._listen)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.goto(server.url)
        page.wait_for_selector("html[data-ready=true]", state="attached", timeout=90_000)

    def _listen(self, socket: WebSocket) -> None:
        socket.on("framesent", self._sent)
        socket.on("framereceived", self._received)

    def _sent(self, payload: str | bytes) -> None:
        told = json.loads(payload)
        if told["type"] == "subscribe":
            self.asked.append(told)
            self.frames.clear()

    def _received(self, payload: str | bytes) -> None:
        if isinstance(payload, bytes):
            self.frames.append(wire.decode(payload))

    def state(self) -> dict[str, Any]:
        state: dict[str, Any] = self.page.evaluate("window.dynmap.state()")
        return state

    def look(self, place: tuple[float, float], zoom: float, tile_zoom: int, eventually: Eventually) -> None:
        """Goes there at once, and waits until what is drawn is of tiles of that zoom."""
        self.page.evaluate("([center, zoom]) => window.dynmap.map.jumpTo({center, zoom})", [place, zoom])
        eventually(
            lambda: {z for z, _, _ in self.state()["tiles"] or [(0, 0, 0)]} == {tile_zoom},
            f"tiles of zoom {tile_zoom}",
        )

    def live_frames(self) -> list[wire.WireFrame]:
        """What was sent to be counted and drawn since the last subscription."""
        return [
            frame
            for frame in self.frames
            if frame.kind in (wire.Kind.LIVE, wire.Kind.CAUGHT_UP) and frame.bits
        ]

    def pixel(self, place: tuple[float, float]) -> tuple[int, int]:
        x, y = self.page.evaluate(
            "place => { const p = window.dynmap.map.project(place); return [p.x, p.y] }", place
        )
        return round(x), round(y)

    def picture(self) -> npt.NDArray[np.int16]:
        """The page's brightness, int16[height, width]."""
        image = Image.open(io.BytesIO(self.page.screenshot())).convert("RGB")
        return np.asarray(np.asarray(image, np.int16).max(axis=2), np.int16)


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 800}, color_scheme="dark")
    page = context.new_page()
    yield page
    context.close()


def _post(server: Server, *events: tuple[tuple[float, float], str, int]) -> None:
    lines = "".join(
        json.dumps({"lon": lon, "lat": lat, "topic": topic, "n": n}) + "\n" for (lon, lat), topic, n in events
    )
    headers = {"Content-Type": "application/x-ndjson"}
    httpx.post(f"{server.url}/api/events", content=lines, headers=headers).raise_for_status()


def _legend(page: Page) -> dict[str, str]:
    """The counts beside the topics' names, as they are written there."""
    rows = page.locator(".legend .row")
    return {
        row.locator(".name").inner_text(): row.locator(".count").inner_text()
        for row in (rows.nth(i) for i in range(rows.count()))
    }


def test_two_doors_are_two_lights_in_their_street_and_one_from_afar(
    page: Page, eventually: Eventually
) -> None:
    near, far = grid.cell(BERLIN[1], BERLIN[0], 16), grid.cell(NEXT_DOOR[1], NEXT_DOOR[0], 16)
    assert near == far, "the two are to be in one cell of the world's tile"
    events = [(BERLIN, "door.a", 20), (NEXT_DOOR, "door.a", 20), (LIMA, "door.b", 5)]
    with run_server() as server:
        watched = Watched(page, server)
        _post(server, (LIMA, "door.b", 5))  # It takes away the card that says that nothing has come yet.
        eventually(lambda: watched.state()["located"] == 5, "five counted")
        watched.look(BERLIN, 14, 13, eventually)
        assert watched.asked[-1]["rest"] is True
        assert watched.asked[-1]["since"] is not None
        dark = watched.picture()
        _post(server, *events)
        eventually(lambda: watched.state()["located"] == 50, "50 counted")
        time.sleep(SHOWN_S)
        gained = watched.picture() - dark
        assert {(frame.z, frame.bits) for frame in watched.live_frames()} == {(13, grid.DEFAULT_BITS - 13)}
        assert _counts(watched.live_frames()) == [20, 20]
        (x1, y1), (x2, y2) = watched.pixel(BERLIN), watched.pixel(NEXT_DOOR)
        assert x2 - x1 > 25
        lit = [int(gained[y - 8 : y + 9, x - 8 : x + 9].max()) for x, y in ((x1, y1), (x2, y2))]
        between = int(gained[y1 - 2 : y1 + 3, (x1 + x2) // 2].max())
        assert min(lit) > 60, lit
        assert between < min(lit) - 30, (lit, between)

        # Lima is out of view, and counted.
        assert watched.state()["topics"] == {"door.a": 40, "door.b": 10}
        eventually(lambda: _legend(page) == {"door": "50", "door.a": "40", "door.b": "10"}, "the legend")
        assert watched.state()["located"] == server.stats()["events"]["located"]

        watched.look((20, 22), 1.4, 0, eventually)
        picture = [frame for frame in watched.frames if frame.kind is wire.Kind.PICTURE]
        assert max(_counts(picture)) == 40
        _post(server, *events)
        eventually(lambda: watched.state()["located"] == 95, "95 counted")
        assert {frame.z for frame in watched.live_frames()} == {0}
        assert _counts(watched.live_frames()) == [5, 40]
        assert watched.state()["topics"] == {"door.a": 80, "door.b": 15}
        assert not watched.complaints


def _counts(frames: list[wire.WireFrame]) -> list[int]:
    """Of all cells, smallest first."""
    return sorted(int(count) for frame in frames for count in frame.count)


def test_wandering_about_loses_and_doubles_nothing(page: Page, eventually: Eventually) -> None:
    """The view leaps about, often while the last leap is still being answered, and events come all the while."""
    rng = random.Random(3)
    places = [BERLIN, NEXT_DOOR, LIMA, (139.7, 35.7), (-179.99, -16.5), (179.99, -16.5), (0.0, 84.9)]
    with run_server() as server:
        watched = Watched(page, server)
        done = threading.Event()
        posted = {"one": 0, "two": 0, "three": 0}

        def post() -> None:
            while not done.is_set():
                events = [
                    (rng.choice(places), rng.choice(list(posted)), rng.randrange(1, 9)) for _ in range(30)
                ]
                for _, topic, n in events:
                    posted[topic] += n
                _post(server, *events)
                done.wait(0.02)

        poster = threading.Thread(target=post)
        poster.start()
        try:
            wander = random.Random(4)
            end = time.monotonic() + 12
            while time.monotonic() < end:
                view = {"center": wander.choice(places), "zoom": wander.uniform(0, 16)}
                leap = {"animate": wander.random() < 0.5, "duration": 400}
                page.evaluate("view => { window.dynmap.map.easeTo(view) }", view | leap)
                time.sleep(wander.choice((0.05, 0.3, 0.4, 0.6, 0.9)))
        finally:
            done.set()
            poster.join()
        total = sum(posted.values())
        eventually(lambda: server.stats()["events"]["located"] == total, "all posts are counted")
        eventually(lambda: watched.state()["located"] == total, f"{total} on the map")
        assert watched.state()["topics"] == posted
        time.sleep(1)
        assert watched.state()["located"] == total
        assert len(watched.asked) > 8
        assert sum(asked["since"] is not None for asked in watched.asked) == len(watched.asked) - 1
        assert not watched.complaints

"""The map page in a real browser: opened, fed, held still at a moment, looked at."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urlsplit

import httpx
import numpy as np
import numpy.typing as npt
from e2e.viewer import Viewer
from PIL import Image
from playwright.sync_api import BrowserContext, Page, WebSocket

from dynmap.testing import Server

READY_S = 90
Pixels = npt.NDArray[np.uint8]

_NOTE_VIOLATIONS = """
window.violations = [];
addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) =>
  window.violations.push(`${violatedDirective}: ${blockedURI}`));
"""

_DRAWN = """async () => {
  const { map } = window.dynmap;
  for (let picture = 0; picture < 2; picture++) {
    const drawn = map.once("render");
    map.triggerRepaint();
    await drawn;
  }
}"""


@dataclass(frozen=True, slots=True)
class Event:
    """What is posted: a place in degrees, a topic and a weight."""

    lon: float
    lat: float
    topic: str = "web"
    n: int = 1


class MapPage:
    """A page with the map, and a record of what it asked for and complained about."""

    def __init__(self, context: BrowserContext, url: str) -> None:
        self.url = url
        self.requests: list[str] = []
        self.complaints: list[str] = []
        context.add_init_script(_NOTE_VIOLATIONS)
        self.page: Page = context.new_page()
        context.on("request", lambda request: self.requests.append(request.url))
        self.page.on("websocket", self._note_socket)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on(
            "console",
            lambda message: (
                self.complaints.append(message.text) if message.type in ("error", "warning") else None
            ),
        )

    def _note_socket(self, socket: WebSocket) -> None:
        self.requests.append(socket.url)

    def open(self, query: str = "") -> Self:
        """Loads the page and waits until the map is drawn and the first step counted."""
        self.page.goto(f"{self.url}/{query}")
        self.page.wait_for_selector("html[data-ready=true]", state="attached", timeout=READY_S * 1000)
        return self

    def state(self) -> dict[str, Any]:
        """What `window.dynmap.state()` says."""
        state: dict[str, Any] = self.page.evaluate("window.dynmap.state()")
        return state

    @property
    def located(self) -> int:
        """The page's total."""
        return int(self.state()["located"])

    def hold(self, ms: float | None) -> None:
        """Lets the picture stand still at a moment of the server's time, ms since 1970, or go on; and draws it."""
        self.page.evaluate("ms => window.dynmap.hold(ms)", ms)
        self.draw()

    def draw(self) -> None:
        """Waits until the map has been drawn anew, and once more: what one picture leads to is in the next."""
        self.page.evaluate(_DRAWN)

    def look(self, lon: float, lat: float, zoom: float) -> None:
        """Goes there at once, and waits until what is seen there has come."""
        self.page.evaluate(
            "([lon, lat, zoom]) => { window.dynmap.map.jumpTo({ center: [lon, lat], zoom }) }",
            [lon, lat, zoom],
        )
        self.settle()

    def settle(self) -> None:
        """Waits until a step has been counted after whatever the page has asked for by now, and it is drawn."""
        self.page.wait_for_timeout(400)
        marks = self.state()["committedCursor"]
        until(lambda: self.state()["committedCursor"] != marks, "another step")
        self.draw()

    def pixel(self, lon: float, lat: float) -> tuple[float, float]:
        """Where a place is on the page, in CSS pixels."""
        x, y = self.page.evaluate(
            "place => { const {x, y} = window.dynmap.map.project(place); return [x, y] }", [lon, lat]
        )
        return x, y

    def picture(self) -> Pixels:
        """What the page looks like, uint8[height, width, 3]."""
        image = Image.open(io.BytesIO(self.page.screenshot(animations="disabled", caret="hide")))
        return np.asarray(image.convert("RGB"))

    def violations(self) -> list[str]:
        """Of the Content-Security-Policy, since the page was loaded."""
        found: list[str] = self.page.evaluate("window.violations")
        return found

    def foreign(self) -> list[str]:
        """What was asked of anybody else than the page's own server."""
        own = urlsplit(self.url).netloc
        return [url for url in self.requests if urlsplit(url).netloc not in (own, "")]


def until(holds: Callable[[], bool], what: str, seconds: float = 30) -> None:
    """Waits until something holds; fails naming what did not."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, f"not within {seconds:g} s: {what}"
        time.sleep(0.05)


def post(server: Server, events: Iterable[Event]) -> int:
    """Posts events, all in one batch, and gives their sum."""
    lines = [{"lon": one.lon, "lat": one.lat, "topic": one.topic, "n": one.n} for one in events]
    httpx.post(
        f"{server.url}/api/events",
        content="".join(json.dumps(line) + "\n" for line in lines),
        headers={"Content-Type": "application/x-ndjson"},
    ).raise_for_status()
    return sum(int(line["n"]) for line in lines)  # type: ignore[call-overload]


def post_in_one_tick(server: Server, events: Iterable[Event]) -> int:
    """Posts events and gives the tick that they happened in, ms since 1970."""
    with Viewer(server.url) as viewer:
        before = viewer.total
        total = post(server, events)
        assert viewer.read_until(lambda: viewer.total == before + total)
        ticks = {frame.tick for frame in viewer.frames}
    assert len(ticks) == 1, f"the events happened in {len(ticks)} ticks"
    return int(ticks.pop())

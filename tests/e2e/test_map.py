"""A real nginx's log, live on the map in a real browser."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import numpy as np
import numpy.typing as npt
import pytest
from e2e.nginx import Nginx
from PIL import Image
from playwright.sync_api import Browser, Page

from dynmap.geo.table import LocationTable, open_default
from dynmap.testing import Server, run_server

Eventually = Callable[[Callable[[], bool], str], None]

ADDRESSES = (
    "83.149.9.216",
    "200.49.190.101",
    "66.249.73.135",
    "196.216.2.1",
    "203.2.218.214",
    "2a00:1450:4001:81b::200e",
)
SHOWN_S = 0.8
"""How long after an event is counted its point may take to be drawn by a browser without a graphics card."""

RIPPLED_S = 4.0
"""How long until the ripple of a fresh point has gone."""

REACH = 6
"""How far from its projected place a glow's brightest pixel may be, in CSS pixels."""


@pytest.fixture(scope="module")
def table() -> LocationTable:
    return open_default()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 800}, color_scheme="dark")
    page = context.new_page()
    yield page
    context.close()


class Watched:
    """The page, with a record of what it asked for and complained about."""

    def __init__(self, page: Page, server: Server) -> None:
        self.page, self.requests, self.complaints = page, list[str](), list[str]()
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on(
            "console",
            lambda message: (
                self.complaints.append(message.text) if message.type in ("error", "warning") else None
            ),
        )
        page.goto(f"{server.url}/?projection=flat")
        page.wait_for_selector("html[data-ready=true]", state="attached", timeout=90_000)

    def state(self) -> dict[str, Any]:
        state: dict[str, Any] = self.page.evaluate("window.dynmap.state()")
        return state

    def pixel(self, lon: float, lat: float) -> tuple[int, int]:
        x, y = self.page.evaluate(
            "([lon, lat]) => { const p = window.dynmap.map.project([lon, lat]); return [p.x, p.y] }",
            [lon, lat],
        )
        return round(x), round(y)

    def picture(self) -> npt.NDArray[np.int16]:
        """The page's brightness, int16[height, width]."""
        image = Image.open(io.BytesIO(self.page.screenshot())).convert("RGB")
        return np.asarray(np.asarray(image, np.int16).max(axis=2), np.int16)


def _around(picture: npt.NDArray[np.int16], x: int, y: int) -> npt.NDArray[np.int16]:
    return picture[max(0, y - REACH) : y + REACH + 1, max(0, x - REACH) : x + REACH + 1]


def test_each_request_to_nginx_is_a_bright_pixel_where_its_address_is(
    nginx: Nginx, page: Page, table: LocationTable, eventually: Eventually
) -> None:
    with run_server("--tail", str(nginx.log)) as server:
        watched = Watched(page, server)
        rotations = {1: nginx.rotate_by_rename, 3: nginx.rotate_by_copytruncate}
        for number, address in enumerate(ADDRESSES):
            place = table.lookup(address)
            assert place is not None, address
            assert not place.coarse, address
            x, y = watched.pixel(place.lon, place.lat)
            before = watched.picture()
            nginx.get(address, f"/{number}")
            eventually(lambda: watched.state()["located"] == nginx.requests, f"{nginx.requests} on the map")
            time.sleep(SHOWN_S)
            after = watched.picture()
            gained = _around(after, x, y) - _around(before, x, y)
            assert gained.max() > 60, f"{address} at {x},{y}: brightest gain {gained.max()}"
            if rotate := rotations.get(number):
                rotate()
        for number in range(200):
            nginx.get(ADDRESSES[number % len(ADDRESSES)], "/more")
            if number == 100:
                nginx.rotate_by_copytruncate()
        eventually(lambda: nginx.lines() == nginx.requests, "nginx has written its log")
        eventually(
            lambda: watched.state()["located"] == nginx.lines(), "every line of nginx's log is on the page"
        )
        assert server.stats()["events"]["received"] == nginx.lines()
        assert all(url.startswith((server.url, "blob:", "data:")) for url in watched.requests), (
            watched.requests
        )
        assert not watched.complaints


def test_anycast_is_drawn_wide_and_soft(page: Page, table: LocationTable, eventually: Eventually) -> None:
    """8.8.8.8 is everywhere: a dim disc with a rim, as wide as what is known of its place, explained in the legend."""
    with run_server() as server:
        watched = Watched(page, server)
        lit = {}
        # The first one is not looked at: it takes away the card that says that nothing has come yet.
        for number, address in enumerate(("200.49.190.101", "83.149.9.216", "8.8.8.8"), 1):
            place = table.lookup(address)
            assert place is not None
            assert place.coarse == (address == "8.8.8.8")
            x, y = watched.pixel(place.lon, place.lat)
            before = watched.picture()
            _post(server, address.encode() + b"\n")
            eventually(lambda: watched.state()["located"] == number, f"{number} on the map")  # noqa: B023
            time.sleep(RIPPLED_S)
            lit[address] = _centre_and_rim(watched.picture() - before, x, y)
        centre, rim = lit["83.149.9.216"]
        assert centre > 2 * rim, lit
        centre, rim = lit["8.8.8.8"]
        assert rim > 2 * centre, lit
        watched.page.get_by_text("Place known only roughly").wait_for(timeout=5000)


def _centre_and_rim(gained: npt.NDArray[np.int16], x: int, y: int) -> tuple[float, float]:
    """How much brighter it got within 3 pixels of a place, and at its brightest from 8 to 14 pixels away."""
    distance = np.hypot(*np.mgrid[-20:21, -20:21])
    around = gained[y - 20 : y + 21, x - 20 : x + 21]
    rings = [np.percentile(around[(distance >= r) & (distance < r + 1)], 75) for r in range(15)]
    return float(np.mean(rings[:3])), float(np.max(rings[8:]))


def _post(server: Server, lines: bytes) -> None:
    httpx.post(
        f"{server.url}/api/events", content=lines, headers={"Content-Type": "text/plain"}
    ).raise_for_status()


def test_the_page_comes_back_by_itself_and_counts_nothing_twice(page: Page, eventually: Eventually) -> None:
    with run_server() as server:
        watched = Watched(page, server)
        _post(server, b"83.149.9.216\n" * 10)
        eventually(lambda: watched.state()["located"] == 10, "ten on the map")
        page.context.set_offline(True)
        _post(server, b"66.249.73.135\n" * 5)
        time.sleep(1)
        page.context.set_offline(False)
        _post(server, b"66.249.73.135\n" * 5)
        eventually(
            lambda: watched.state()["connected"] and watched.state()["located"] == 20,
            "all twenty",
        )
        assert server.stats()["events"]["located"] == 20


def test_a_page_opened_later_shows_what_the_server_has_counted(page: Page, eventually: Eventually) -> None:
    with run_server() as server:
        _post(server, b"83.149.9.216\n" * 7 + b"10.0.0.1\nnonsense\n")
        watched = Watched(page, server)
        eventually(lambda: watched.state()["located"] == 7, "seven on the map")
        eventually(lambda: watched.state()["unlocated"] == 1 and watched.state()["rejected"] == 1, "the tray")


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_both_themes_show_a_point(
    browser: Browser, table: LocationTable, eventually: Eventually, theme: str
) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 800}, color_scheme=theme)  # type: ignore[arg-type]
    with run_server() as server:
        watched = Watched(context.new_page(), server)
        place = table.lookup("83.149.9.216")
        assert place is not None
        x, y = watched.pixel(place.lon, place.lat)
        before = watched.picture()
        _post(server, b"83.149.9.216\n" * 20)
        eventually(lambda: watched.state()["located"] == 20, "twenty on the map")
        time.sleep(SHOWN_S)
        change = np.abs(_around(watched.picture(), x, y) - _around(before, x, y))
        assert change.max() > 40
    context.close()

"""A real nginx's log, live on the map in a real browser."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import httpx
import numpy as np
import numpy.typing as npt
import pytest
from e2e.mapped import MapPage
from e2e.nginx import Nginx
from playwright.sync_api import Browser, BrowserContext

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
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": 1280, "height": 800}, color_scheme="dark")
    yield context
    context.close()


def _opened(context: BrowserContext, server: Server) -> MapPage:
    return MapPage(context, server.url).open("?projection=flat")


def _spot(mapped: MapPage, lon: float, lat: float) -> tuple[int, int]:
    """The pixel that a place is at."""
    x, y = mapped.pixel(lon, lat)
    return round(x), round(y)


def _brightness(mapped: MapPage) -> npt.NDArray[np.int16]:
    """The page's brightness, int16[height, width]."""
    return np.asarray(mapped.picture().max(axis=2), np.int16)


def _around(picture: npt.NDArray[np.int16], x: int, y: int) -> npt.NDArray[np.int16]:
    return picture[max(0, y - REACH) : y + REACH + 1, max(0, x - REACH) : x + REACH + 1]


def test_each_request_to_nginx_is_a_bright_pixel_where_its_address_is(
    nginx: Nginx, context: BrowserContext, table: LocationTable, eventually: Eventually
) -> None:
    with run_server("--tail", str(nginx.log)) as server:
        mapped = _opened(context, server)
        rotations = {1: nginx.rotate_by_rename, 3: nginx.rotate_by_copytruncate}
        for number, address in enumerate(ADDRESSES):
            place = table.lookup(address)
            assert place is not None, address
            assert not place.coarse, address
            x, y = _spot(mapped, place.lon, place.lat)
            before = _brightness(mapped)
            nginx.get(address, f"/{number}")
            eventually(lambda: mapped.state()["located"] == nginx.requests, f"{nginx.requests} on the map")
            time.sleep(SHOWN_S)
            after = _brightness(mapped)
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
            lambda: mapped.state()["located"] == nginx.lines(), "every line of nginx's log is on the page"
        )
        assert server.stats()["events"]["received"] == nginx.lines()
        assert mapped.foreign() == []
        assert not mapped.complaints


def test_anycast_is_drawn_wide_and_soft(
    context: BrowserContext, table: LocationTable, eventually: Eventually
) -> None:
    """8.8.8.8 is everywhere: a dim disc with a rim, as wide as what is known of its place, explained in the legend."""
    with run_server() as server:
        mapped = _opened(context, server)
        lit = {}
        # The first one is not looked at: it takes away the card that says that nothing has come yet.
        for number, address in enumerate(("200.49.190.101", "83.149.9.216", "8.8.8.8"), 1):
            place = table.lookup(address)
            assert place is not None
            assert place.coarse == (address == "8.8.8.8")
            x, y = _spot(mapped, place.lon, place.lat)
            before = _brightness(mapped)
            _post(server, address.encode() + b"\n")
            eventually(lambda: mapped.state()["located"] == number, f"{number} on the map")  # noqa: B023
            time.sleep(RIPPLED_S)
            lit[address] = _centre_and_rim(_brightness(mapped) - before, x, y)
        centre, rim = lit["83.149.9.216"]
        assert centre > 2 * rim, lit
        centre, rim = lit["8.8.8.8"]
        assert rim > 2 * centre, lit
        mapped.page.get_by_text("Place known only roughly").wait_for(timeout=5000)


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


def test_the_page_comes_back_by_itself_and_counts_nothing_twice(
    context: BrowserContext, eventually: Eventually
) -> None:
    with run_server() as server:
        mapped = _opened(context, server)
        _post(server, b"83.149.9.216\n" * 10)
        eventually(lambda: mapped.state()["located"] == 10, "ten on the map")
        context.set_offline(True)
        _post(server, b"66.249.73.135\n" * 5)
        time.sleep(1)
        context.set_offline(False)
        _post(server, b"66.249.73.135\n" * 5)
        eventually(
            lambda: mapped.state()["connected"] and mapped.state()["located"] == 20,
            "all twenty",
        )
        assert server.stats()["events"]["located"] == 20


def test_a_page_opened_later_shows_what_the_server_has_counted(
    context: BrowserContext, eventually: Eventually
) -> None:
    with run_server() as server:
        _post(server, b"83.149.9.216\n" * 7 + b"10.0.0.1\nnonsense\n")
        mapped = _opened(context, server)
        eventually(lambda: mapped.state()["located"] == 7, "seven on the map")
        eventually(lambda: mapped.state()["unlocated"] == 1 and mapped.state()["rejected"] == 1, "the tray")


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_both_themes_show_a_point(
    browser: Browser, table: LocationTable, eventually: Eventually, theme: str
) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 800}, color_scheme=theme)  # type: ignore[arg-type]
    with run_server() as server:
        mapped = _opened(context, server)
        place = table.lookup("83.149.9.216")
        assert place is not None
        x, y = _spot(mapped, place.lon, place.lat)
        before = _brightness(mapped)
        _post(server, b"83.149.9.216\n" * 20)
        eventually(lambda: mapped.state()["located"] == 20, "twenty on the map")
        time.sleep(SHOWN_S)
        change = np.abs(_around(_brightness(mapped), x, y) - _around(before, x, y))
        assert change.max() > 40
    context.close()

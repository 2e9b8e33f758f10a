"""The map as somebody uses it: by keys, by its address, on a wall, in a frame, and as a picture to take away."""

from __future__ import annotations

import contextlib
import io
import json
import re
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

import httpx
import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Frame, Page

from dynmap.testing import Server, run_server

ROOT = Path(__file__).parents[2]
Eventually = Callable[[Callable[[], bool], str], None]

EUROPE = (
    (13.4, 52.5),
    (2.35, 48.86),
    (12.5, 41.9),
    (-3.7, 40.4),
    (16.4, 48.2),
    (21, 52.2),
    (4.9, 52.4),
    (14.4, 50.1),
)
WORLD = (
    (-74, 40.7),
    (-118, 34),
    (-46.6, -23.5),
    (2.35, 48.9),
    (28, -26),
    (77.2, 28.6),
    (139.7, 35.7),
    (151, -34),
)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with run_server() as server:
        yield server


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(
        viewport={"width": 640, "height": 480}, color_scheme="dark", reduced_motion="reduce"
    )
    yield context.new_page()
    context.close()


def _open(page: Page, server: Server, query: str = "") -> None:
    page.goto(f"{server.url}/{query}")
    _ready(page)


def _ready(page: Page | Frame) -> None:
    page.wait_for_selector("html[data-ready=true]", state="attached", timeout=90_000)


def _query(page: Page) -> dict[str, str]:
    query = parse_qs(page.evaluate("location.search.slice(1)"), keep_blank_values=True)
    return {name: values[-1] for name, values in query.items()}


def _place(page: Page | Frame) -> tuple[float, float, float]:
    lon, lat, zoom = page.evaluate(
        "(() => { const m = window.dynmap.map, c = m.getCenter().wrap(); return [c.lng, c.lat, m.getZoom()] })()"
    )
    return lon, lat, zoom


def _post(server: Server, places: tuple[tuple[float, float], ...], topic: str = "web.get") -> None:
    lines = "".join(json.dumps({"lon": lon, "lat": lat, "topic": topic}) + "\n" for lon, lat in places)
    httpx.post(
        f"{server.url}/api/events", content=lines, headers={"Content-Type": "application/x-ndjson"}
    ).raise_for_status()


@contextlib.contextmanager
def _feed(server: Server, places: tuple[tuple[float, float], ...]) -> Iterator[None]:
    """Events at these places twice a second: what can be seen of one is over after 16 s."""
    ended = threading.Event()

    def post() -> None:
        while not ended.wait(0.5):
            _post(server, places)

    _post(server, places)
    thread = threading.Thread(target=post)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def test_the_address_says_what_is_looked_at_and_is_gone_to(
    page: Page, server: Server, eventually: Eventually
) -> None:
    _open(
        page,
        server,
        "?projection=flat&center=13.4,52.5&zoom=5.5&mode=heat&theme=light&hide=web.bot&utm=1&zoom2",
    )
    lon, lat, zoom = _place(page)
    assert (lon, lat, zoom) == pytest.approx((13.4, 52.5, 5.5), abs=0.01)
    assert page.get_attribute("html", "data-theme") == "light"

    page.keyboard.press("ArrowRight")
    page.keyboard.press("m")
    eventually(lambda: _query(page).get("center", "13.4,52.5") != "13.4,52.5", "the address follows the map")
    said = _query(page)
    lon, lat, zoom = _place(page)
    assert lon > 13.4
    written_lon, written_lat = map(float, said["center"].split(","))
    assert (written_lon, written_lat) == pytest.approx((lon, lat), abs=0.01)
    assert {name: said[name] for name in ("zoom", "projection", "theme", "hide", "utm")} == {
        "zoom": "5.5",
        "projection": "flat",
        "theme": "light",
        "hide": "web.bot",
        "utm": "1",
    }
    assert "mode" not in said

    page.evaluate("location.hash = 'elsewhere'")
    page.evaluate("history.pushState(null, '', '?projection=flat&center=-70,-30&zoom=4')")
    page.go_back()
    page.go_forward()
    eventually(
        lambda: _place(page) == pytest.approx((-70, -30, 4), abs=0.01),
        "the map goes where one goes forward to",
    )


def test_what_an_address_gets_wrong_is_named_and_left_out(page: Page, server: Server) -> None:
    _open(page, server, "?projection=flat&zoom=banana&mode=heat")
    page.get_by_text("zoom=banana").wait_for(timeout=5000)
    assert page.evaluate("window.dynmap.map.getZoom()") < 4


def test_a_chosen_theme_is_kept_but_not_one_that_an_address_chose(page: Page, server: Server) -> None:
    _open(page, server, "?projection=flat&theme=light")
    assert page.get_attribute("html", "data-theme") == "light"
    _open(page, server, "?projection=flat")
    assert page.get_attribute("html", "data-theme") == "dark"
    page.keyboard.press("t")
    _open(page, server, "?projection=flat")
    assert page.get_attribute("html", "data-theme") == "light"


def test_keys_do_what_help_says(page: Page, server: Server, eventually: Eventually) -> None:
    _post(server, EUROPE, "web.get")
    _post(server, WORLD, "web.post")
    _open(page, server, "?projection=flat&center=0,0&zoom=3")
    for key, name, value in (
        ("m", "mode", "points"),
        ("t", "theme", "light"),
        ("a", "arcs", ""),
        ("1", "hide", "web"),
        ("Shift+1", "solo", "web"),
    ):
        page.keyboard.press(key)
        eventually(lambda: _query(page).get(name) == value, f"{key} is {name}={value}")  # noqa: B023
    page.keyboard.press("e")
    eventually(lambda: not {"hide", "solo"} & _query(page).keys(), "every topic again")
    for key in ("+", "-", "-"):
        zoom = _place(page)[2]
        page.keyboard.press(key)
        eventually(lambda: abs(abs(_place(page)[2] - zoom) - 1) < 0.01, f"{key} zooms by one")  # noqa: B023
    page.keyboard.press("g")
    eventually(lambda: "projection" not in _query(page), "the globe is as usual")
    page.keyboard.press("g")
    page.keyboard.press("Control+m")
    page.keyboard.press("0")
    eventually(lambda: "center" not in _query(page), "a view that nobody chose is in no address")
    assert _query(page)["mode"] == "points"


def test_it_opens_where_it_is_busy(page: Page, eventually: Eventually) -> None:
    with run_server() as server, _feed(server, EUROPE * 3 + WORLD[:2]):
        page.set_viewport_size({"width": 800, "height": 600})
        _open(page, server, "?projection=flat")
        lon, lat, zoom = _place(page)
        assert (lon, lat) == pytest.approx((9, 48), abs=6)
        assert 2.5 < zoom < 6
        page.set_viewport_size({"width": 480, "height": 640})
        eventually(
            lambda: page.evaluate("window.dynmap.map.getCanvas().clientWidth") == 480, "the map is resized"
        )
        assert _place(page)[:2] == pytest.approx((lon, lat), abs=0.5), "the middle stays"
        assert "center" not in _query(page)


def test_a_feed_from_everywhere_opens_on_the_world(page: Page) -> None:
    with run_server() as server, _feed(server, WORLD):
        _open(page, server, "?projection=flat")
        assert _place(page)[2] < 2
        assert page.evaluate("window.dynmap.state().tiles") is None


def test_follow_goes_to_where_it_is_busy_until_somebody_takes_over(
    browser: Browser, eventually: Eventually
) -> None:
    context = browser.new_context(viewport={"width": 640, "height": 480})
    page = context.new_page()
    with run_server() as server, _feed(server, WORLD):
        _open(page, server, "?follow&projection=flat")
        eventually(lambda: _place(page)[2] > 2, "it goes to a busy place")
        page.keyboard.press("ArrowLeft")
        eventually(lambda: not page.evaluate("window.dynmap.map.isMoving()"), "it rests")
        place = _place(page)
        page.wait_for_timeout(9000)
        assert _place(page) == place, "whoever took the map has it"
        page.keyboard.press("o")
        eventually(lambda: "follow" not in _query(page) and "center" in _query(page), "it stays there")
    context.close()


def test_a_wall_heals_itself(page: Page, server: Server, eventually: Eventually) -> None:
    page.clock.install()
    _open(page, server, "?kiosk&projection=flat")
    assert page.get_attribute("html", "data-kiosk") is not None
    assert page.evaluate("getComputedStyle(window.dynmap.map.getCanvas()).cursor") == "none"
    page.evaluate("window.isTheFirst = true")
    lose = "window.dynmap.map.getCanvas().getContext('webgl2').getExtension('WEBGL_lose_context')"
    page.evaluate(f"window.lost = {lose}; lost.loseContext()")
    page.evaluate("lost.restoreContext()")
    page.clock.fast_forward(30_000)
    assert page.evaluate("window.isTheFirst"), "what MapLibre heals is no reason to load the page again"

    page.evaluate(f"window.lost = {lose}; lost.loseContext()")
    page.wait_for_timeout(200)
    with page.expect_event("domcontentloaded", timeout=60_000):
        page.clock.fast_forward(70_000)
        page.clock.fast_forward(10_000)
    _ready(page)
    assert not page.evaluate("'isTheFirst' in window"), "the page is loaded anew"
    page.keyboard.press("Escape")
    eventually(lambda: "kiosk" not in _query(page), "Escape leaves the wall")
    assert page.get_attribute("html", "data-kiosk") is None


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def board() -> Iterator[str]:
    """The origin of another site, which has the examples."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=ROOT / "examples")) as site:
        thread = threading.Thread(target=site.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{site.server_port}"
        site.shutdown()
        thread.join()


def _framed(page: Page) -> Frame:
    [frame] = [frame for frame in page.frames if frame is not page.main_frame]
    return frame


def test_a_page_steers_the_map_in_its_frame(page: Page, board: str, eventually: Eventually) -> None:
    with run_server("--origin", board) as server:
        _post(server, EUROPE)
        page.goto(f"{board}/embed.html?server={server.url}/")
        eventually(lambda: page.inner_text("#total") == "8", "the page around hears the total")
        frame = _framed(page)
        _ready(frame)
        assert frame.get_attribute("html", "data-embed") is not None
        page.click("#berlin")
        eventually(lambda: _place(frame) == pytest.approx((13.4, 52.5, 6), abs=0.01), "it flies to Berlin")
        page.click("#heat")
        eventually(lambda: '"mode":"heat"' in page.inner_text("#said"), "it answers with the view")

        said = page.inner_text("#said")
        page.evaluate(
            """server => {
              const tell = (data) => document.querySelector("iframe").contentWindow.postMessage(data, server);
              tell({dynmap: "set", view: {zoom: "near"}}); tell({dynmap: "reload"}); tell("noise");
            }""",
            server.url,
        )
        eventually(lambda: page.inner_text("#said").count("error") == 2, "what isn't understood is said")
        assert "token" not in said + page.inner_text("#said")

        # A frame beside it is not the page around it.
        before = page.inner_text("#said")
        page.evaluate(
            """() => {
              const other = document.body.appendChild(document.createElement("iframe"));
              const script = other.contentDocument.createElement("script");
              script.textContent = 'parent.frames[0].postMessage({dynmap: "get"}, "*")';
              other.contentDocument.body.append(script);
            }"""
        )
        page.wait_for_timeout(500)
        assert page.inner_text("#said") == before


def test_a_page_of_another_site_can_not_have_the_map_in_a_frame(
    page: Page, board: str, server: Server
) -> None:
    with page.expect_console_message(lambda message: "frame-ancestors" in message.text, timeout=60_000):
        page.goto(f"{board}/embed.html?server={server.url}/")
    assert page.inner_text("#said") == ""


def test_a_picture_is_a_png_of_the_map(page: Page, server: Server) -> None:
    _post(server, WORLD)
    _open(page, server, "?projection=flat")
    with page.expect_download(timeout=60_000) as download:
        page.keyboard.press("p")
    assert re.fullmatch(r"dynmap-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ\.png", download.value.suggested_filename)
    image = Image.open(io.BytesIO(Path(download.value.path()).read_bytes()))
    assert image.format == "PNG"
    assert image.size == (640, 480)
    pixels = np.asarray(image.convert("RGB"), np.int16)
    assert len(np.unique(pixels.reshape(-1, 3), axis=0)) > 500, "it is more than one colour"
    for part, what in (
        (pixels[:80, :300], "total"),
        (pixels[-40:, :300], "time"),
        (pixels[-40:, 300:], "credits"),
    ):
        assert part.max() > 150, f"the {what} is written on it"


def test_a_clip_is_a_webm_that_plays(page: Page, server: Server, eventually: Eventually) -> None:
    _open(page, server, "?projection=flat")
    page.keyboard.press("r")
    page.wait_for_timeout(3000)
    with page.expect_download(timeout=60_000) as download:
        page.keyboard.press("r")
    assert re.fullmatch(r"dynmap-.*Z\.webm", download.value.suggested_filename)
    clip = Path(download.value.path()).read_bytes()
    assert clip.startswith(b"\x1a\x45\xdf\xa3"), "EBML"
    assert b"webm" in clip[:64]
    assert len(clip) > 4000

    page.goto("about:blank")
    size = page.evaluate(
        """bytes => new Promise((resolve, reject) => {
          const video = document.createElement("video");
          video.muted = true;
          video.src = URL.createObjectURL(new Blob([new Uint8Array(bytes)], {type: "video/webm"}));
          video.onerror = () => reject(video.error.message);
          video.onended = () => resolve([video.videoWidth, video.videoHeight, video.currentTime]);
          video.play().catch(reject);
        })""",
        list(clip),
    )
    assert size[:2] == [640, 480]
    assert size[2] > 0

"""Other base maps under the live picture: from another origin, from a file, and one that can't be had."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from e2e.elsewhere import WHOLE, Colour, Elsewhere, picture, pmtiles, vector_tile
from PIL import Image
from playwright.sync_api import Browser, Page
from pmtiles.tile import TileType

from dynmap.testing import Server, run_server

Eventually = Callable[[Callable[[], bool], str], None]

GREEN: Colour = (20, 200, 40)
CLEAR: tuple[float, float] = (400, 440)
"""Pixels; where a small window has no panels."""


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 800, "height": 600}, color_scheme="dark")
    page = context.new_page()
    yield page
    context.close()


class Watched:
    """The page of a server, with a record of whom it asked and what it complained of."""

    def __init__(self, page: Page, server: Server, query: str = "?projection=flat") -> None:
        self.page, self.hosts, self.complaints = page, set[str](), list[str]()
        page.on("request", lambda request: self.hosts.add(urlsplit(request.url).netloc))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on(
            "console",
            lambda message: self.complaints.append(message.text) if message.type == "error" else None,
        )
        page.goto(f"{server.url}/{query}")
        page.wait_for_selector("html[data-ready=true]", state="attached", timeout=90_000)

    def colour(self) -> Colour:
        """The page's colour where the map is clear."""
        x, y = CLEAR
        shot = self.page.screenshot(clip={"x": x, "y": y, "width": 4, "height": 4})
        red, green, blue = Image.open(io.BytesIO(shot)).convert("RGB").getpixel((2, 2))  # type: ignore[misc]
        return red, green, blue

    def is_green(self) -> bool:
        red, green, blue = self.colour()
        return green > 1.4 * max(red, blue) and green > 30

    def asked_only(self, *origins: str) -> None:
        """Nobody was asked but these, and the browser had nothing to hold back."""
        named = {urlsplit(origin).netloc for origin in origins}
        assert {host for host in self.hosts if host} == named
        assert not self.complaints


def test_tiles_by_a_template(page: Page, eventually: Eventually) -> None:
    with Elsewhere(tile=picture(GREEN)) as elsewhere:
        template = f"{elsewhere.url}/tiles/{{z}}/{{x}}/{{y}}.png"
        owed = '<a href="https://example.com/copyright">&copy; Green Tiles</a>'
        with run_server("--basemap", template, "--attribution", owed) as server:
            watched = Watched(page, server)
            eventually(watched.is_green, "the tiles are drawn")
            dark = watched.colour()
            link = page.get_by_role("link", name="© Green Tiles")
            assert link.get_attribute("href") == "https://example.com/copyright"
            page.emulate_media(color_scheme="light")
            eventually(lambda: sum(watched.colour()) > 1.5 * sum(dark), "lighter in the light theme")
            watched.asked_only(server.url, elsewhere.url)
            assert all(path.startswith("/tiles/") for path in elsewhere.asked)


def test_a_style_with_what_it_names(page: Page, eventually: Eventually) -> None:
    with Elsewhere(tile=picture(GREEN)) as elsewhere, Elsewhere() as third:
        third.has_json(
            "/tiles.json",
            {
                "tilejson": "3.0.0",
                "tiles": [f"{elsewhere.url}/tiles/{{z}}/{{x}}/{{y}}.png"],
                "attribution": "© Green Style",
            },
        )
        style = elsewhere.has_json(
            "/styles/green.json",
            {
                "version": 8,
                "sources": {"tiles": {"type": "raster", "url": f"{third.url}/tiles.json", "tileSize": 256}},
                "layers": [{"id": "tiles", "type": "raster", "source": "tiles"}],
            },
        )
        with run_server("--basemap", style, env={"DYNMAP_MAP__ORIGINS": third.url}) as server:
            watched = Watched(page, server)
            eventually(watched.is_green, "the style is drawn")
            page.get_by_text("© Green Style").wait_for()
            watched.asked_only(server.url, elsewhere.url, third.url)


@pytest.mark.parametrize("kind", ["pictures", "protomaps", "other"])
def test_a_pmtiles_file(kind: str, page: Page, eventually: Eventually, tmp_path: Path) -> None:
    path = tmp_path / "world.pmtiles"
    if kind == "pictures":
        pmtiles(path, picture(GREEN), TileType.PNG, {"attribution": "© Green File"})
    else:
        names = ("earth", "water", "roads", "places") if kind == "protomaps" else ("lakes",)
        layers = [{"id": name, "fields": {}} for name in names]
        tile = vector_tile({"water" if kind == "protomaps" else "lakes": WHOLE})
        pmtiles(path, tile, TileType.MVT, {"vector_layers": layers, "attribution": "© Green File"})
    with run_server("--basemap", str(path)) as server:
        watched = Watched(page, server)
        before = watched.colour()
        if kind == "pictures":
            eventually(watched.is_green, "the file's pictures are drawn")
        else:
            layer = {"protomaps": "water", "other": "lakes-areas"}[kind]
            eventually(
                lambda: page.evaluate(
                    "layer => window.dynmap.map.queryRenderedFeatures({layers: [layer]}).length > 0", layer
                ),
                "the file's areas are drawn",
            )
            assert page.evaluate("!window.dynmap.map.getLayer('land')"), before
        page.get_by_text("© Green File").wait_for()
        watched.asked_only(server.url)


@pytest.mark.parametrize("fault", ["missing", "unshared", "not a style", "no tiles"])
def test_one_that_cant_be_had_is_told_of_and_replaced(fault: str, page: Page) -> None:
    with Elsewhere(shares=fault != "unshared") as elsewhere:
        url = elsewhere.has_json("/style.json", {"version": 8, "sources": {}, "layers": []})
        if fault == "missing":
            url = f"{elsewhere.url}/none.json"
        elif fault == "not a style":
            url = elsewhere.has_json("/style.json", {"name": "something else"})
        elif fault == "no tiles":
            url = f"{elsewhere.url}/tiles/{{z}}/{{x}}/{{y}}.png"
        with run_server("--basemap", url) as server:
            Watched(page, server)
            host = urlsplit(elsewhere.url).netloc
            said = page.get_by_text(f"The base map can't be shown, so this is the bundled one: {host}")
            said.wait_for()
            reason = {
                "missing": "answers 404",
                "no tiles": "answers 404",
                "unshared": "does not let pages of other sites ask it (CORS)",
                "not a style": "something that is no MapLibre style",
            }[fault]
            assert reason in said.inner_text()
            page.wait_for_selector("html[data-ready=true]", state="attached")
            page.wait_for_function(
                "window.dynmap.map.getLayer('land') && window.dynmap.map.getLayer('ground')"
            )


def test_an_origin_that_the_settings_dont_name_is_said(page: Page) -> None:
    with Elsewhere() as elsewhere, Elsewhere(tile=picture(GREEN)) as third:
        tiles = [f"{third.url}/tiles/{{z}}/{{x}}/{{y}}.png"]
        style = elsewhere.has_json(
            "/style.json",
            {
                "version": 8,
                "sources": {"tiles": {"type": "raster", "tiles": tiles}},
                "layers": [{"id": "tiles", "type": "raster", "source": "tiles"}],
            },
        )
        with run_server("--basemap", style) as server:
            Watched(page, server)
            page.get_by_text(f'map.origins = ["{third.url}"]').wait_for()
            assert not third.asked

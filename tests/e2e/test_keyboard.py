"""Everything can be reached and used with the keyboard alone."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs

import pytest
from e2e.mapped import Event, MapPage, post, until
from playwright.sync_api import Browser, ViewportSize

from dynmap.testing import Server, run_server

EVENTS = [
    Event(13.4, 52.5, "web.200", 50),
    Event(-74.0, 40.7, "web.404", 30),
    Event(139.7, 35.7, "orders.paid", 20),
    Event(-46.6, -23.5, "mail.open", 10),
]

_REACHABLE = """() => [...document.querySelectorAll("button, a[href], input, select, summary, [tabindex]")]
  .filter((element) => element.tabIndex >= 0 && !element.disabled)
  .filter((element) => element.checkVisibility({visibilityProperty: true}))
  .map((element, i) => {
    element.dataset.stop = i;
    return element.ariaLabel || element.textContent.trim() || element.tagName;
  })"""

_FOCUSED = """() => {
  const element = document.activeElement;
  const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(element);
  return {
    stop: element.dataset.stop ?? null,
    name: element.ariaLabel || element.textContent.trim() || element.tagName,
    seen: (outlineStyle !== "none" && parseFloat(outlineWidth) > 0) || boxShadow !== "none",
  };
}"""

_CAMERA = """() => {
  const { map } = window.dynmap;
  const { lng, lat } = map.getCenter();
  return [lng, lat, map.getZoom()];
}"""


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with run_server() as running:
        post(running, EVENTS)
        yield running


@pytest.fixture
def mapped(browser: Browser, server: Server) -> Iterator[MapPage]:
    context = browser.new_context(
        viewport=ViewportSize(width=1160, height=600),
        permissions=["clipboard-read", "clipboard-write"],
        reduced_motion="reduce",
        color_scheme="dark",
    )
    mapped = MapPage(context, server.url).open("?center=0,20&zoom=2")
    until(lambda: mapped.located == sum(event.n for event in EVENTS), "events on the page")
    yield mapped
    context.close()


@pytest.mark.parametrize(("width", "last_button"), [(1160, "Help"), (390, "More")])
def test_tab_reaches_everything_and_shows_where_it_is(mapped: MapPage, width: int, last_button: str) -> None:
    page = mapped.page
    page.set_viewport_size({"width": width, "height": 600})
    page.get_by_role("button", name=last_button, exact=True).wait_for()
    names: list[str] = page.evaluate(_REACHABLE)
    reached: dict[int, dict[str, Any]] = {}
    for _ in range(2 * len(names) + 4):
        page.keyboard.press("Tab")
        focused = page.evaluate(_FOCUSED)
        if focused["stop"] is not None:
            reached[int(focused["stop"])] = focused
    missed = [name for stop, name in enumerate(names) if stop not in reached]
    assert not missed, f"Tab does not reach {missed}"
    unseen = [focused["name"] for focused in reached.values() if not focused["seen"]]
    assert not unseen, f"it is not to be seen that these have the keyboard: {unseen}"


def _asked(mapped: MapPage, name: str) -> str | None:
    """A parameter of the page's address."""
    search: str = mapped.page.evaluate("location.search")
    return parse_qs(search.removeprefix("?"), keep_blank_values=True).get(name, [None])[0]


def test_each_key_does_its_thing(mapped: MapPage) -> None:
    def shows(name: str, value: str | None) -> Callable[[], bool]:
        return lambda: _asked(mapped, name) == value

    for key, name, after, back in (
        ("g", "projection", "flat", "g"),
        ("t", "theme", "light", "t"),
        ("o", "follow", "", "o"),
        ("a", "arcs", "", "a"),
        ("1", "hide", "web", "1"),
        ("Shift+1", "solo", "web", "e"),
    ):
        before = _asked(mapped, name)
        mapped.page.keyboard.press(key)
        until(
            shows(name, after), f"{key} sets {name} in the address to {after!r}, not {_asked(mapped, name)!r}"
        )
        mapped.page.keyboard.press(back)
        until(lambda: _asked(mapped, name) in (before, "dark"), f"{back} takes {name} back")  # noqa: B023
    for mode in ("points", "heat", None):
        mapped.page.keyboard.press("m")
        until(shows("mode", mode), f"m goes on to {mode}")


def _camera(mapped: MapPage) -> tuple[float, float, float]:
    """Longitude and latitude of the map's middle, and its zoom."""
    lon, lat, zoom = mapped.page.evaluate(_CAMERA)
    return lon, lat, zoom


def test_the_map_moves(mapped: MapPage) -> None:
    for key, axis, least in (
        ("ArrowRight", 0, 1),
        ("ArrowLeft", 0, -1),
        ("ArrowUp", 1, 1),
        ("ArrowDown", 1, -1),
        ("+", 2, 0.9),
        ("-", 2, -0.9),
    ):
        before = _camera(mapped)[axis]
        mapped.page.keyboard.press(key)
        until(lambda: (_camera(mapped)[axis] - before) / least >= 1, f"{key} moves the map")  # noqa: B023
    mapped.page.keyboard.press("0")
    until(lambda: _asked(mapped, "center") is None, "0 fits the map to where it is busy")


def test_search_help_and_what_is_taken_away(mapped: MapPage) -> None:
    page = mapped.page
    page.keyboard.press("/")
    page.get_by_role("combobox").wait_for()
    page.keyboard.type("Lima")
    page.get_by_role("option").first.wait_for()
    page.keyboard.press("Enter")
    until(lambda: math.dist(_camera(mapped)[:2], (-77, -12)) < 1, "the map is at Lima")
    page.keyboard.press("?")
    page.get_by_role("dialog", name="Keyboard").wait_for()
    page.keyboard.press("Escape")
    page.get_by_role("dialog", name="Keyboard").wait_for(state="hidden")
    page.keyboard.press("l")
    until(lambda: "center=-77" in page.evaluate("navigator.clipboard.readText()"), "a link in the clipboard")
    with page.expect_download() as download:
        page.keyboard.press("p")
    assert re.search(r"\.png$", download.value.suggested_filename)
    page.keyboard.press("k")
    until(lambda: page.evaluate("document.documentElement.hasAttribute('data-kiosk')"), "the kiosk")
    page.keyboard.press("Escape")
    until(lambda: not page.evaluate("document.documentElement.hasAttribute('data-kiosk')"), "no kiosk")

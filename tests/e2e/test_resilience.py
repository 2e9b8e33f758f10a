"""What befalls a page that is open for weeks: a lost GPU context, a tab that nobody sees, eyes that want no motion."""

from __future__ import annotations

import numpy as np
from e2e.feed import lifelike
from e2e.mapped import Event, MapPage, Pixels, post, post_in_one_tick, until
from playwright.sync_api import Browser, ViewportSize

from dynmap.testing import run_server

SIZE = ViewportSize(width=900, height=600)
LIMA = Event(-77.04, -12.05, "web", 40)

_TAB = """
window.isAway = false;
const kept = [];
const ask = window.requestAnimationFrame.bind(window);
window.requestAnimationFrame = (callback) => window.isAway ? -kept.push(callback) : ask(callback);
window.goAway = (away) => {
  window.isAway = away;
  document.dispatchEvent(new Event("visibilitychange"));
  if (!away) for (const callback of kept.splice(0)) ask(callback);
};
const away = { hidden: () => window.isAway, visibilityState: () => (window.isAway ? "hidden" : "visible") };
for (const [name, get] of Object.entries(away)) Object.defineProperty(Document.prototype, name, { get });
"""
"""A browser without a screen has no tab that is hidden: this says so to the page, and draws nothing meanwhile."""


def _gained(before: Pixels, after: Pixels, x: float, y: float, reach: int = 8) -> int:
    column, row = round(x), round(y)
    part = np.s_[row - reach : row + reach + 1, column - reach : column + reach + 1]
    return int((after[part].astype(int) - before[part]).max())


def test_a_lost_gpu_context_comes_back_with_all_that_was_drawn(browser: Browser) -> None:
    with run_server() as server:
        context = browser.new_context(viewport=SIZE, color_scheme="dark")
        mapped = MapPage(context, server.url).open("?projection=flat&center=-60,-5&zoom=2")
        tick = post_in_one_tick(server, [LIMA])
        until(lambda: mapped.located == LIMA.n, "events on the page")
        mapped.hold(tick + 60_000)
        before = mapped.picture()
        mapped.page.evaluate(
            "window.lost = dynmap.map.getCanvas().getContext('webgl2').getExtension('WEBGL_lose_context');"
            "lost.loseContext()"
        )
        mapped.page.wait_for_timeout(300)
        post(server, [LIMA])
        until(lambda: mapped.located == 2 * LIMA.n, "what came meanwhile is counted")
        mapped.page.evaluate("lost.restoreContext()")
        until(
            lambda: bool(mapped.page.evaluate("window.dynmap.map.isStyleLoaded()")), "the map is there again"
        )
        mapped.hold(tick + 900)
        until(
            lambda: _gained(before, mapped.picture(), *mapped.pixel(LIMA.lon, LIMA.lat)) > 60,
            "the light is where it was",
        )
        mapped.hold(None)
        context.close()


def test_a_tab_that_nobody_sees_stays_exact_and_draws_nothing(browser: Browser) -> None:
    with run_server() as server:
        context = browser.new_context(viewport=SIZE)
        context.add_init_script(_TAB)
        mapped = MapPage(context, server.url).open("?projection=flat")
        total = post(server, lifelike(200))
        until(lambda: mapped.located == total, "events on the page")
        mapped.page.evaluate("goAway(true)")
        mapped.page.wait_for_timeout(500)
        drawn = mapped.state()["layer"]["frames"]
        for _ in range(5):
            total += post(server, lifelike(200))
            mapped.page.wait_for_timeout(300)
        until(lambda: mapped.located == total, "an account that goes on")
        assert mapped.state()["layer"]["frames"] == drawn
        mapped.page.evaluate("goAway(false)")
        until(lambda: mapped.state()["layer"]["frames"] > drawn, "a picture when it is shown again")
        assert mapped.located == total == server.stats()["events"]["located"]
        written = f"{total:,}"
        until(
            lambda: written in mapped.page.locator(".total").inner_text().replace("\\u2009", ","),
            f"{written} on the panel",
        )
        context.close()


def test_nothing_moves_for_who_wants_no_motion(browser: Browser) -> None:
    """No ring runs out from a fresh point."""
    rings = {}
    with run_server() as server:
        for motion in ("no-preference", "reduce"):
            context = browser.new_context(viewport=SIZE, color_scheme="dark", reduced_motion=motion)
            mapped = MapPage(context, server.url).open("?projection=flat&center=-60,-5&zoom=3&mode=points")
            before = mapped.located
            tick = post_in_one_tick(server, [LIMA])
            until(lambda: mapped.located == before + LIMA.n, "events on the page")  # noqa: B023
            x, y = mapped.pixel(LIMA.lon, LIMA.lat)
            lit = []
            for age in (500, 650, 800):
                mapped.hold(tick + age)
                lit.append(mapped.picture())
            mapped.hold(tick + 60_000)
            dark = mapped.picture()
            rings[motion] = max(_ring(dark, picture, x, y) for picture in lit)
            context.close()
    assert rings["no-preference"] > 20, rings
    assert rings["reduce"] < 0.5 * rings["no-preference"], rings


def _ring(before: Pixels, after: Pixels, x: float, y: float) -> int:
    """How much lighter it is 12 to 60 pixels from a place, where it is lightest, in most directions."""
    rows, columns = np.mgrid[-60:61, -60:61]
    distance = np.hypot(rows, columns)
    part = np.s_[round(y) - 60 : round(y) + 61, round(x) - 60 : round(x) + 61]
    gained = (after[part].astype(int) - before[part]).max(axis=2)
    rings = [np.percentile(gained[(distance >= r) & (distance < r + 1)], 60) for r in range(12, 60)]
    return int(max(rings))

"""The page asks nobody but its own server, and the browser holds it to that."""

from __future__ import annotations

import httpx
from e2e.feed import lifelike
from e2e.mapped import MapPage, post, until
from playwright.sync_api import Browser, ViewportSize

from dynmap.testing import run_server

_INLINE = "document.head.append(Object.assign(document.createElement('script'), { text: 'window.ran = 1' }))"


def test_on_a_walk_through_all_that_there_is(browser: Browser) -> None:
    with run_server() as server:
        policy = httpx.get(server.url).headers["Content-Security-Policy"]
        assert "default-src 'self'" in policy
        assert "unsafe-eval" not in policy
        context = browser.new_context(viewport=ViewportSize(width=1000, height=640))
        mapped = MapPage(context, server.url).open()
        post(server, lifelike(200))
        until(lambda: mapped.located > 0, "events on the page")
        page = mapped.page
        for key in ("m", "m", "m", "g", "t", "g", "t", "a", "o", "o", "?", "Escape", "/"):
            page.keyboard.press(key)
            page.wait_for_timeout(150)
        page.get_by_role("combobox").wait_for()
        page.keyboard.type("Nairobi")
        page.get_by_role("option").first.wait_for()
        page.keyboard.press("Enter")
        mapped.settle()
        with page.expect_download():
            page.keyboard.press("p")
        mapped.look(8, 50, 8)
        assert mapped.foreign() == []
        assert len(mapped.requests) > 8, "what it asks for is noted"
        assert mapped.violations() == []
        assert mapped.complaints == []
        context.close()


def test_the_browser_stops_what_the_policy_forbids(browser: Browser) -> None:
    """Or the test above would see no violation because nobody looks."""
    with run_server() as server:
        context = browser.new_context(viewport=ViewportSize(width=480, height=320))
        mapped = MapPage(context, server.url).open("?projection=flat")
        mapped.page.evaluate(_INLINE)
        until(lambda: len(mapped.violations()) == 1, "a violation is noted")
        assert mapped.page.evaluate("window.ran") is None
        context.close()

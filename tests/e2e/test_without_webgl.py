"""A browser that offers no WebGL2: the page says so, and everything but the map is live."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import httpx
import pytest
from e2e.conftest import CHROMIUM, CHROMIUM_FLAGS
from playwright.sync_api import Page, sync_playwright

from dynmap.testing import run_server

Eventually = Callable[[Callable[[], bool], str], None]


@pytest.fixture
def page() -> Iterator[Page]:
    if not CHROMIUM.exists():
        pytest.skip("needs Debian's chromium")
    flags = [flag for flag in CHROMIUM_FLAGS if "angle" not in flag and "swiftshader" not in flag]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=[*flags, "--disable-gpu", "--disable-3d-apis"]
        )
        yield browser.new_page(viewport={"width": 1280, "height": 800})
        browser.close()


def test_it_is_said_and_the_counters_are_live(page: Page, eventually: Eventually) -> None:
    broken: list[str] = []
    page.on("pageerror", lambda error: broken.append(str(error)))

    def located() -> int:
        return int(page.evaluate("window.dynmap.state().located"))

    with run_server() as server:

        def post(number: int) -> None:
            events = '{"lat": 52.52, "lon": 13.40, "topic": "shop.order"}\n' * number
            kind = {"Content-Type": "application/x-ndjson"}
            answer = httpx.post(f"{server.url}/api/events", content=events, headers=kind, trust_env=False)
            assert answer.status_code == 202

        page.goto(server.url)
        page.get_by_role("heading", name="The map can't be drawn here").wait_for(timeout=90_000)
        assert page.evaluate("window.dynmap.map === null")
        post(3)
        eventually(lambda: located() == 3, "the first events are counted")
        page.get_by_text("shop").first.wait_for()
        post(1000)
        eventually(lambda: located() == 1003, "the total grows")
        page.get_by_text("1,003").first.wait_for()
        assert page.get_by_role("heading", name="The map can't be drawn here").is_visible()
    assert not broken

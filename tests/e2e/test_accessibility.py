"""axe-core finds nothing serious, whatever is open: dark and light, on a desk and on a phone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from e2e.feed import lifelike
from e2e.mapped import MapPage, post, until
from playwright.sync_api import Browser, ViewportSize

from dynmap.testing import Server, run_server

AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
SERIOUS = ("serious", "critical")
DESK, PHONE = ViewportSize(width=1280, height=800), ViewportSize(width=390, height=844)

_RUN = """async () => (await axe.run(document, { resultTypes: ["violations"] })).violations.map(
  ({ id, impact, help, nodes }) => ({ id, impact, help, where: nodes.map(({ html }) => html.slice(0, 160)) }))"""


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    if not AXE.exists():
        pytest.skip("needs the page's npm packages")
    with run_server() as running:
        post(running, lifelike(300))
        yield running


def _menu(mapped: MapPage) -> None:
    mapped.page.get_by_role("button", name="Share", exact=True).click()


def _topics(mapped: MapPage) -> None:
    mapped.page.get_by_role("tab", name="Topics").click()


OPENED: dict[str, Callable[[MapPage], None]] = {
    "plain": lambda mapped: None,
    "help": lambda mapped: mapped.page.keyboard.press("?"),
    "search": lambda mapped: mapped.page.keyboard.press("/"),
}


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_nothing_serious(browser: Browser, server: Server, theme: str, size: ViewportSize) -> None:
    context = browser.new_context(viewport=size, has_touch=size is PHONE, is_mobile=size is PHONE)
    mapped = MapPage(context, server.url).open(f"?theme={theme}")
    until(lambda: mapped.located > 0, "events on the page")
    mapped.page.evaluate(AXE.read_text(encoding="utf-8"))
    for opened, act in (OPENED | ({"topics": _topics} if size is PHONE else {"menu": _menu})).items():
        act(mapped)
        mapped.page.wait_for_timeout(400)
        found = [one for one in mapped.page.evaluate(_RUN) if one["impact"] in SERIOUS]
        assert not found, f"{opened}: {found}"
        mapped.page.keyboard.press("Escape")
    context.close()

"""What the map looks like, beside how it is to look.

Where it looks otherwise and that is as it should be, `RENEW_PICTURES=1` keeps what is seen.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from e2e.alike import check
from e2e.feed import lifelike
from e2e.mapped import MapPage, post_in_one_tick, until
from playwright.sync_api import Browser, ViewportSize

from dynmap.testing import Server, run_server

PICTURES = Path(__file__).parent / "pictures"
AFTER_MS = 1400
"""How long after the start of their tick the events are looked at."""

STILL = """
.status, .total .label, .total .rate, .spark, .speed, .ticker, .busiest small, .clock { visibility: hidden !important; }
"""
"""What tells times and rates, which are others in each run."""


@dataclass(frozen=True, slots=True)
class Scene:
    """A way to look at the map."""

    query: str
    size: tuple[int, int] = (1280, 800)
    touch: bool = False


SCENES = {
    "globe-dark": Scene("?projection=globe&theme=dark&center=12,28&zoom=1.9"),
    "flat-dark": Scene("?projection=flat&theme=dark&center=15,25&zoom=1.25"),
    "flat-light": Scene("?projection=flat&theme=light&center=15,25&zoom=1.25"),
    "heat-zoomed": Scene("?projection=flat&theme=dark&mode=heat&center=8,50&zoom=4.2"),
    "phone": Scene("?projection=globe&theme=dark&center=12,30&zoom=0.6", (390, 844), touch=True),
    "kiosk": Scene("?projection=globe&theme=dark&kiosk&follow=0&center=-75,20&zoom=1.9"),
}


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with run_server() as running:
        yield running


@pytest.mark.parametrize("name", SCENES)
def test_it_looks_as_it_should(browser: Browser, tmp_path: Path, name: str) -> None:
    scene = SCENES[name]
    width, height = scene.size
    context = browser.new_context(
        viewport=ViewportSize(width=width, height=height),
        has_touch=scene.touch,
        is_mobile=scene.touch,
        device_scale_factor=1,
        locale="en-GB",
        timezone_id="UTC",
    )
    with run_server() as server:
        mapped = MapPage(context, server.url).open(scene.query)
        tick = post_in_one_tick(server, lifelike())
        total = server.stats()["events"]["located"]
        until(lambda: mapped.located == total, "all of them counted")
        written = f"{total:,}"
        until(
            lambda: mapped.page.locator(".total .number").inner_text() == written, f"{written} on the panel"
        )
        mapped.page.add_style_tag(content=STILL)
        mapped.hold(tick + AFTER_MS)
        check(mapped.picture(), PICTURES / f"{name}.png", tmp_path)
    context.close()

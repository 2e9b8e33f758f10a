"""The page is small: all that comes until it shows the map, and a while after, base map and cities included."""

from __future__ import annotations

from playwright.sync_api import Browser

from benchmarks.map import transfer
from dynmap.testing import run_server


def test_the_page_stays_within_its_budget(browser: Browser) -> None:
    with run_server() as server:
        transferred = transfer.measure(browser, server.url)
    assert any("worker" in path for path in transferred), "what workers load is counted too"
    assert sum(transferred.values()) <= transfer.BUDGET, dict(transferred)

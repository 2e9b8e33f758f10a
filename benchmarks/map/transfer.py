"""Bytes that the page transfers from a real server: all of it, from nothing until five seconds after it is there."""

from __future__ import annotations

from collections import defaultdict

from playwright.sync_api import Browser
from rich.console import Console
from rich.table import Table

from benchmarks.map import line
from benchmarks.map.browser import chromium
from dynmap.testing import run_server

BUDGET = 1_200_000
SECONDS = 5.0
READY_SECONDS = 120.0

_KINDS = {
    ".js": "scripts",
    ".mjs": "scripts",
    ".css": "styles",
    ".woff2": "fonts",
    ".html": "page",
    ".svg": "page",
    "": "page",
}


def run(console: Console) -> dict[str, int]:
    """Loads the page and prints what came."""
    with console.status("loading the page"), run_server() as server, chromium() as browser:
        transferred = measure(browser, server.url)
    table = Table(title="Bytes of the page, as they came over the line")
    for heading in ("what", "kB", ""):
        table.add_column(heading, justify="right" if heading == "kB" else "left")
    kinds: dict[str, list[str]] = defaultdict(list)
    for path in transferred:
        kinds[_kind(path)].append(path)
    for kind, paths in sorted(kinds.items()):
        largest = ", ".join(sorted(paths, key=lambda path: -transferred[path])[:2])
        table.add_row(kind, f"{sum(transferred[path] for path in paths) / 1000:.0f}", f"[dim]{largest}")
    total = sum(transferred.values())
    verdict = f"budget {BUDGET / 1000:,.0f}{'' if total <= BUDGET else ': missed'}"
    table.add_row("all", f"{total / 1000:,.0f}", verdict, style="bold")
    console.print(table)
    return transferred


def measure(browser: Browser, url: str) -> dict[str, int]:
    """Bytes of the answers, headers included, by path; those to workers too."""
    with line.counted(url) as (there, transferred):
        context = browser.new_context(viewport={"width": 1280, "height": 800})
        try:
            page = context.new_page()
            page.goto(there)
            page.wait_for_selector("html[data-ready=true]", state="attached", timeout=READY_SECONDS * 1000)
            page.wait_for_timeout(SECONDS * 1000)
            return dict(transferred)
        finally:
            context.close()


def _kind(path: str) -> str:
    for folder, kind in (("/base/", "base map"), ("/api/", "events")):
        if path.startswith(folder):
            return kind
    name = path.rpartition("/")[2]
    return _KINDS.get(name[name.rfind(".") :] if "." in name else "", "other")

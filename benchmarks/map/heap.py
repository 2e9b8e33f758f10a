"""How much the page's memory grows over half an hour of steps, sent in a few minutes: its own heap and its workers'."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from playwright.sync_api import CDPSession, Page
from rich.console import Console
from rich.table import Table

from benchmarks.map.browser import chromium, serving
from benchmarks.map.bundle import BundleError
from benchmarks.map.replay import Replay

STATIC = Path(__file__).parents[2] / "src" / "dynmap" / "static"
STEPS = 7_200
"""Four a second for half an hour."""

PACE = 40.0
"""Steps a second."""

ROWS = 120
WARM_STEPS = 1_200
"""Until then what is kept for a while (16 s of points, a minute of rates) has filled up."""

MEASURED = 20
"""So many times after that."""

EAGER = "--enable-blink-features=ForceEagerMeasureMemory"


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes after a collection, at a step: the heap, its arrays' bytes, and all of the page with its workers."""

    step: int
    heap: int
    arrays: int
    page: int


def run(console: Console) -> list[Memory]:
    """Measures and prints the table."""
    if not (STATIC / "index.html").exists():
        raise BundleError("needs the built page: run `make setup`")
    replay = Replay(STEPS, ROWS, PACE)
    with (
        console.status("starting") as status,
        serving(STATIC, [replay.route()]) as url,
        chromium(EAGER) as browser,
    ):
        page = browser.new_page(viewport={"width": 640, "height": 400})
        page.goto(url)
        page.wait_for_selector("html[data-ready=true]", state="attached", timeout=120_000)
        cdp = page.context.new_cdp_session(page)
        found = []
        for step in np.linspace(WARM_STEPS, STEPS, MEASURED, dtype=int).tolist():
            status.update(f"step {step:,} of {STEPS:,}")
            _wait_for_step(page, replay, step)
            found.append(_memory(page, cdp, replay))
        located = page.evaluate("window.dynmap.state().located")
    console.print(_table(found))
    counted = "equals" if located == replay.located else f"is {located:,} and not"
    console.print(f"[dim]The page's total {counted} what was sent, {replay.located:,}.")
    return found


def _wait_for_step(page: Page, replay: Replay, step: int) -> None:
    while replay.sent < step:
        page.wait_for_timeout(100)
    # What was sent is also to have been counted.
    end = time.monotonic() + 30
    while not _is_at(page, replay, step) and time.monotonic() < end:
        page.wait_for_timeout(100)


def _is_at(page: Page, replay: Replay, step: int) -> bool:
    cursor = page.evaluate("window.dynmap.state().committedCursor")
    return int(cursor.rpartition(".")[2]) >= step


def _memory(page: Page, cdp: CDPSession, replay: Replay) -> Memory:
    cdp.send("HeapProfiler.collectGarbage")
    usage = cdp.send("Runtime.getHeapUsage")
    whole = page.evaluate("performance.measureUserAgentSpecificMemory().then(({ bytes }) => bytes)")
    return Memory(replay.sent, round(usage["usedSize"]), round(usage.get("backingStorageSize", 0)), whole)


def _table(found: list[Memory]) -> Table:
    table = Table(
        title=f"Memory of the page over {STEPS:,} steps of {ROWS} rows, half an hour of them, {PACE:g} a second",
        caption="MB, after a collection. Growth: by the least squares over all that was measured, for half an hour.",
        caption_justify="left",
    )
    for heading in ("", f"step {found[0].step:,}", f"step {found[-1].step:,}", "growth", "+-"):
        table.add_column(heading, justify="right" if heading else "left")
    for name, values in (
        ("heap of the main thread", [one.heap for one in found]),
        ("its arrays", [one.arrays for one in found]),
        ("page and workers", [one.page for one in found]),
    ):
        growth, error = _growth([one.step for one in found], values)
        table.add_row(name, *(f"{value / 1e6:.2f}" for value in (values[0], values[-1], growth, error)))
    return table


def _growth(steps: list[int], values: list[int]) -> tuple[float, float]:
    """Bytes over all steps by a straight line, and its standard error."""
    (slope, _), covariance = np.polyfit(steps, values, 1, cov=True)
    return float(slope) * STEPS, float(np.sqrt(covariance[0, 0])) * STEPS

"""Main-thread milliseconds of an update, by number of live points: our layer, MapLibre's GeoJSON source, deck.gl."""

from __future__ import annotations

import statistics
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser
from rich.console import Console
from rich.table import Table

from benchmarks.map import bundle
from benchmarks.map.browser import chromium, serving

POINTS = (1_000, 10_000, 100_000, 500_000)
OURS, MAP_ALONE = "ours", "nothing"
CONTENDERS = {
    OURS: "DynMap's live layer",
    "deck": "deck.gl ScatterplotLayer, binary",
    "updateData": "MapLibre updateData",
    "setData": "MapLibre setData",
    MAP_ALONE: "MapLibre, no points",
}
AIMS = {100_000: 0.1, 500_000: 0.3}
"""Ours by number of points, ms."""

ROUNDS = 2
UPDATES = 30
SECONDS = 8.0
"""So many updates a round, or as many as fit into that."""


@dataclass(frozen=True, slots=True)
class Spent:
    """ms of the main thread: in what is the contender's own, and with the map's own frames until the picture."""

    own: float
    whole: float


@dataclass(slots=True)
class Times:
    """All updates, by contender and number of points."""

    updates: dict[tuple[str, int], list[Spent]] = field(default_factory=dict)

    def own(self, name: str, points: int) -> float:
        """The median, ms."""
        return statistics.median(spent.own for spent in self.updates[name, points])

    def whole(self, name: str, points: int) -> float:
        """The median, ms."""
        return statistics.median(spent.whole for spent in self.updates[name, points])


def run(console: Console) -> Times:
    """Measures all, in turns, and prints the tables."""
    times = Times()
    with tempfile.TemporaryDirectory() as name, console.status("building the page") as status:
        folder = Path(name)
        bundle.build(folder)
        with serving(folder) as url, chromium() as browser:
            for turn in range(1, ROUNDS + 1):
                for points in POINTS:
                    for contender in CONTENDERS:
                        status.update(f"round {turn} of {ROUNDS}: {contender}, {points:,} points")
                        times.updates.setdefault((contender, points), []).extend(
                            _measure(browser, url, contender, points)
                        )
    console.print(_own(times))
    console.print(_whole(times))
    console.print(_aims(times))
    return times


def _measure(browser: Browser, url: str, contender: str, points: int) -> list[Spent]:
    """Updates on a page of their own."""
    page = browser.new_page(viewport={"width": 500, "height": 300})
    try:
        page.goto(url)
        page.wait_for_selector("html[data-ready=true]", state="attached")
        arguments = [contender, points, UPDATES, SECONDS * 1000]
        spent = page.evaluate("(given) => measure(...given)", arguments)
        return [Spent(**one) for one in spent]
    finally:
        page.close()


def _own(times: Times) -> Table:
    table = Table(
        title="Main-thread ms of an update with a step's new points: the contender's own part",
        caption="x: times ours. A step is a 64th of the points. Ours: draw, upload, heat, light and picture. deck.gl: columns,\n"
        "setProps, its layers' update and its picture. MapLibre: the call and the serialisation for its worker.",
        caption_justify="left",
    )
    _columns(table)
    for name in CONTENDERS:
        if name != MAP_ALONE:
            cells = []
            for points in POINTS:
                own = times.own(name, points)
                cells += [f"{own:.2f}", f"{own / times.own(OURS, points):.3g}"]
            table.add_row(CONTENDERS[name], *cells)
    return table


def _whole(times: Times) -> Table:
    table = Table(
        title="The same until the picture is there, with what the map does itself",
        caption="Animation frames and messages of workers. deck.gl has no map under it.",
        caption_justify="left",
    )
    _columns(table)
    for name in CONTENDERS:
        cells = []
        for points in POINTS:
            whole = times.whole(name, points)
            cells += [f"{whole:.2f}", f"{whole / times.whole(OURS, points):.3g}"]
        table.add_row(CONTENDERS[name], *cells)
    return table


def _columns(table: Table) -> None:
    table.add_column("", no_wrap=True)
    for points in POINTS:
        table.add_column(f"{points:,}", justify="right")
        table.add_column("x", justify="right")


def _aims(times: Times) -> Table:
    table = Table(title="Aims of the live layer")
    for heading in ("", *(f"{points:,}" for points in POINTS)):
        table.add_column(heading, justify="right" if heading else "left")
    rivals = [name for name in CONTENDERS if name not in (OURS, MAP_ALONE)]
    ahead, absolute = [], []
    for points in POINTS:
        own = times.own(OURS, points)
        best = min(rivals, key=lambda name: times.own(name, points))
        ahead.append("yes" if own < times.own(best, points) else f"missed: {best}")
        aim = AIMS.get(points)
        absolute.append("-" if aim is None else f"{own:.2f} of {aim:g}{'' if own <= aim else ' missed'}")
    table.add_row("ahead of all others", *ahead)
    table.add_row("ms", *absolute)
    return table

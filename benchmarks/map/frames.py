"""Main-thread milliseconds of an update, by number of live points: our layer, MapLibre's GeoJSON source, deck.gl."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Callable
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
    OURS: "DynMap",
    "deck": "deck.gl, binary",
    "updateData": "updateData",
    "setData": "setData",
    MAP_ALONE: "map alone",
}
AIMS = {100_000: 0.1, 500_000: 0.3}
"""Ours by number of points, ms."""

ROUNDS = 2
UPDATES = 30
SECONDS = 8.0
"""So many updates a round, or as many as fit into that."""


@dataclass(frozen=True, slots=True)
class Spent:
    """ms of the main thread: in what is the contender's own; with the map's own frames until the picture; in a
    picture of the contender's in which nothing is new."""

    own: float
    whole: float
    picture: float


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

    def picture(self, points: int) -> float:
        """The median of our pictures with nothing new, ms."""
        return statistics.median(spent.picture for spent in self.updates[OURS, points])


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
    table = _table("Main-thread ms of an update with a step's new points: the contender's own")
    table.caption = (
        "x: times ours. A step is a 64th of the points. DynMap: draw, upload, heat,\n"
        "light, picture. deck.gl: columns, setProps, ScatterplotLayer's update, picture.\n"
        "MapLibre's GeoJSON source: the call, serialisation for its worker, and taking\n"
        "in what comes back, without the picture."
    )
    for name in CONTENDERS:  # noqa: PLC0206 (not all have a row)
        if name != MAP_ALONE:
            table.add_row(CONTENDERS[name], *_beside_ours(times.own, name))
    pictures = [f"{times.picture(points):.2f}" for points in POINTS]
    table.add_row(" nothing new", *pictures, style="dim")
    return table


def _whole(times: Times) -> Table:
    table = _table("The same until the picture is there, with the map's own work")
    table.caption = "Animation frames and messages of workers. deck.gl has no map under it."
    for name, title in CONTENDERS.items():
        table.add_row(title, *_beside_ours(times.whole, name))
    return table


def _table(title: str) -> Table:
    table = Table(title=title, caption_justify="left")
    table.add_column("", no_wrap=True)
    for points in POINTS:
        table.add_column(f"{points:,}", justify="right", no_wrap=True)
    return table


def _beside_ours(median: Callable[[str, int], float], name: str) -> list[str]:
    cells = []
    for points in POINTS:
        spent, ours = median(name, points), median(OURS, points)
        cells.append(_short(spent) if name == OURS else f"{_short(spent)} {_short(spent / ours):>4}x")
    return cells


def _short(number: float) -> str:
    return f"{number:.2f}" if number < 10 else f"{number:.0f}"


def _aims(times: Times) -> Table:
    table = _table("Aims of the live layer")
    rivals = [name for name in CONTENDERS if name not in (OURS, MAP_ALONE)]
    ahead, absolute = [], []
    for points in POINTS:
        best = min(rivals, key=lambda name: times.own(name, points))
        ahead.append("yes" if times.own(OURS, points) < times.own(best, points) else f"no: {best}")
        aim, update = AIMS.get(points), times.own(OURS, points) - times.picture(points)
        absolute.append("-" if aim is None else f"{update:.2f} of {aim:g}{'' if update <= aim else ' (no)'}")
    table.add_row("ahead of all", *ahead)
    table.add_row("over nothing new", *absolute)
    return table

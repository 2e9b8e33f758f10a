"""Bytes a second that a viewer of the whole world downloads, by events a second: flat once the frames are full."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.fanout import feed, ours
from benchmarks.fanout.load import load

RATES = (1_000, 10_000, 100_000, 1_000_000)
PLACES = 300_000
"""Events in a row are all at places of their own."""

VIEWERS = 20
SECONDS = 6.0


@dataclass(frozen=True, slots=True)
class Flow:
    """Events located a second, as the server counted them, and kilobytes a second to a viewer; CPU ms of a step."""

    rate: float
    kilobytes: float
    step_ms: float


def run(console: Console, programs: Path) -> list[Flow]:
    """Measures every rate and prints the table."""
    with console.status("making events") as status:
        events = feed.lines(feed.places(0, PLACES))
        flows = []
        for rate in RATES:
            status.update(f"{rate:,} events a second")
            flows.append(_flow(programs / "load", events, rate))
    table = Table(title=f"A viewer's download, events at {PLACES:,} places")
    for heading in ("events a second", "measured", "KB a second", "CPU of a tick, ms"):
        table.add_column(heading, justify="right")
    for rate, flow in zip(RATES, flows, strict=True):
        table.add_row(f"{rate:,}", f"{flow.rate:,.0f}", f"{flow.kilobytes:.0f}", f"{flow.step_ms:.1f}")
    console.print(table)
    return flows


def _flow(program: Path, events: list[bytes], rate: int) -> Flow:
    with ours.dynmap() as server, feed.flowing(server.tcp_port, events, rate):
        time.sleep(1)
        before, start = server.stats()["events"]["located"], time.monotonic()
        result = load(program, ours.target_of(server), VIEWERS, seconds=SECONDS)
        located = (server.stats()["events"]["located"] - before) / (time.monotonic() - start)
    kilobytes = result.bytes / result.viewers / result.seconds / 1000
    return Flow(located, kilobytes, result.cpu / result.seconds / 4 * 1000)

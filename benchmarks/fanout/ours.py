"""A real `dynmap serve` whose serving process has a core for itself."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Sequence

import psutil

from benchmarks import measure
from benchmarks.fanout import cores, feed
from benchmarks.fanout.load import Target
from dynmap.testing import Server, run_server

Tile = tuple[int, int, int]

ROWS = 200
"""Rows of a frame of about 2 KB."""

QUARTERS: list[Tile] = [(1, x, y) for y in range(2) for x in range(2)]


def wish(topics: Sequence[str] = (">",), tiles: Sequence[Tile] | None = None) -> str:
    """A subscription to topic patterns, of the whole world or some tiles."""
    message: dict[str, object] = {"type": "subscribe", "id": 0, "topics": list(topics)}
    return json.dumps(message if tiles is None else message | {"tiles": [list(tile) for tile in tiles]})


EVERYTHING = wish()


def serving_pid(server: Server) -> int:
    """Of the serving process: the one of the two children that viewers are connected to."""
    [pid] = [child.pid for child in psutil.Process(server.pid).children() if "_serve" in child.cmdline()]
    return pid


def target_of(server: Server, wishes: Sequence[str] = (EVERYTHING,)) -> Target:
    """What the load client needs to know of a server."""
    port = int(server.url.rpartition(":")[2])
    return Target(port, [serving_pid(server)], wishes, "/api/live", stamp="tick")


@contextlib.contextmanager
def dynmap() -> Iterator[Server]:
    """A server that takes lines of JSON over TCP."""
    with run_server("--tcp", "127.0.0.1:0,name=bench,format=json") as server:
        serving = serving_pid(server)
        for process in measure.tree(server.pid):
            cores.move(process.pid, cores.SERVER if process.pid == serving else cores.OTHERS)
        yield server


@contextlib.contextmanager
def one_room(_hz: float) -> Iterator[Target]:
    """Every viewer watches everything: a frame of about 2 KB a tick."""
    with dynmap() as server, feed.feeding(server.tcp_port, feed.lines(feed.places(0, ROWS))):
        yield target_of(server)


@contextlib.contextmanager
def four_rooms(_hz: float) -> Iterator[Target]:
    """Every viewer watches the four quarters of the world: four frames of about 2 KB a tick."""
    with dynmap() as server, feed.feeding(server.tcp_port, feed.lines(feed.places(1, ROWS))):
        yield target_of(server, [wish(tiles=QUARTERS)])

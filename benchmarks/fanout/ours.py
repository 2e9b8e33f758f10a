"""A real `dynmap serve` whose serving process has a core for itself."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Sequence

import psutil

from benchmarks import measure
from benchmarks.fanout import cores
from benchmarks.fanout.feed import feeding
from benchmarks.fanout.load import Target
from dynmap.testing import Server, run_server

PATH = "/api/live"


def wish(topics: Sequence[str] = (">",), tiles: Sequence[tuple[int, int, int]] | None = None) -> str:
    """A subscription to topic patterns, of the whole world or some tiles."""
    message: dict[str, object] = {"type": "subscribe", "id": 0, "topics": list(topics)}
    return json.dumps(message if tiles is None else message | {"tiles": [list(tile) for tile in tiles]})


def serving_pid(server: Server) -> int:
    """Of the serving process: the one of the two children that viewers are connected to."""
    [pid] = [
        child.pid for child in psutil.Process(server.pid).children() if "_serve" in child.cmdline()
    ]
    return pid


@contextlib.contextmanager
def dynmap(events: Sequence[bytes] = (), wishes: Sequence[str] = (wish(),)) -> Iterator[tuple[Server, Target]]:
    """A server that is fed these lines in each tick, and what the load client needs to know of it."""
    with run_server("--tcp", "127.0.0.1:0,name=bench,format=json") as server, contextlib.ExitStack() as stack:
        pid = serving_pid(server)
        cores.move(pid, cores.SERVER)
        for process in measure.tree(server.pid):
            if process.pid != pid:
                cores.move(process.pid, cores.OTHERS)
        if events:
            stack.enter_context(feeding(server.tcp_port, events))
        port = int(server.url.rpartition(":")[2])
        yield server, Target(port, (pid,), tuple(wishes), PATH, stamp="tick")

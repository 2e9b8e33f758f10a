"""Events for a DynMap whose viewers are what is measured: few, at places of their own, always in the middle of a tick."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from collections.abc import Iterator, Sequence

import numpy as np

from dynmap import grid
from dynmap.frame import TICK_MS

INTO_TICK_MS = 60
"""When in a tick its events are sent: none is near an edge, so that each tick has all of its own, and no other."""


def places(zoom: int, in_each_tile: int, seed: int = 5) -> list[tuple[float, float]]:
    """Latitudes and longitudes, so many in each tile of a zoom, spread evenly over it."""
    rng = np.random.default_rng(seed)
    side = 1 << zoom
    tiles = np.repeat(np.arange(side * side), in_each_tile)
    fraction = rng.random((2, len(tiles)))
    x = ((tiles % side + fraction[0]) / side * grid.WORLD).astype(np.uint32)
    y = ((tiles // side + fraction[1]) / side * grid.WORLD).astype(np.uint32)
    lon, lat = grid.lonlats(x, y)
    return list(zip(lat.tolist(), lon.tolist(), strict=True))


def lines(where: Sequence[tuple[float, float]], topics: Sequence[str] = ("bench",)) -> list[bytes]:
    """JSON lines, an event a place; topics are given out in turn."""
    return [
        json.dumps({"lat": round(lat, 5), "lon": round(lon, 5), "topic": topics[i % len(topics)]}).encode()
        + b"\n"
        for i, (lat, lon) in enumerate(where)
    ]


@contextlib.contextmanager
def feeding(port: int, events: Sequence[bytes]) -> Iterator[None]:
    """Sends all these lines in every tick."""
    over = threading.Event()
    thread = threading.Thread(target=_feed, args=(port, b"".join(events), over))
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _feed(port: int, burst: bytes, over: threading.Event) -> None:
    with socket.create_connection(("127.0.0.1", port)) as connection:
        while True:
            now = time.time() * 1000
            if over.wait((TICK_MS - (now - INTO_TICK_MS) % TICK_MS) / 1000):
                return
            connection.sendall(burst)

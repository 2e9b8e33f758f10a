"""Events for a DynMap whose viewers are what is measured, as lines of JSON over TCP."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from collections.abc import Iterator, Sequence

import numpy as np

from benchmarks.fanout import cores
from dynmap import grid
from dynmap.frame import TICK_MS

INTO_TICK_MS = 60
"""When in a tick its events are sent: away from its edges, so that each tick has all of its own."""

BURST_S = 0.01


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
    """Sends all these lines in every tick, at once and in its middle."""
    with _sending(port, _in_each_tick(b"".join(events))):
        yield


@contextlib.contextmanager
def flowing(port: int, events: Sequence[bytes], rate: int) -> Iterator[None]:
    """Sends these lines round and round, so many a second, evenly."""
    with _sending(port, _evenly(events, rate)):
        yield


Burst = tuple[float, bytes]
"""Seconds to wait, and what to send then."""


def _in_each_tick(lines: bytes) -> Iterator[Burst]:
    while True:
        now = time.time() * 1000
        yield (TICK_MS - (now - INTO_TICK_MS) % TICK_MS) / 1000, lines


def _evenly(events: Sequence[bytes], rate: int) -> Iterator[Burst]:
    size, start, sent = max(1, round(rate * BURST_S)), time.monotonic(), 0
    while True:
        at = sent % (len(events) - size)
        yield max(0.0, start + sent / rate - time.monotonic()), b"".join(events[at : at + size])
        sent += size


@contextlib.contextmanager
def _sending(port: int, bursts: Iterator[Burst]) -> Iterator[None]:
    over = threading.Event()

    def send() -> None:
        cores.go_first()
        with socket.create_connection(("127.0.0.1", port)) as connection:
            for seconds, lines in bursts:
                if over.wait(seconds):
                    return
                connection.sendall(lines)

    thread = threading.Thread(target=send)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()

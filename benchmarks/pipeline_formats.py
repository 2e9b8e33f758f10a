"""Nanoseconds a line in `Pipeline.take_in`, by format and by stage, without sockets and messages.

python -m benchmarks.pipeline_formats [lines]
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import numpy as np

from benchmarks import data
from dynmap.config import SourceSettings
from dynmap.geo.table import LocationTable, open_default
from dynmap.pipeline.decode import Lines
from dynmap.pipeline.events import Block
from dynmap.pipeline.pipeline import LiveTopics, Pipeline, warm

CASES = {
    "ip": {"format": "ip"},
    "combined": {"format": "combined", "topic": "web.{status}", "time": "event"},
    "json": {"format": "json", "time": "event"},
}
CHUNK = 1 << 20
REPEATS = 7


def best(work: Callable[[], None]) -> float:
    """The least CPU-seconds of several runs: what the machine's other users took is in the rest."""
    taken = []
    for _ in range(REPEATS):
        start = time.thread_time()
        work()
        taken.append(time.thread_time() - start)
    return min(taken)


def chunks(lines: bytes) -> list[np.ndarray[tuple[int], np.dtype[np.uint8]]]:
    """Whole lines of about 1 MiB each, as a source hands them on."""
    out, at = [], 0
    while at < len(lines):
        end = lines.rfind(b"\n", at, at + CHUNK) + 1
        out.append(np.frombuffer(lines[at:end], np.uint8))
        at = end
    return out


def measure(name: str, table: LocationTable, count: int) -> None:
    """Print the cost a line of one format."""
    settings = SourceSettings.model_validate({"kind": "stdin", "name": "web", **CASES[name]})
    pipeline = Pipeline(settings, table, LiveTopics())
    now, parts = int(time.time() * 1000), chunks(data.FORMATS[name](table, count))
    decoder = pipeline.decoder()

    def whole() -> None:
        for part in parts:
            pipeline.take_in(part, now, decoder)
            pipeline.flush()

    def decode() -> None:
        for part in parts:
            lines = Lines(part)
            at = lines.base
            while at < lines.limit:
                at = decoder.fill(lines, at, block, pipeline._slots.keys.at).next

    block = Block()
    whole()
    costs = [best(work) / count * 1e9 for work in (whole, decode)]
    line = np.frombuffer(parts[0][: int(np.flatnonzero(parts[0] == 10)[0]) + 1].tobytes(), np.uint8)

    def one() -> None:
        pipeline.take_in(line, now, decoder)
        pipeline.flush()

    single = min(best(one) for _ in range(100)) * 1e6
    print(
        f"{name:10} {costs[0]:6.0f} ns a line, of it {costs[1]:5.0f} decode; {1e3 / costs[0]:5.1f} M/s; "
        f"one line: {single:.0f} us"
    )


if __name__ == "__main__":
    table = open_default()
    warm(table)
    for name in CASES:
        measure(name, table, int(sys.argv[1]) if len(sys.argv) > 1 else 400_000)

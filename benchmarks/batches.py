"""Microseconds for one small batch through the pipeline: decode, locate, roll up and flush."""

from __future__ import annotations

import time

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks import data
from dynmap.config import SourceSettings
from dynmap.geo.table import LocationTable
from dynmap.pipeline.pipeline import LiveTopics, Pipeline

SIZES = (1, 100, 1000)


def microseconds(pipeline: Pipeline, lines: bytes) -> float:
    """The median of many runs over the same lines."""
    batch, decoder = np.frombuffer(lines, np.uint8), pipeline.decoder()
    spent = []
    for _ in range(300):
        before = time.perf_counter_ns()
        pipeline.take_in(batch, 1_700_000_000_000, decoder)
        pipeline.flush()
        spent.append(time.perf_counter_ns() - before)
    return float(np.median(spent)) / 1000


def run(console: Console, table: LocationTable) -> None:
    """Measures every format at every size and prints the table."""
    out = Table(title="Microseconds a batch")
    out.add_column("format")
    for size in SIZES:
        out.add_column(f"{size:,} lines", justify="right")
    for name, make in data.FORMATS.items():
        lines = make(table, max(SIZES)).splitlines(keepends=True)
        settings = SourceSettings(kind="http", name="bench", format=name)  # type: ignore[arg-type]
        pipeline = Pipeline(settings, table, LiveTopics())
        out.add_row(name, *(f"{microseconds(pipeline, b''.join(lines[:size])):.0f}" for size in SIZES))
    console.print(out)

"""Compiling all kernels ahead of time, by using each once as it will be used."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from dynmap.geo.table import LocationTable

Progress = Callable[[int, int, str], None]
"""Called with how many steps are done, how many there are, and what comes next."""

_ADDRESSES = b"203.0.113.7\n2001:db8::7 web 1700000000 2\n"


def _quiet(done: int, total: int, what: str) -> None:
    pass


def warm(table: LocationTable, progress: Progress = _quiet) -> None:
    """Compile every kernel, or load it from the cache, with the very types used later; a few seconds the first time.

    `progress(done, total, what)` is called before each step and once at the end with done = total.
    """
    from dynmap.config import SourceSettings
    from dynmap.pipeline.formats import FORMATS
    from dynmap.pipeline.live import LiveTopics
    from dynmap.pipeline.pipeline import Pipeline
    from dynmap.pipeline.rollup import Counter

    def take(name: str, lines: bytes, topic: str | None = None) -> None:
        source = SourceSettings.model_validate(
            {"kind": "stdin", "name": "warm", "format": name, "topic": topic}
        )
        pipeline = Pipeline(source, table, LiveTopics())
        pipeline.take_in(np.frombuffer(lines, np.uint8), 1_700_000_000_000, pipeline.decoder())
        pipeline.flush()

    def samples(name: str) -> bytes:
        return b"".join(sample.line + b"\n" for sample in FORMATS[name].samples)

    steps: tuple[tuple[str, Callable[[], None]], ...] = (
        ("addresses", lambda: take("ip", _ADDRESSES + samples("ip"))),
        ("access logs", lambda: take("combined", samples("combined"), "web.{status}")),
        ("JSON", lambda: take("json", samples("json"))),
        ("patterns", lambda: take("auto", b"?\n")),
        ("counting", lambda: Counter().reserve(1 << 16)),
    )
    for done, (what, step) in enumerate(steps):
        progress(done, len(steps), what)
        step()
    progress(len(steps), len(steps), "ready")

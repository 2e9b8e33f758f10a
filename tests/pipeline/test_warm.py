"""Kernels are compiled ahead, once each, and one line costs little."""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from dynmap.pipeline.pipeline import Pipeline, warm

NOW = 1_800_000_000_000
MODULES = "address combined ip json rollup time topic".split()


def kernels() -> Iterator[tuple[str, int]]:
    """Names of the kernels that Python calls, and for how many combinations of types each is compiled."""
    for name in MODULES:
        module = importlib.import_module(f"dynmap.pipeline.kernels_{name}")
        for attribute, value in vars(module).items():
            if hasattr(value, "signatures") and value.py_func.__module__ == module.__name__:
                yield f"{name}.{attribute}", len(value.signatures)


def test_progress_is_told_and_everything_is_compiled_once(make: Callable[..., Pipeline], table: Any) -> None:
    told: list[tuple[int, int, str]] = []
    warm(table, lambda done, total, what: told.append((done, total, what)))
    assert [done for done, _, _ in told] == list(range(len(told)))
    assert told[-1][0] == told[-1][1]
    compiled = dict(kernels())
    assert set(compiled.values()) <= {0, 1}
    lines = (
        b'1.2.3.4\n::1\n{"lat":1,"lon":2}\n8.8.8.8 - - [17/May/2015:10:05:03 +0000] "GET / HTTP/1.1" 200 1\n'
    )
    for form, topic in (("ip", None), ("combined", "a.{path}"), ("json", "a.{b}"), ("auto", None)):
        pipeline = make(format=form, topic=topic, time="event")
        readonly = np.frombuffer(lines * 3000, np.uint8)
        pipeline.take_in(readonly.copy(), NOW, pipeline.decoder())
        pipeline.take_in(readonly, NOW, pipeline.decoder())
        pipeline.flush()
    assert dict(kernels()) == compiled, "something was compiled later"


def test_one_line_costs_well_under_a_millisecond(make: Callable[..., Pipeline]) -> None:
    pipeline, line = make(format="ip"), np.frombuffer(b"1.2.3.4\n", np.uint8)
    decoder, costs = pipeline.decoder(), []
    for _ in range(200):
        start = time.thread_time()
        pipeline.take_in(line, NOW, decoder)
        pipeline.flush()
        costs.append(time.thread_time() - start)
    assert min(costs) < 0.0005

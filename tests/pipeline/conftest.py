"""A small location table, and pipelines over it."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import settings

from dynmap.config import SourceSettings
from dynmap.pipeline.pipeline import LineError, LiveTopics, Pipeline, Rollup, Taken

# The cores are shared, and a first call may have to load a kernel: a deadline a call would say nothing.
settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")

NOW = 1_800_000_000_000
"""Arrival in tests, a whole second."""


class SmallTable(SimpleNamespace):
    """The arrays of a location table in which 1.0.0.0/8 to 223.0.0.0/8 and all of 2000::/3 have places.

    A /8 is a place, but those of 10, 127 and 192 are nowhere, and 8.0.0.0/24 has two. Lines of latitude and longitude
    are at multiples of a whole place, so that every place is in a cell of its own down to 8 bits.
    """

    __hash__ = object.__hash__  # type: ignore[assignment]


def small_table() -> SmallTable:
    """A new small table."""
    places = np.arange(257, dtype=np.uint32)
    nowhere = {0, 10, 127, 192, *range(224, 256)}
    by_first = np.array([0 if first in nowhere else first for first in range(256)], np.int32)
    t24 = np.repeat(by_first, 1 << 16)
    starts4 = np.array([0, 8 << 24, (8 << 24) + 128], np.uint32)
    t24[8 << 16] = ~1
    return SmallTable(
        t24=t24,
        starts4=starts4,
        places4=np.array([0, 8, 9], np.int32),
        starts6=np.array([0, 0x2000 << 48, 0x4000 << 48], np.uint64),
        places6=np.array([0, 256, 0], np.int32),
        place_x=(places << np.uint32(23)) | np.uint32(128),
        place_y=(places << np.uint32(23)) | np.uint32(128),
    )


@pytest.fixture(scope="session")
def table() -> Any:
    """A small table for the whole session."""
    return small_table()


Run = Callable[..., tuple[Taken, Rollup | None, list[LineError]]]


@pytest.fixture(scope="session")
def make(table: Any) -> Callable[..., Pipeline]:
    """A function that makes a pipeline from settings of a source."""

    def made(topics: LiveTopics | None = None, **given: object) -> Pipeline:
        source = SourceSettings.model_validate({"kind": "stdin", "name": "web", **given})
        return Pipeline(source, table, topics or LiveTopics())

    return made


@pytest.fixture(scope="session")
def run(make: Callable[..., Pipeline]) -> Run:
    """A function that takes lines in and flushes: (taken, rollup, errors)."""

    def ran(lines: bytes, **given: object) -> tuple[Taken, Rollup | None, list[LineError]]:
        pipeline, errors = make(**given), list[LineError]()
        taken = pipeline.take_in(np.frombuffer(lines, np.uint8), NOW, pipeline.decoder(), errors)
        return taken, pipeline.flush(), errors

    return ran

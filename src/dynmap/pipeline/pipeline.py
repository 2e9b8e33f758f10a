"""The pipeline of one source: whole lines in, counts by tick, topic and cell out.

    pipeline = Pipeline(source, table, topics)       one per source
    decoder = pipeline.decoder()                     one per connection or file
    taken = pipeline.take_in(lines, arrival, decoder)
    rollup = pipeline.flush()                        everything since the last flush

One thread at a time may use a pipeline; different pipelines may run in different threads (kernels release the GIL).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from dynmap.config import SourceSettings
from dynmap.geo.table import LocationTable
from dynmap.pipeline.live import LiveTopics
from dynmap.pipeline.rollup import Rollup

__all__ = ["LineError", "LiveTopics", "Pipeline", "Rollup", "Taken", "warm"]

MAX_LINE: Final = 64 * 1024
"""Bytes of a line, without its end; a longer one is one rejected event."""

MAX_ERRORS: Final = 100
"""Errors kept for one answer to a POST."""

U8 = npt.NDArray[np.uint8]


class LineError(NamedTuple):
    """Why a line was rejected: its number, from 0 in the lines given, and the reason (never the line itself)."""

    line: int
    reason: str


class Taken(NamedTuple):
    """Weights of what a call took in: received = located + unlocated + rejected."""

    received: int
    located: int
    unlocated: int
    rejected: int


class Decoder:
    """What is known about the lines of one connection or file: their format, and how many came."""

    @property
    def format(self) -> str | None:
        """The format that is used now; None as long as it has not been recognised."""
        raise NotImplementedError


class Pipeline:
    """Decode, locate and roll up the lines of one source.

    Raises SettingsError when the source's topic, template or pattern can't be used.
    """

    def __init__(self, source: SourceSettings, table: LocationTable, topics: LiveTopics) -> None:
        raise NotImplementedError

    def decoder(self) -> Decoder:
        """A new decoder, for one connection or file."""
        raise NotImplementedError

    def take_in(
        self, lines: U8, arrival: int, decoder: Decoder, errors: list[LineError] | None = None
    ) -> Taken:
        r"""Take in whole lines.

        lines    uint8[n]: any number of lines, each ended by \n or \r\n
        arrival  when the batch was opened, ms since 1970
        errors   gets the rejected lines, at most 100

        Never raises because of what a line holds. When `full` is true afterwards, call `flush` before the next call.
        """
        raise NotImplementedError

    def reject(self, reason: str, sample: bytes, arrival: int) -> None:
        """Count one line that could not even be handed over, such as one over 64 KiB; `sample` is how it began."""
        raise NotImplementedError

    @property
    def full(self) -> bool:
        """Whether it is time to flush, whatever the clock says: many rows, ticks or topics have come together."""
        raise NotImplementedError

    def flush(self) -> Rollup | None:
        """Everything since the last flush, or None when nothing came."""
        raise NotImplementedError


def warm(progress: Callable[[int, int, str], None] = lambda done, total, what: None) -> None:
    """Compile every kernel, or load it from the cache, with the very types used later; a few seconds the first time.

    `progress(done, total, what)` is called before each and once at the end with done = total.
    """
    raise NotImplementedError

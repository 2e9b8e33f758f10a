"""Decoding: which format the lines of a connection or file have, and blocks of rows from them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import numpy.typing as npt

from dynmap.pipeline import events
from dynmap.pipeline.events import GOOD, LIBRARY, NO_KEYS, ROWS, Block, Filled, KeysAt
from dynmap.pipeline.formats import DETECTED, Format, RejectedLineError
from dynmap.pipeline.kernels_ip import decode_lines
from dynmap.pipeline.memory import address_of

U8 = npt.NDArray[np.uint8]

FIRST_LINES: Final = 64
"""Lines that a format is recognised from; each further try without success looks at four times as many."""

DOUBT_AFTER: Final = 1000
"""RejectedLineError lines in a row after which the format is recognised anew."""


class Lines:
    """A buffer of whole lines and where it is in memory; kernels get addresses, Python gets bytes."""

    def __init__(self, data: U8) -> None:
        self._data = data = np.ascontiguousarray(data, np.uint8)
        self._view = data.data
        self.base = address_of(data)
        self.limit = self.base + len(data)

    def line(self, block: Block, row: int) -> bytes:
        """The text of a row's line, without its end."""
        start = int(block.start[row]) - self.base
        return bytes(self._view[start : start + int(block.length[row])])

    def newlines(self, start: int, end: int) -> int:
        """How many lines end between two addresses."""
        return int(np.count_nonzero(self._data[start - self.base : end - self.base] == 10))


def recognise(lines: Lines, at: int, rows: int, candidates: Mapping[str, Format]) -> Format | None:
    """The format that explains most of the next `rows` lines, or None when none explains any."""
    best, most = None, 0
    for known in DETECTED:
        candidate = candidates[known.name]
        block = Block(rows)
        filled = candidate.fill(at, lines.limit, block.at, NO_KEYS)
        explained = filled.rows - filled.special + _read_by_library(lines, block, filled, candidate)
        if explained > most:
            best, most = candidate, explained
    return best


def _read_by_library(lines: Lines, block: Block, filled: Filled, candidate: Format) -> int:
    """How many of the lines that the kernel passed on the library takes."""
    read = 0
    for row in np.flatnonzero(block.state[: filled.rows] == LIBRARY).tolist() if candidate.read else ():
        try:
            candidate.read(lines.line(block, row))  # type: ignore[misc]
            read += 1
        except RejectedLineError:
            pass
    return read


class Decoder:
    """What is known about the lines of one connection or file: their format, and how many came."""

    def __init__(self, formats: Mapping[str, Format], fixed: str | None) -> None:
        self._formats = formats
        self._fixed = fixed is not None
        self._format = formats[fixed] if fixed is not None else None
        self._rejected = 0
        self._sample = FIRST_LINES
        self.lines = 0
        """How many lines came so far, blank ones not counted."""

    @property
    def format(self) -> str | None:
        """The name of the format that is used now; None as long as it has not been recognised."""
        return self._format.name if self._format else None

    @property
    def how(self) -> Format | None:
        """The format that is used now."""
        return self._format

    def fill(self, lines: Lines, at: int, block: Block, keys: KeysAt) -> Filled:
        """Fill a block with the lines from `at` on. Without a known format they are rejected, a sample at a time."""
        if self._format is None:
            self._format = recognise(lines, at, self._sample, self._formats)
            if self._format is None:
                filled = decode_lines(at, lines.limit, block.at._replace(room=self._sample), keys)
                state = block.state[: filled.rows]
                state[state == LIBRARY] = events.NOT_RECOGNISED
                self._sample = min(4 * self._sample, ROWS)
                return Filled(*filled)
            self._sample = FIRST_LINES
        return Filled(*self._format.fill(at, lines.limit, block.at, keys))

    def taken(self, block: Block, filled: Filled) -> None:
        """Note how a block turned out, once all its rows are good or rejected."""
        self.lines += filled.rows
        if self._fixed or self._format is None:
            return
        if not filled.special:
            self._rejected = 0
            return
        good = np.flatnonzero(block.state[: filled.rows] == GOOD)
        self._rejected = filled.rows - 1 - int(good[-1]) if len(good) else self._rejected + filled.rows
        if self._rejected >= DOUBT_AFTER:
            self._format, self._rejected = None, 0

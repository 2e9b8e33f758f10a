"""Ranges of addresses with a value each: split, marked, merged. No I/O."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dynmap.geo.blocks import Block
from dynmap.geo.mmdb import U64

I64 = npt.NDArray[np.int64]
F64 = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Ranges:
    """A space of `end` addresses cut into ranges, each up to the start of the next.

    `starts` is uint64[n], ascending, from 0; `values` is int64[n].
    """

    starts: U64
    values: I64
    end: int

    def sizes(self) -> F64:
        """How many addresses each range holds (float64[n]: exact up to 2**53, near enough beyond)."""
        last = float(self.end - int(self.starts[-1]))
        return np.append(np.diff(self.starts).astype(np.float64), last)

    def merged(self) -> Ranges:
        """The same with neighbours of one value put together."""
        first = np.ones(len(self.starts), bool)
        first[1:] = self.values[1:] != self.values[:-1]
        return Ranges(self.starts[first], self.values[first], self.end)

    def split(self, blocks: Sequence[Block]) -> Ranges:
        """The same with a range starting at the start and after the end of each block."""
        edges = {edge for first, last in blocks for edge in (first, last + 1) if edge < self.end}
        new = np.array(sorted(edges), np.uint64)
        at = np.searchsorted(self.starts, new, "right")
        missing = self.starts[at - 1] != new
        new, at = new[missing], at[missing]
        return Ranges(
            np.insert(self.starts, at, new), np.insert(self.values, at, self.values[at - 1]), self.end
        )

    def within(self, blocks: Sequence[Block]) -> Mask:
        """Which ranges lie in one of the blocks (bool[n]). The ranges must have been split at the blocks."""
        inside = np.zeros(len(self.starts), bool)
        for first, last in blocks:
            low, high = np.searchsorted(self.starts, np.array([first, last], np.uint64), "left")
            inside[low : high + (high < len(self.starts) and int(self.starts[high]) == last)] = True
        return inside

    def put(self, blocks: Sequence[Block], value: int) -> Ranges:
        """The same with `value` for the addresses of the blocks."""
        parts = self.split(blocks)
        return Ranges(parts.starts, np.where(parts.within(blocks), value, parts.values), self.end)

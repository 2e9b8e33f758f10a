"""Places as columns, each once, and their names. No I/O."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dynmap import grid
from dynmap.geo.mmdb import U32
from dynmap.geo.ranges import I64, Mask

Name = tuple[str, str, str]
"""City, region, ISO country code; "" where unknown."""

NOWHERE: Name = ("", "", "")


@dataclass(frozen=True, slots=True)
class Places:
    """Distinct places; 0 is nowhere. `x`, `y` are cells (uint32[n]), `name` numbers of names (uint32[n])."""

    x: U32
    y: U32
    name: U32

    def __len__(self) -> int:
        return len(self.x)

    def coarsened(self, which: Mask) -> Places:
        """The same with some places put in the large cells of places that are only roughly known."""
        x = np.where(which, grid.coarsen(self.x, grid.COARSE_BITS), self.x)
        y = np.where(which, grid.coarsen(self.y, grid.COARSE_BITS), self.y)
        return Places(x.astype(np.uint32), y.astype(np.uint32), self.name)

    def take(self, indices: I64) -> Places:
        """Some of the places, in the given order."""
        return Places(self.x[indices], self.y[indices], self.name[indices])

    def distinct(self) -> tuple[Places, I64]:
        """Each place once, and for each of these places its index there (int64[n]). Nowhere stays at 0."""
        position = (self.x.astype(np.uint64) << np.uint64(32)) | self.y
        order = np.lexsort((self.name, position))
        first = np.ones(len(self), bool)
        first[1:] = (position[order][1:] != position[order][:-1]) | (
            self.name[order][1:] != self.name[order][:-1]
        )
        index = np.empty(len(self), np.int64)
        index[order] = np.cumsum(first) - 1
        return self.take(order[first]), index


def places_of(lat: Sequence[float], lon: Sequence[float], names: Sequence[int]) -> Places:
    """Places in the finest cells of positions in degrees, with nowhere put before them, at 0."""
    x, y = grid.cells(np.array(lat, np.float64), np.array(lon, np.float64), grid.MAX_BITS)
    zero = np.zeros(1, np.uint32)
    return Places(np.append(zero, x), np.append(zero, y), np.append(zero, np.array(names, np.uint32)))


def is_coarse(x: U32) -> Mask:
    """Which places are coarse, read off the size of their cells; nowhere is not."""
    return np.asarray((x != 0) & (x & np.uint32((1 << (31 - grid.COARSE_BITS)) - 1) == 0), bool)


def pack_names(names: Sequence[Name]) -> tuple[npt.NDArray[np.uint8], U32]:
    """Names as one column of UTF-8 bytes (tabs between the parts) and the offsets in it (uint32[n + 1])."""
    encoded = ["\t".join(name).encode() for name in names]
    offsets = np.zeros(len(names) + 1, np.uint32)
    np.cumsum([len(name) for name in encoded], out=offsets[1:])
    return np.frombuffer(b"".join(encoded), np.uint8), offsets


def unpack_name(text: npt.NDArray[np.uint8], offsets: U32, index: int) -> Name:
    """One of the names that `pack_names` packed."""
    city, region, country = bytes(text[offsets[index] : offsets[index + 1]]).decode().split("\t")
    return city, region, country

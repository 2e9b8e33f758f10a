"""The location table: opened by mmap, asked for one address or for millions."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from dynmap import grid
from dynmap.errors import GeoError
from dynmap.geo import addresses, columns, places
from dynmap.geo.cache import built, expanded, user_cache
from dynmap.geo.columns import Columns, Metadata
from dynmap.geo.progress import Progress, silent

U32 = npt.NDArray[np.uint32]
U64 = npt.NDArray[np.uint64]
I32 = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Place:
    """Where an address is. `name` is the city, "" when only the region or country is known.

    `lat` and `lon` (degrees) and `x`, `y` are the centre of its cell: 2.4 m wide, or 313 km when it is `coarse`.
    """

    index: int
    name: str
    region: str
    country: str
    lat: float
    lon: float
    x: int
    y: int
    coarse: bool


class LocationTable:
    """A location table; its arrays are maps of files, so processes share them. Place 0 is nowhere.

    `t24`, `starts4`, `places4`, `starts6`, `places6`, `place_x` and `place_y` are the arrays of
    `dynmap.geo.columns.Columns`, which `dynmap.geo.kernels` take.
    """

    def __init__(self, table: Columns, metadata: Metadata, path: Path) -> None:
        self.path = path
        self.metadata = metadata
        self._columns = table
        self.t24: I32 = table.t24
        self.starts4: U32 = table.starts4
        self.places4: I32 = table.places4
        self.starts6: U64 = table.starts6
        self.places6: I32 = table.places6
        self.place_x: U32 = table.place_x
        self.place_y: U32 = table.place_y

    @classmethod
    def open(cls, path: Path) -> Self:
        """Opens a built table's directory. Raises GeoError when it is none, or damaged."""
        table, metadata = columns.load(path)
        return cls(table, metadata, path)

    @classmethod
    def from_mmdb(cls, path: Path, cache: Path | None = None, progress: Progress = silent) -> Self:
        """Builds the table of an MMDB file, or opens the one built before from the same file, kept under `cache`.

        Raises GeoError when the file can't be read, is damaged or has no places.
        """
        return cls.open(built(path, cache or user_cache(), progress))

    def lookup(self, address: str) -> Place | None:
        """The place of an IPv4 or IPv6 address, None when it is nowhere. Raises ValueError when it is no address."""
        wanted = addresses.parse(address)
        starts, found = (self.starts4, self.places4) if wanted.family == 4 else (self.starts6, self.places6)
        index = int(found[int(np.searchsorted(starts, starts.dtype.type(wanted.value), "right")) - 1])
        return self.place(index) if index else None

    def locate4(self, v4: U32) -> I32:
        """Places (int32[n]) of IPv4 addresses (uint32[n]), without a compiled kernel."""
        return self.places4[np.searchsorted(self.starts4, v4, "right") - 1]

    def place(self, index: int) -> Place:
        """A place by its index. Raises IndexError when there is none; 0 is nowhere, which is no place."""
        if not 0 < index < len(self.place_x):
            raise IndexError(f"place {index} is not one of 1 to {len(self.place_x) - 1}")
        x, y = int(self.place_x[index]), int(self.place_y[index])
        lon, lat = grid.lonlat(x, y)
        name, region, country = self._name(int(self._columns.place_name[index]))
        coarse = bool(places.is_coarse(self.place_x[index : index + 1])[0])
        return Place(index, name, region, country, lat, lon, x, y, coarse)

    def _name(self, index: int) -> places.Name:
        return places.unpack_name(self._columns.names, self._columns.name_offsets, index)

    def countries(self) -> npt.NDArray[np.str_]:
        """The ISO country code of each place (str[n], two letters or "")."""
        text, ends = self._columns.names, self._columns.name_offsets[1:].astype(np.int64)
        tail = text[np.maximum(ends[:, None] + np.array([-3, -2, -1]), 0)]
        coded = (tail[:, 0] == ord("\t")) & (tail[:, 1:] > ord("\t")).all(axis=1)
        codes = np.where(coded, np.ascontiguousarray(tail[:, 1:]).view("S2").ravel(), b"")
        return codes.astype("U2")[self._columns.place_name]

    def sample_addresses(self, rng: np.random.Generator, n: int, exponent: float = 0.75) -> U32:
        """`n` IPv4 addresses (uint32[n]) spread like a population: ranges weigh size**exponent, coarse ones nothing.

        Large blocks are used more thinly than small ones, hence an exponent below 1. Raises GeoError when the table
        has no IPv4 places that are not coarse.
        """
        sizes = np.diff(self.starts4.astype(np.int64), append=1 << 32)
        real = (self.places4 != 0) & ~places.is_coarse(self.place_x)[self.places4]
        weights = np.cumsum(np.where(real, sizes.astype(np.float64) ** exponent, 0.0))
        if weights[-1] == 0:
            raise GeoError("has no IPv4 addresses with a place of their own", where=str(self.path))
        drawn = np.searchsorted(weights, rng.random(n) * weights[-1], "right")
        offsets = (rng.random(n) * sizes[drawn]).astype(np.uint32)
        return np.asarray(self.starts4[drawn] + offsets, np.uint32)

    def info(self) -> dict[str, Any]:
        """What the table is and holds, ready for JSON: metadata and counts."""
        located4 = np.diff(self.starts4.astype(np.int64), append=1 << 32)[self.places4 != 0]
        coarse = places.is_coarse(self.place_x)
        return {
            "path": str(self.path),
            "format": self.metadata.format,
            "source": self.metadata.source,
            "build_epoch": self.metadata.build_epoch,
            "licence": self.metadata.licence,
            "attribution": self.metadata.attribution,
            "link": self.metadata.link,
            "places": len(self.place_x) - 1,
            "coarse_places": int(coarse.sum()),
            "ipv4_ranges": len(self.starts4),
            "ipv4_located_share": float(located4.sum() / (1 << 32)),
            "ipv6_ranges": len(self.starts6),
        }


def open_default(progress: Progress = silent) -> LocationTable:
    """Opens the table that comes with DynMap, expanded at first use into the user's cache.

    Raises GeoError when DynMap was installed without one, or it can be written nowhere.
    """
    return LocationTable.open(expanded(progress))


def open_table(path: Path | None, progress: Progress = silent) -> LocationTable:
    """Opens what `--geo` names: a built table's directory, an MMDB file, or (None) the default table.

    Raises GeoError when it is none of these, damaged or without places.
    """
    if path is None:
        return open_default(progress)
    if path.is_dir():
        return LocationTable.open(path)
    return LocationTable.from_mmdb(path, progress=progress)

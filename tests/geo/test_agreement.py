"""The default table against the usual reader of the database that it is made from."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import maxminddb
import numpy as np
import numpy.typing as npt
import pytest

from dynmap import grid
from dynmap.geo import blocks
from dynmap.geo.kernels import place_of_v4, place_of_v6
from dynmap.geo.mmdb import Database, Family
from dynmap.geo.places import is_coarse
from dynmap.geo.table import LocationTable

ADDRESSES = 100_000
U64 = npt.NDArray[np.uint64]

Read = Callable[[int], dict[str, Any] | None]
"""What the reader says of an address: its record."""


def _drawn(mmdb: Path, family: Family) -> U64:
    """Upper halves of IPv6 addresses, or IPv4 ones: anywhere, within networks, at their first and last address."""
    rng = np.random.default_rng(2013)
    starts = np.asarray(Database(mmdb).networks(family).starts, np.uint64)
    bits = 32 if family == 4 else 64
    anywhere = rng.integers(0, 1 << bits, ADDRESSES // 4, np.uint64)
    if family == 6:  # half of them where addresses are given out, as nearly all others are nowhere
        anywhere[::2] = anywhere[::2] >> np.uint64(3) | np.uint64(1 << 61)
    chosen = rng.integers(0, len(starts) - 1, ADDRESSES)
    low, high = starts[chosen], starts[chosen + 1]
    within = (low + rng.random(ADDRESSES) * (high - low)).astype(np.uint64)
    within = np.clip(within, low, high - np.uint64(1))  # float64 has fewer bits than an address
    quarter = slice(ADDRESSES // 4)
    return np.concatenate((anywhere, within[quarter], low[quarter], high[quarter] - np.uint64(1)))


def _reader(mmdb: Path, family: Family) -> Read:
    """The reader. Of a /64 that is split the part that comes first among the largest with a record stands for all."""
    opened = maxminddb.open_database(mmdb)

    def read(address: int) -> dict[str, Any] | None:
        if family == 4:
            record = opened.get(_text4(address))
        else:
            record, prefix = opened.get_with_prefix_len(_text6(address << 64))
            if prefix > 64:
                record = _largest_part(address << 64)
        assert record is None or isinstance(record, dict)
        return record

    def _largest_part(first: int) -> Any:
        parts, at = [], first
        while at < first + (1 << 64):
            record, prefix = opened.get_with_prefix_len(_text6(at))
            parts.append((record is None, prefix, at, record))
            at += 1 << (128 - prefix)
        return min(parts, key=lambda part: part[:3])[3]

    return read


def _text4(address: int) -> str:
    return socket.inet_ntop(socket.AF_INET, address.to_bytes(4, "big"))


def _text6(address: int) -> str:
    return socket.inet_ntop(socket.AF_INET6, address.to_bytes(16, "big"))


def _located(table: LocationTable, addresses: U64, family: Family) -> npt.NDArray[np.int32]:
    found = np.empty(len(addresses), np.int32)
    if family == 4:
        place_of_v4(addresses.astype(np.uint32), table.t24, table.starts4, table.places4, found)
    else:
        place_of_v6(addresses, table.starts6, table.places6, found)
    return found


@pytest.mark.parametrize("family", [4, 6])
def test_look_ups_agree_with_the_reader(table: LocationTable, mmdbs: dict[int, Path], family: Family) -> None:
    addresses = _drawn(mmdbs[family], family)
    assert len(addresses) == ADDRESSES
    found = _located(table, addresses, family)
    for address, index in list(zip(addresses.tolist(), found.tolist(), strict=True))[:: ADDRESSES // 500]:
        place = table.lookup(_text4(address) if family == 4 else _text6((address << 64) + 7))
        assert (place.index if place else 0) == index  # one at a time it is the same

    reserved = np.zeros(len(addresses), bool)
    for first, last in blocks.reserved(family):
        reserved |= (addresses >= np.uint64(first)) & (addresses <= np.uint64(last))
    assert not found[reserved].any()

    read = _reader(mmdbs[family], family)
    records = [read(address) for address in addresses[~reserved].tolist()]
    found = found[~reserved]
    assert [record is not None for record in records] == (found != 0).tolist()
    assert (found != 0).sum() > ADDRESSES * 0.7

    known = [record for record in records if record is not None]
    found = found[found != 0]
    lat, lon = (np.array([record[key] for record in known], np.float64) for key in ("latitude", "longitude"))
    x, y = grid.cells(lat, lon, grid.MAX_BITS)
    coarse = is_coarse(table.place_x[found])
    assert (table.place_x[found] == np.where(coarse, grid.coarsen(x, grid.COARSE_BITS), x)).all()
    assert (table.place_y[found] == np.where(coarse, grid.coarsen(y, grid.COARSE_BITS), y)).all()

    named = {index: table.place(index) for index in np.unique(found).tolist()}
    assert [(p.name, p.region, p.country) for p in map(named.get, found.tolist()) if p] == [
        tuple(" ".join(record[key].split()) for key in ("city", "state1", "country_code")) for record in known
    ]

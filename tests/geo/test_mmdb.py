"""The tree walk against the reader, on files of every kind, and on damaged ones."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Any, Literal

import maxminddb
import numpy as np
import pytest
from geo.mmdb_writer import write_mmdb
from hypothesis import given, settings
from hypothesis import strategies as st

from dynmap.errors import GeoError
from dynmap.geo.mmdb import NOTHING, Database, Networks

V4 = ["1.0.0.0/8", "2.0.0.0/9", "2.128.0.0/31", "2.128.0.2/32", "200.1.2.0/24", "255.255.255.255/32"]
V6 = ["2001:db8::/32", "2400::/12", "2a00:1:2:3::/64", "2a00:1:2:4:8000::/65", "2a00:1:2:4:4000::/66"]


def _records(networks: list[str]) -> dict[str, dict[str, Any]]:
    return {network: {"city": network} for network in networks}


def _named(database: Database, networks: Networks) -> dict[int, str]:
    """The starts of networks and the names in their records."""
    names = {pointer: str(record["city"]) for pointer, record in database.records(networks)}
    return {
        start: names.get(pointer, "")
        for start, pointer in zip(networks.starts.tolist(), networks.pointers.tolist(), strict=True)
    }


@pytest.mark.parametrize("record_size", [24, 28, 32])
def test_every_record_size_of_an_ipv4_tree(tmp_path: Path, record_size: Literal[24, 28, 32]) -> None:
    database = Database(write_mmdb(tmp_path / "a.mmdb", _records(V4), record_size=record_size))
    networks = database.networks(4)
    assert networks.starts.dtype == np.uint32
    named = _named(database, networks)
    assert {name for name in named.values() if name} == set(V4)
    for network in map(ipaddress.ip_network, V4):
        assert named[int(network.network_address)] == str(network)
        after = int(network.broadcast_address) + 1
        assert after == 1 << 32 or named[after] != str(network)
    assert not database.networks(6).located


@pytest.mark.parametrize("record_size", [24, 28, 32])
def test_an_ipv6_tree_holds_both_families_and_aliases_are_not_walked(
    tmp_path: Path, record_size: Literal[24, 28, 32]
) -> None:
    path = write_mmdb(
        tmp_path / "a.mmdb",
        _records(V4 + V6),
        ip_version=6,
        record_size=record_size,
        aliases=("2002::/16", "::ffff:0:0/96", "2001::/32"),
    )
    assert maxminddb.open_database(path).get("2002:0102:0304::1") == {
        "city": "1.0.0.0/8"
    }  # the file has the alias
    database = Database(path)
    assert set(_named(database, database.networks(4)).values()) - {""} == set(V4)
    named = _named(database, database.networks(6))
    # Of the parts of 2a00:1:2:4::/64 the larger one stands for it.
    assert set(named.values()) - {""} == set(V6) - {"2a00:1:2:4:4000::/66"}
    assert named[0x2A00_0001_0002_0003] == "2a00:1:2:3::/64"
    assert named[0x2A00_0001_0002_0004] == "2a00:1:2:4:8000::/65"
    assert named[0x2002 << 48] == ""
    assert list(named) == sorted(named)


@settings(deadline=None)
@given(st.sets(st.integers(0, (1 << 32) - 1), min_size=1, max_size=40), st.integers(4, 32))
def test_the_walk_agrees_with_the_reader(
    tmp_path_factory: pytest.TempPathFactory, addresses: set[int], length: int
) -> None:
    networks = {str(ipaddress.ip_network((address, length), strict=False)) for address in addresses}
    path = write_mmdb(tmp_path_factory.mktemp("mmdb") / "a.mmdb", _records(sorted(networks)))
    database, reader = Database(path), maxminddb.open_database(path)
    walked = database.networks(4)
    names = _named(database, walked)
    for start, end in zip(walked.starts.tolist(), [*walked.starts.tolist()[1:], 1 << 32], strict=True):
        for address in (start, end - 1):
            record = reader.get(str(ipaddress.IPv4Address(address)))
            assert names[start] == (record["city"] if isinstance(record, dict) else "")


def test_a_tree_without_the_family_is_one_network_of_nothing(tmp_path: Path) -> None:
    database = Database(write_mmdb(tmp_path / "a.mmdb", _records(V6), ip_version=6))
    networks = database.networks(4)
    assert networks.starts.tolist() == [0]
    assert networks.pointers.tolist() == [NOTHING]


def _spoilt(path: Path, how: str) -> Path:
    content = path.read_bytes()
    match how:
        case "empty":
            content = b""
        case "text":
            content = b"GIF89a not a database\n" * 100
        case "cut":
            content = content[: len(content) // 2]
        case "middle missing":  # the metadata at the end is whole, but the tree that it tells of isn't
            content = content[:20] + content[content.index(b"\xab\xcd\xefMaxMind.com") :]
        case "circle":
            content = bytes(8) * 1 + content[8:]
        case "beyond":  # leaves that point far behind the end
            content = b"\x00\xff\xff\xff\x00\xff\xff\xff" + content[8:]
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("how", ["empty", "text", "cut", "middle missing", "circle", "beyond"])
def test_damage_is_one_clear_line(tmp_path: Path, how: str) -> None:
    path = _spoilt(write_mmdb(tmp_path / "a.mmdb", _records(V4), record_size=32), how)
    with pytest.raises(GeoError) as caught:
        Database(path).networks(4)
    assert str(caught.value).startswith(f"{path}: not a readable MMDB: ")
    assert "\n" not in str(caught.value)


def test_a_damaged_record_is_one_clear_line(tmp_path: Path) -> None:
    path = write_mmdb(tmp_path / "a.mmdb", {"1.0.0.0/8": {"city": "Ulm"}})
    path.write_bytes(path.read_bytes().replace(b"\xe1Dcity", b"\xff\xffcity"))
    database = Database(path)
    with pytest.raises(GeoError, match="not a readable MMDB"):
        list(database.records(database.networks(4)))


@pytest.mark.parametrize(("make", "said"), [(Path.mkdir, "directory"), (lambda path: None, "No such file")])
def test_no_file(tmp_path: Path, make: Any, said: str) -> None:
    make(tmp_path / "a.mmdb")
    with pytest.raises(GeoError, match=said):
        Database(tmp_path / "a.mmdb")

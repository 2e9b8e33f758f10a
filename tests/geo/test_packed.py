"""The packed form of a table."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from geo.conftest import Built, same

from dynmap.errors import GeoError
from dynmap.geo.packed import pack, unpack


def test_unpacking_gives_back_the_same_table(small: Built, small_data: Path) -> None:
    unpacked, metadata = unpack(next(small_data.iterdir()))
    assert same(unpacked, small[0])
    assert metadata == small[1]


def test_the_same_table_has_the_same_name_and_takes_the_place_of_an_older_one(
    tmp_path: Path, small: Built, small_data: Path
) -> None:
    (tmp_path / "location-0123.zip").write_bytes(b"older")
    packed = pack(*small, tmp_path)
    assert list(tmp_path.iterdir()) == [packed]
    assert packed.name == next(small_data.iterdir()).name


@pytest.mark.parametrize("kept", [0, 100, -30])
def test_a_damaged_packed_table(tmp_path: Path, small_data: Path, kept: int) -> None:
    archive = Path(shutil.copy(next(small_data.iterdir()), tmp_path))
    archive.write_bytes(archive.read_bytes()[:kept])
    with pytest.raises(GeoError, match="damaged packed location table"):
        unpack(archive)


def test_content_that_is_not_what_it_was(tmp_path: Path, small_data: Path) -> None:
    archive = Path(shutil.copy(next(small_data.iterdir()), tmp_path))
    content = bytearray(archive.read_bytes())
    content[len(content) // 2] ^= 0xFF
    archive.write_bytes(content)
    with pytest.raises(GeoError, match="damaged packed location table"):
        unpack(archive)


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(GeoError, match="can't be read: No such file"):
        unpack(tmp_path / "location-0.zip")

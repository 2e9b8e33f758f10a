"""The cache that tables are expanded or built into, and tables as directories."""

from __future__ import annotations

import multiprocessing
import os
import time
from multiprocessing.queues import Queue
from pathlib import Path

import pytest
from geo.conftest import Built, flat, same
from geo.mmdb_writer import write_mmdb

from dynmap.errors import GeoError
from dynmap.geo import columns
from dynmap.geo.cache import expanded, user_cache
from dynmap.geo.table import LocationTable, open_table


def test_it_is_expanded_once(tmp_path: Path, small_data: Path, small: Built) -> None:
    said: list[tuple[str, float]] = []
    cache = tmp_path / "cache"
    first = expanded(lambda *report: said.append(report), small_data, cache)
    assert same(columns.load(first)[0], small[0])
    assert said[0] == ("expanding the location table (once)", 0.0)
    assert said[-1][1] == 1.0
    said.clear()
    written = (first / "t24.npy").stat().st_mtime_ns
    assert expanded(lambda *report: said.append(report), small_data, cache) == first
    assert not said
    assert (first / "t24.npy").stat().st_mtime_ns == written


def _expand(data: Path, cache: Path, gate: Path, results: Queue[tuple[str, int]]) -> None:
    while not gate.exists():
        time.sleep(0.001)
    reports: list[float] = []
    directory = expanded(lambda what, share: reports.append(share), data, cache)
    results.put((LocationTable.open(directory).place(1).name, reports.count(0.0)))


def test_of_processes_that_start_at_once_one_expands_it(tmp_path: Path, small_data: Path) -> None:
    context = multiprocessing.get_context("spawn")
    results: Queue[tuple[str, int]] = context.Queue()
    cache, gate = tmp_path / "cache", tmp_path / "gate"
    processes = [context.Process(target=_expand, args=(small_data, cache, gate, results)) for _ in range(3)]
    for process in processes:
        process.start()
    gate.touch()
    names, expansions = zip(*(results.get(timeout=60) for _ in processes), strict=True)
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0, 0]
    assert set(names) == {"Ulm"}
    assert sum(expansions) == 1
    assert len([path for path in cache.iterdir() if path.is_dir()]) == 1  # nothing half done is left


@pytest.mark.parametrize("name", ["places6.npy", "t24.npy", "table.json"])
@pytest.mark.parametrize("how", ["cut", "gone"])
def test_a_damaged_cache_is_made_anew(tmp_path: Path, small_data: Path, name: str, how: str) -> None:
    directory = expanded(data=small_data, cache=tmp_path / "cache")
    file = directory / name
    if how == "gone":
        file.unlink()
    else:
        file.write_bytes(file.read_bytes()[:-3])
    assert expanded(data=small_data, cache=tmp_path / "cache") == directory
    assert LocationTable.open(directory).place(1).name == "Ulm"


def test_expanded_tables_of_other_versions_go_when_they_are_not_used(
    tmp_path: Path, small_data: Path
) -> None:
    cache = tmp_path / "cache"
    for name, age in (("default-old", 40), ("default-new", 3), ("mmdb-old", 40)):
        (cache / name).mkdir(parents=True)
        (cache / name / "table.json").write_text("{}")
        os.utime(cache / name / "table.json", (time.time() - age * 86400,) * 2)
    kept = expanded(data=small_data, cache=cache)
    assert {path.name for path in cache.iterdir() if path.is_dir()} == {kept.name, "default-new", "mmdb-old"}


def test_no_packed_table(tmp_path: Path) -> None:
    with pytest.raises(GeoError, match="the location table is missing"):
        expanded(data=tmp_path, cache=tmp_path)


def test_the_temporary_directory_stands_in_for_a_cache_that_cant_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file" / "below"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert user_cache() == tmp_path / f"dynmap-geo-{os.getuid()}"
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "file"))
    with pytest.raises(GeoError, match="neither the cache nor the temporary directory can be written"):
        user_cache()


def test_the_users_cache_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert user_cache() == tmp_path / "dynmap" / "geo"


def test_an_mmdb_is_built_once_until_it_changes(tmp_path: Path) -> None:
    mmdb, cache = (
        write_mmdb(tmp_path / "own.mmdb", {"80.0.0.0/24": flat("Ulm", 48.4, 9.99)}),
        tmp_path / "cache",
    )
    said: list[float] = []
    first = LocationTable.from_mmdb(mmdb, cache, lambda what, share: said.append(share))
    assert said[-1] == 1.0
    said.clear()
    assert LocationTable.from_mmdb(mmdb, cache, lambda what, share: said.append(share)).path == first.path
    assert not said
    write_mmdb(mmdb, {"80.0.0.0/24": flat("Bonn", 50.73, 7.1)})
    second = LocationTable.from_mmdb(mmdb, cache)
    assert second.place(1).name == "Bonn"
    assert [path for path in cache.iterdir() if path.is_dir()] == [second.path]
    assert first.place(1).name == "Ulm"  # whoever has the older one open goes on with it


def test_open_table_takes_an_mmdb_or_a_built_table(
    tmp_path: Path, small_mmdb: Path, monkeypatch: pytest.MonkeyPatch, small: Built
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    columns.save(tmp_path / "built", *small)
    assert open_table(tmp_path / "built").place(1).name == "Ulm"
    assert open_table(small_mmdb).place(1).name == "Ulm"
    with pytest.raises(GeoError, match="No such file"):
        open_table(tmp_path / "none")
    (tmp_path / "other").mkdir()
    with pytest.raises(GeoError, match=r"no location table: table\.json is missing"):
        open_table(tmp_path / "other")


def test_a_table_of_another_format_is_refused(tmp_path: Path, small: Built) -> None:
    columns.save(tmp_path / "built", *small)
    metadata = tmp_path / "built" / "table.json"
    metadata.write_text(metadata.read_text().replace('"format": 1', '"format": 99'))
    with pytest.raises(GeoError, match="location table of format 99, not 1"):
        LocationTable.open(tmp_path / "built")


def test_saving_replaces_a_table_but_nothing_else(tmp_path: Path, small: Built) -> None:
    columns.save(tmp_path / "built", *small)
    columns.save(tmp_path / "built", *small)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["built"]
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "a.jpg").touch()
    with pytest.raises(GeoError, match="holds something that is no location table"):
        columns.save(tmp_path / "photos", *small)
    with pytest.raises(GeoError, match="holds something that is no location table"):
        columns.save(tmp_path / "photos" / "a.jpg", *small)
    with pytest.raises(GeoError, match="can't be written"):
        columns.save(tmp_path / "photos" / "a.jpg" / "below", *small)

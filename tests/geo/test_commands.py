"""`dynmap geo`, as people call it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result
from geo.conftest import flat
from geo.mmdb_writer import write_mmdb

from dynmap.errors import GeoError
from dynmap.geo.commands import geo


@pytest.fixture
def mmdb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small database, and a cache of the test's own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    networks = {"80.0.0.0/16": flat("Ulm", 48.4, 9.99), "8.8.8.0/24": flat("Bonn", 50.73, 7.1)}
    return write_mmdb(tmp_path / "own.mmdb", networks)


def _run(*arguments: object) -> Result:
    result = CliRunner().invoke(geo, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.output
    return result


def test_build_then_look_up(mmdb: Path, tmp_path: Path) -> None:
    built = _run("build", "--from", mmdb, "--out", tmp_path / "table").stdout
    assert "own.mmdb, of 2026-05-28" in built
    shown = _run("lookup", "--geo", tmp_path / "table", "80.0.1.2", "8.8.8.8", "10.0.0.1", "9.9.9.9").stdout
    lines = {line.split()[1]: line for line in shown.splitlines() if line.startswith("│")}
    assert "Ulm, DE" in lines["80.0.1.2"]
    assert "48.4000" in lines["80.0.1.2"]
    assert "coarse" not in lines["80.0.1.2"]
    assert "coarse" in lines["8.8.8.8"]
    assert "nowhere: a private address" in lines["10.0.0.1"]
    assert "nowhere: not in the table" in lines["9.9.9.9"]


def test_lookup_as_json(mmdb: Path) -> None:
    output = _run("lookup", "--json", "--geo", mmdb, "80.0.1.2", "::ffff:8.8.8.8", "10.0.0.1").stdout
    ulm, bonn, nowhere = map(json.loads, output.splitlines())
    assert ulm["address"] == "80.0.1.2"
    assert (ulm["place"]["name"], ulm["place"]["coarse"]) == ("Ulm", False)
    assert ulm["place"]["lat"] == pytest.approx(48.4, abs=1e-4)
    assert (bonn["place"]["name"], bonn["place"]["coarse"]) == ("Bonn", True)
    assert nowhere == {"address": "10.0.0.1", "place": None}


def test_info(mmdb: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = _run("info", "--geo", mmdb).stdout
    assert "IP geolocation by own.mmdb" in shown
    assert "2, of which coarse 1" in shown
    monkeypatch.setenv("DYNMAP_GEO", str(mmdb))
    info = json.loads(_run("info", "--json").stdout)
    assert (info["source"], info["places"], info["coarse_places"]) == ("own.mmdb", 2, 1)


def test_the_default_table_needs_no_option(table: object) -> None:
    assert "Moscow, Moscow, RU" in _run("lookup", "83.149.9.216").stdout
    assert "IP Geolocation by DB-IP https://db-ip.com/" in _run("info").stdout


def test_an_error_is_one_line(mmdb: Path, tmp_path: Path) -> None:
    none = tmp_path / "none.mmdb"
    command = [sys.executable, "-m", "dynmap", "geo", "lookup", "--geo", str(none), "1.1.1.1"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"dynmap: {none}: No such file or directory\n"


def test_what_errors_say(mmdb: Path, tmp_path: Path) -> None:
    cut, empty = tmp_path / "cut.mmdb", tmp_path / "empty"
    cut.write_bytes(mmdb.read_bytes()[:100])
    empty.mkdir()
    asn = write_mmdb(
        tmp_path / "asn.mmdb", {"80.0.0.0/16": {"autonomous_system_number": 1}}, kind="GeoLite2-ASN"
    )
    assert _error("lookup", "--geo", mmdb, "1.1.1.1", "foo") == "'foo' is not an IP address"
    assert f"{empty}: no location table" in _error("info", "--geo", empty)
    assert f"{cut}: not a readable MMDB" in _error("info", "--geo", cut)
    assert "has no places (it is 'GeoLite2-ASN')" in _error(
        "build", "--from", asn, "--out", tmp_path / "table"
    )
    assert f"{mmdb}: holds something that is no" in _error("build", "--from", mmdb, "--out", mmdb)


def _error(*arguments: object) -> str:
    """What `dynmap geo` fails with."""
    with pytest.raises((GeoError, click.UsageError)) as caught:
        geo.main([str(argument) for argument in arguments], standalone_mode=False)
    return caught.value.message if isinstance(caught.value, click.UsageError) else str(caught.value)

"""What is handed out: an sdist and a wheel that hold the map and the location table, and need no Node."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import sysconfig
import tarfile
import urllib.request
import venv
import zipfile
from pathlib import Path

import pytest

import dynmap

ROOT = Path(__file__).parents[1]
MAP = "dynmap/static/index.html"
TABLE = re.compile(r"dynmap/geo/data/location-[0-9a-f]+\.zip")

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def empty_path(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment in which neither Node nor npm can be found, nor anything of this project."""
    environ = {
        name: value for name, value in os.environ.items() if not name.startswith(("DYNMAP_", "PYTHON"))
    }
    return environ | {"PATH": str(tmp_path_factory.mktemp("bin"))}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, empty_path: dict[str, str]) -> Path:
    """A folder with an sdist of the tree and a wheel made from that sdist, without Node."""
    assert (ROOT / "src" / MAP).is_file(), "the map is not built: make web"
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ROOT],
        env=empty_path,
        check=True,
        timeout=250,
    )
    return folder


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    [path] = built.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The scripts of a fresh environment with the wheel in it, which borrows its dependencies from this one."""
    folder = tmp_path_factory.mktemp("fresh")
    venv.create(folder, with_pip=False)
    python = folder / "bin" / "python"
    pip = [
        sys.executable,
        "-m",
        "pip",
        "--python",
        str(python),
        "install",
        "--quiet",
        "--no-deps",
        "--no-index",
    ]
    subprocess.run([*pip, str(wheel)], check=True, timeout=100)
    [packages] = folder.glob("lib/python*/site-packages")
    (packages / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder / "bin"


def test_the_wheel_holds_the_map_and_the_table(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert MAP in names
    assert sum(TABLE.fullmatch(name) is not None for name in names) == 1
    assert any(name.startswith("dynmap/static/assets/") and name.endswith(".js") for name in names)
    assert "dynmap/static/receiver.js" in names
    assert "dynmap/py.typed" in names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert not [name for name in names if not name.startswith(("dynmap/", "dynmap-"))]
    assert wheel.stat().st_size < 40e6


def test_the_sdist_holds_what_it_is_built_from_and_what_is_built(built: Path) -> None:
    [sdist] = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = [name.partition("/")[2] for name in archive.getnames()]
    for wanted in (
        "hatch_build.py",
        "pyproject.toml",
        "web/package-lock.json",
        "tests/conftest.py",
        f"src/{MAP}",
    ):
        assert wanted in names
    assert any(TABLE.fullmatch(name.removeprefix("src/")) for name in names)
    assert not [name for name in names if "node_modules" in name or "/__pycache__/" in name]


def test_it_runs_where_it_is_installed(installed: Path, tmp_path: Path, empty_path: dict[str, str]) -> None:
    def run(*command: str) -> str:
        done = subprocess.run(
            command, cwd=tmp_path, env=empty_path, capture_output=True, text=True, timeout=100, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    where = run(str(installed / "python"), "-c", "import dynmap; print(dynmap.__file__)")
    assert Path(where.strip()).is_relative_to(installed.parent)
    assert run(str(installed / "dynmap"), "--version") == f"dynmap {dynmap.__version__}\n"
    assert "83.149.9.216" in run(str(installed / "dynmap"), "geo", "lookup", "83.149.9.216")


def test_it_serves_the_page(installed: Path, tmp_path: Path, empty_path: dict[str, str]) -> None:
    """The page is there before the kernels of the fresh environment are compiled."""
    server = subprocess.Popen(
        [installed / "dynmap", "serve", "--port", "0", "--no-tcp"],
        cwd=tmp_path,
        env=empty_path,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert server.stdout is not None
        url = next(found[1] for line in server.stdout if (found := re.search(r"is at (http://\S+)", line)))
        page = urllib.request.urlopen(url, timeout=10).read().decode()
        script = re.search(r'src="\.?/?(assets/[^"]+\.js)"', page)
        assert script
        assert urllib.request.urlopen(f"{url}/{script[1]}", timeout=10).status == 200
        stats = json.load(urllib.request.urlopen(f"{url}/api/stats", timeout=10))
        assert stats["events"]["received"] == 0
    finally:
        server.terminate()
        server.communicate(timeout=60)
    assert server.returncode in (0, 1)

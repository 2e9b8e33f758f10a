"""The command line as its users meet it: a process, its output and its exit code."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from dynmap import __version__

LINES = (
    '83.149.9.216 - - [17/May/2015:10:05:03 +0000] "GET /a HTTP/1.1" 200 203023 "-" "Mozilla/5.0"\n'
    '66.249.73.135 - - [17/May/2015:10:05:43 +0000] "GET /b HTTP/1.1" 404 171717 "-" "Mozilla/5.0"\n'
    '10.0.0.1 - - [17/May/2015:10:05:47 +0000] "GET /c HTTP/1.1" 200 26185 "-" "Mozilla/5.0"\n'
    "what is this\n"
)


@pytest.fixture
def dynmap(tmp_path: Path) -> Dynmap:
    return Dynmap(tmp_path)


class Dynmap:
    """Runs `dynmap` in an empty folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "dynmap", *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            cwd=self.folder,
            timeout=100,
            check=False,
        )

    def error(self, *arguments: str, stdin: str = "") -> str:
        """The one line that a command says before it ends with exit code 2."""
        done = self(*arguments, stdin=stdin)
        assert done.returncode == 2, (done.returncode, done.stdout, done.stderr)
        assert done.stdout == ""
        assert done.stderr.count("\n") == 1, done.stderr
        return done.stderr.rstrip("\n")


def test_version_and_help_are_there_and_quick(dynmap: Dynmap) -> None:
    assert dynmap("--version").stdout == f"dynmap {__version__}\n"
    started = time.monotonic()
    shown = dynmap("--help").stdout
    assert time.monotonic() - started < 5
    for command in ("serve", "demo", "check", "geo"):
        assert f"\n  {command} " in shown
    for command in ("serve", "demo", "check", "geo"):
        assert dynmap(command, "--help").returncode == 0


@pytest.mark.parametrize("arguments", [("--help",), ("--version",)])
def test_what_only_explains_imports_nothing_heavy(arguments: tuple[str, ...]) -> None:
    script = (
        "import sys\nfrom dynmap.cli import dynmap\n"
        f"dynmap.main({list(arguments)!r}, standalone_mode=False)\n"
        "heavy = {'numpy', 'numba', 'fastapi', 'uvicorn', 'pydantic', 'rich', 'asyncio'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", script], check=True, stdout=subprocess.DEVNULL, timeout=60)


def test_the_supervisor_imports_neither_numpy_nor_the_web() -> None:
    script = (
        "import sys\nimport dynmap.cli, dynmap.app, dynmap.layers\n"
        "heavy = {'numpy', 'numba', 'fastapi', 'uvicorn', 'uvloop', 'msgspec'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("serv",), "dynmap: No such command 'serv'. Did you mean 'serve'?"),
        (
            ("serve", "--prot", "1"),
            "dynmap serve: No such option '--prot'. (Did you mean one of: '--host', '--port'?)",
        ),
        (("serve", "x"), "dynmap serve: Got unexpected extra argument (x)"),
        (("serve", "--port", "x"), "dynmap: --port: should be a valid integer"),
        (("serve", "--port", "70000"), "dynmap: --port: should be less than or equal to 65535"),
        (("serve", "--geo", "none.mmdb"), "dynmap: --geo none.mmdb: there is no such file"),
        (("serve", "--tail", "."), "dynmap: --tail .: is a directory, but must be a file"),
        (
            ("serve", "--config", "none.toml"),
            "dynmap: none.toml: can't read the settings: No such file or directory",
        ),
        (("serve", "--pattern", "("), "dynmap: --pattern: not a regular expression: missing ), unterminated"),
        (("demo", "--rate", "0"), "dynmap: --demo rate=0: rate: should be greater than 0"),
        (("check",), "dynmap check: Missing argument 'FILE'."),
        (("check", "none.log"), "dynmap: none.log: no such file or directory"),
        (("check", "."), "dynmap: .: is a directory"),
        (("check", "empty.log"), "dynmap: empty.log: is empty, there is nothing to check"),
        (("check", "binary.log"), "dynmap: binary.log: is binary (DynMap reads lines of text)"),
        (("check", "old.log.gz"), "is binary (it is compressed: zcat old.log.gz | dynmap check -)"),
        (("check", "-"), "dynmap: standard input: is empty, there is nothing to check"),
        (("check", "a.log", "--format", "jsn"), "dynmap: --format: should be 'auto', 'ip'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_what_is_wrong_is_one_line(dynmap: Dynmap, arguments: tuple[str, ...], line: str) -> None:
    (dynmap.folder / "a.log").write_text(LINES)
    (dynmap.folder / "empty.log").write_text("\n \n")
    (dynmap.folder / "binary.log").write_bytes(b"\x7fELF\0\0\0")
    (dynmap.folder / "old.log.gz").write_bytes(b"\x1f\x8b\x08\0\0\0")
    assert line in dynmap.error(*arguments)


def test_check_explains_a_log(dynmap: Dynmap) -> None:
    (dynmap.folder / "access.log").write_text(LINES)
    done = dynmap("check", "access.log")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[1] == "access.log"
    words = " ".join(done.stdout.split())
    for fact in ("format combined", "events 4", "located 2 50.0%", "no place 1 25.0%", "rejected 1 25.0%"):
        assert fact in words
    assert "83.149.9.216" not in done.stdout


def test_check_takes_standard_input_and_the_options_of_a_source(dynmap: Dynmap) -> None:
    done = dynmap("check", "-", "--topic", "web.{status}", stdin=LINES)
    assert done.returncode == 0, done.stderr
    assert "web.404" in done.stdout


def test_check_of_lines_that_nobody_understands_fails(dynmap: Dynmap) -> None:
    done = dynmap("check", "-", stdin="what is this\nand this\n")
    assert done.returncode == 1
    assert "not recognised" in done.stdout or "100.0%" in done.stdout

"""Lines per CPU-second through the running server over TCP, beside plain Python and a bare newline count."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table
from websockets.sync.client import connect

from benchmarks import data, measure
from benchmarks.peers.plain_python import PlainPython
from dynmap.geo.table import LocationTable
from dynmap.testing import run_server

LINES = 500_000
REPEAT = {"ip": 60, "combined": 20, "json": 24}
SOURCE = {
    "ip": "format=ip",
    "combined": "format=combined,topic=web.{status},time=event",
    "json": "format=json,time=event",
}
EXPECTED = {"ip": (8.0, 30), "combined": (3.5, 18), "json": (3.5, 20)}
"""Million lines per CPU-second and times plain Python, from the issue that asked for this benchmark."""


@dataclass(frozen=True, slots=True)
class Rates:
    """Million lines per CPU-second."""

    server: float
    plain_python: float
    newlines: float


def of_server(name: str, path: Path, lines: int) -> float:
    """All CPU seconds of the server's processes, with one viewer watching, for `REPEAT` times the file."""
    with (
        run_server("--tcp", f"127.0.0.1:0,name=bench,{SOURCE[name]}") as server,
        connect(server.url.replace("http", "ws") + "/api/live", max_size=None) as viewer,
    ):
        viewer.send('{"type":"subscribe","id":0,"topics":[">"],"tiles":null,"since":null}')
        _send(server.tcp_port, path, 1)
        measure.wait_until(lambda: server.stats()["events"]["received"] >= lines, 60, "warming up")
        before = measure.cpu_seconds(server.pid)
        _send(server.tcp_port, path, REPEAT[name])
        wanted = lines * (REPEAT[name] + 1)
        measure.wait_until(
            lambda: server.stats()["events"]["received"] >= wanted, 60, f"receiving {wanted} lines"
        )
        spent = measure.cpu_seconds(server.pid) - before
        events = server.stats()["events"]
        assert events["received"] == wanted, events
        assert events["received"] == events["located"] + events["unlocated"] + events["rejected"], events
        assert events["located"] > 0.95 * wanted, events
    return lines * REPEAT[name] / spent / 1e6


def _send(port: int, path: Path, repeat: int) -> None:
    subprocess.run([sys.executable, "-m", "benchmarks.sender", str(port), str(path), str(repeat)], check=True)


def of_newlines(path: Path, repeat: int) -> float:
    """The limit for these bytes: one process that receives and counts newlines."""
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks.peers.newlines"], stdout=subprocess.PIPE, text=True
    ) as peer:
        assert peer.stdout is not None
        _send(int(peer.stdout.readline()), path, repeat)
        lines, seconds = peer.stdout.readline().split()
    return int(lines) / float(seconds) / 1e6


def of_plain_python(name: str, path: Path, mmdbs: tuple[Path, Path]) -> float:
    """Plain Python over the first 100,000 lines, already split and in memory."""
    lines = path.read_text().splitlines()[:100_000]
    peer = PlainPython(*mmdbs)
    count, before = peer.of(name), time.process_time()
    count(lines)
    return len(lines) / (time.process_time() - before) / 1e6


def run(console: Console, table: LocationTable, mmdbs: tuple[Path, Path]) -> dict[str, Rates]:
    """Measures every format and prints the table."""
    results: dict[str, Rates] = {}
    with tempfile.TemporaryDirectory() as directory, console.status("making lines") as status:
        for name, path in data.cached(Path(directory), table, LINES):
            status.update(f"{name}: plain Python")
            plain = of_plain_python(name, path, mmdbs)
            status.update(f"{name}: newline count")
            newlines = of_newlines(path, REPEAT[name])
            status.update(f"{name}: server")
            results[name] = Rates(of_server(name, path, LINES), plain, newlines)
            status.update("making lines")
    console.print(_rendered(results))
    return results


def _rendered(results: dict[str, Rates]) -> Table:
    table = Table(title="Million lines per CPU-second, over TCP, counted by topic and 20-bit cell")
    for heading in (
        "format",
        "server",
        "expected",
        "plain Python",
        "times",
        "expected",
        "newline count",
        "share",
    ):
        table.add_column(heading, justify="left" if heading == "format" else "right")
    for name, rates in results.items():
        rate, times = EXPECTED[name]
        table.add_row(
            name,
            f"{rates.server:.2f}",
            f"{rate:.1f}",
            f"{rates.plain_python:.3f}",
            f"{rates.server / rates.plain_python:.0f}",
            f"{times}",
            f"{rates.newlines:.1f}",
            f"{rates.server / rates.newlines:.0%}",
        )
    return table

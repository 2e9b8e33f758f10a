"""From the command to the first page, with kernels warm; and what an idle server keeps in memory."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.request

from rich.console import Console
from rich.table import Table

from benchmarks import measure
from dynmap.testing import free_port, run_server

RUNS = 5


def seconds_to_first_page() -> float:
    """Starts `dynmap serve` and asks for the page until it comes."""
    port = free_port()
    start = time.monotonic()
    server = subprocess.Popen(
        [sys.executable, "-m", "dynmap", "serve", "--port", str(port), "--no-tcp"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        measure.wait_until(lambda: _answers(f"http://127.0.0.1:{port}/"), 60, "first page")
        return time.monotonic() - start
    finally:
        server.terminate()
        server.wait(30)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=1) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False


def run(console: Console) -> None:
    """Measures and prints both."""
    with console.status("starting"):
        with run_server() as server:
            measure.wait_until(lambda: server.stats()["ingest"]["state"] == "ready", 120, "kernels")
            time.sleep(5)
            shared = measure.resident_bytes(server.pid)
            summed = sum(process.memory_info().rss for process in measure.tree(server.pid))
            processes = [(p.name(), p.memory_info().rss) for p in measure.tree(server.pid)]
        starts = [seconds_to_first_page() for _ in range(RUNS)]
    table = Table(title="Start and rest")
    for heading in ("what", "measured", "expected"):
        table.add_column(heading, justify="left" if heading == "what" else "right")
    table.add_row("start to first page, kernels warm (median)", f"{statistics.median(starts):.2f} s", "2 s")
    table.add_row("resident memory idle, shared pages once", f"{shared / 1e6:.0f} MB", "400 MB")
    table.add_row("resident memory idle, summed over processes", f"{summed / 1e6:.0f} MB", "")
    for name, resident in processes:
        table.add_row(f"  {name}", f"{resident / 1e6:.0f} MB", "")
    console.print(table)


if __name__ == "__main__":
    run(Console())

"""The parts of the map's benchmark: `python -m benchmarks map` runs all, `map.frames` one."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console

from benchmarks.map import frames, heap, transfer
from benchmarks.map.browser import MissingBrowserError
from benchmarks.map.bundle import BundleError

NAME = "map"
PARTS = {
    f"{NAME}.frames": frames.run,
    f"{NAME}.heap": heap.run,
    f"{NAME}.bytes": transfer.run,
}


def run(console: Console, wanted: Sequence[str]) -> None:
    """Runs the parts and prints their tables, or one line that says what they would need."""
    try:
        for part in wanted:
            PARTS[part](console)
    except (BundleError, MissingBrowserError) as error:
        console.print(str(error))

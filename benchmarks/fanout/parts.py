"""The parts of the fan-out benchmark: `python -m benchmarks fanout` runs all, `fanout.cost` one."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from benchmarks.fanout import bandwidth, compiler, cost, distinct, endurance

NAME = "fanout"
PARTS = {
    f"{NAME}.cost": cost.run,
    f"{NAME}.bytes": bandwidth.run,
    f"{NAME}.rooms": distinct.run,
    f"{NAME}.endurance": endurance.run,
}


def run(console: Console, wanted: Sequence[str]) -> None:
    """Runs the parts and prints their tables, or one line that says what it would need."""
    if sys.platform != "linux":
        console.print("fanout needs Linux: it is measured with epoll and /proc")
        return
    with tempfile.TemporaryDirectory() as name:
        programs = Path(name)
        try:
            for program in ("load", "server"):
                compiler.compiled(program, programs)
        except compiler.NoCompilerError as error:
            console.print(str(error))
            return
        for part in wanted:
            PARTS[part](console, programs)

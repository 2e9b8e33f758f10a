"""What a running server spends: CPU seconds and memory of its whole process tree."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence

import psutil


def tree(pid: int) -> list[psutil.Process]:
    """A process and all that descend from it."""
    parent = psutil.Process(pid)
    return [parent, *parent.children(recursive=True)]


def cpu_seconds(pid: int) -> float:
    """User and system CPU seconds that the tree has spent so far."""
    return sum(sum(process.cpu_times()[:2]) for process in tree(pid))


def resident_bytes(pid: int) -> int:
    """Resident memory of the tree, with pages that its processes share counted once (USS and the largest share)."""
    infos = [process.memory_full_info() for process in tree(pid)]
    return sum(info.uss for info in infos) + max(info.rss - info.uss for info in infos)


def wait_until(done: Callable[[], bool], seconds: float, what: str) -> None:
    """Polls until `done` is true. Raises TimeoutError naming `what` when it takes longer than `seconds`."""
    end = time.monotonic() + seconds
    while not done():
        if time.monotonic() > end:
            raise TimeoutError(f"{what} took more than {seconds:.0f} s")
        time.sleep(0.02)


def percentile(values: Sequence[float], share: int) -> float:
    """The value that `share` per cent of the values do not exceed."""
    return statistics.quantiles(values, n=100, method="inclusive")[share - 1]

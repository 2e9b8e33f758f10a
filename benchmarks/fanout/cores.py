"""Which core a process runs on: a server has one for itself, and those who load it another."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

_CORES = sorted(os.sched_getaffinity(0))

SERVER = _CORES[0]
OTHERS = _CORES[-1]


@contextlib.contextmanager
def children_on(core: int) -> Iterator[None]:
    """Processes started inside the block run on a core."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def move(pid: int, core: int) -> None:
    """Move all threads of a process to a core."""
    for task in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(ProcessLookupError):
            os.sched_setaffinity(int(task.name), {core})

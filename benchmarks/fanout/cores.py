"""Which core a process runs on: a server has one for itself, and those who load it another.

Where that is allowed (to root), both go before whatever else runs on their cores.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

_CORES = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else [0]

SERVER = _CORES[0]
OTHERS = _CORES[-1]

_FIRST = -15
"""The nice value of who goes first."""


@contextlib.contextmanager
def children_on(core: int) -> Iterator[None]:
    """Processes started inside the block run on a core, and go first there."""
    cores, nice = os.sched_getaffinity(0), os.getpriority(os.PRIO_PROCESS, 0)
    os.sched_setaffinity(0, {core})
    _go_first(0)
    try:
        yield
    finally:
        os.setpriority(os.PRIO_PROCESS, 0, nice)
        os.sched_setaffinity(0, cores)


def move(pid: int, core: int) -> None:
    """Move all threads of a process to a core; they go first there."""
    for task in map(int, os.listdir(f"/proc/{pid}/task")):
        with contextlib.suppress(ProcessLookupError):
            os.sched_setaffinity(task, {core})
            _go_first(task)


def _go_first(thread: int) -> None:
    with contextlib.suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, thread, _FIRST)

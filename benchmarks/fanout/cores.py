"""Which core a process runs on: a server has one for itself, and those who load it another.

Where that is allowed (to root), they run as real-time processes: before whatever else runs on their cores.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

_CORES = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else [0]

SERVER = _CORES[0]
OTHERS = _CORES[-1]


@contextlib.contextmanager
def children_on(core: int) -> Iterator[None]:
    """Processes started inside the block run on a core, and go first there."""
    cores, policy, usual = os.sched_getaffinity(0), os.sched_getscheduler(0), os.sched_getparam(0)
    os.sched_setaffinity(0, {core})
    go_first()
    try:
        yield
    finally:
        os.sched_setscheduler(0, policy, usual)
        os.sched_setaffinity(0, cores)


def move(pid: int, core: int) -> None:
    """Move all threads of a process to a core; they go first there."""
    for thread in map(int, os.listdir(f"/proc/{pid}/task")):
        with contextlib.suppress(ProcessLookupError):
            os.sched_setaffinity(thread, {core})
            go_first(thread)


def go_first(thread: int = 0) -> None:
    """Let a thread, by default the calling one, go before all that are not real-time, if that is allowed."""
    with contextlib.suppress(PermissionError):
        os.sched_setscheduler(thread, os.SCHED_RR, os.sched_param(1))

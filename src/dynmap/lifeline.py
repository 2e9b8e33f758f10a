"""A pipe from the supervisor to each child: a byte on it means "stop, in order", its end that the supervisor is gone.

No signal says so. A service manager sends SIGTERM to all processes of a service at once, as a terminal does with
SIGINT and SIGHUP, but children must stop one after the other, or what is on its way between them is lost. So they are
deaf to these signals, and only the supervisor listens.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from typing import Final

UNHEARD: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""What children leave to the supervisor."""

_STOP: Final = b"s"


def turn_deaf() -> None:
    """Have this process take no notice of `UNHEARD`.

    The signals are caught rather than ignored: a command that this process starts would inherit that, and could not be
    ended by them.
    """
    for number in UNHEARD:
        if signal.getsignal(number) != signal.SIG_IGN:  # as SIGHUP is under `nohup`
            signal.signal(number, lambda _number, _frame: None)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, UNHEARD)  # they came blocked (`children.py`)


def tell_to_stop(lifeline: int) -> None:
    """Say to the child at the other end that it is to stop."""
    with contextlib.suppress(OSError):  # it has ended by itself
        os.write(lifeline, _STOP)


def end_of(lifeline_end: int) -> asyncio.Future[bool]:
    """Done when this process is to stop: with whether it is orphaned, because the supervisor is gone."""
    loop = asyncio.get_running_loop()
    over: asyncio.Future[bool] = loop.create_future()
    os.set_blocking(lifeline_end, False)

    def heard() -> None:
        loop.remove_reader(lifeline_end)
        if not over.done():
            over.set_result(not os.read(lifeline_end, 1))

    loop.add_reader(lifeline_end, heard)
    return over

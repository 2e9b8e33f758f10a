"""`dynmap` and `python -m dynmap`: the command line, or a process that the supervisor starts this way."""

from __future__ import annotations

import signal
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import NoReturn


def run() -> NoReturn:
    """Runs a role for the supervisor, else a command. A role does without the command line's imports."""
    if sys.argv[1:2] in (["_serve"], ["_ingest"]):
        from dynmap.roles import main as run_role

        run_role(sys.argv[1:])
    if sys.argv[1:2] in (["serve"], ["demo"]):
        # Importing takes a while, and who is stopped in it has nothing to process. The supervisor takes over later.
        signal.signal(signal.SIGTERM, _end)
        signal.signal(signal.SIGINT, _end)
    from dynmap.cli import main

    main()


def _end(_number: int, _frame: FrameType | None) -> NoReturn:
    sys.exit(0)


if __name__ == "__main__":
    run()

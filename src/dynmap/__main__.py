"""`python -m dynmap`: the command line, or one of the two processes that the supervisor starts this way."""

from __future__ import annotations

import sys


def run() -> None:
    """Runs a role for the supervisor, else a command. A role does without the command line's imports."""
    if sys.argv[1:2] in (["_serve"], ["_ingest"]):
        from dynmap.roles import main as run_role

        run_role(sys.argv[1:])
    from dynmap.cli import main

    main()


if __name__ == "__main__":
    run()

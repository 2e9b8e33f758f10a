"""A child's side of the supervisor: runs a role and reports how it ended."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import sys
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Any, NoReturn

from dynmap import lifeline
from dynmap.children import STARTUP_ERROR
from dynmap.config import Settings
from dynmap.errors import StartupError


def main(arguments: Sequence[str]) -> NoReturn:
    """Runs the role that the supervisor asks for; what keeps it from starting goes to the descriptor `report`."""
    lifeline.turn_deaf()
    given = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        settings = Settings.model_validate_json(given.settings.read_bytes())
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            code = runner.run(_role(given, settings))
    except StartupError as error:
        os.write(given.report, str(error).encode())
        code = STARTUP_ERROR
    sys.exit(code)


def _role(given: argparse.Namespace, settings: Settings) -> Coroutine[Any, Any, int]:
    if given.role == "_serve":
        from dynmap.serve import role as serving

        return serving.run(settings, given.http, given.relay, given.lifeline)
    from dynmap.ingest import role as ingesting

    listening = {name: int(fd) for name, _, fd in (text.rpartition("=") for text in given.listen)}
    return ingesting.run(settings, given.relay, listening, given.lifeline)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m dynmap")
    parser.add_argument("role", choices=["_serve", "_ingest"])
    parser.add_argument("--settings", type=Path, required=True)
    parser.add_argument("--relay", type=Path, required=True, help="path of the socket between the two")
    parser.add_argument("--lifeline", type=int, required=True, help="says when to stop")
    parser.add_argument("--report", type=int, required=True, help="takes the line of a StartupError")
    parser.add_argument("--http", type=int, help="listening socket of the serving process")
    parser.add_argument(
        "--listen", action="append", default=[], metavar="NAME=FD", help="socket of a TCP source"
    )
    return parser


def _loop_factory() -> Any:
    try:
        import uvloop
    except ImportError:  # there is none for some platforms
        return None
    return uvloop.new_event_loop

"""How long work reports on itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

Progress = Callable[[str, float], None]
"""Called with what is being done now and the share of the whole that is done, 0 to 1."""


def silent(what: str, share: float) -> None:
    """Reports nothing."""


def part(progress: Progress, start: float, end: float) -> Progress:
    """A progress whose 0 to 1 is `start` to `end` of another one."""
    return lambda what, share: progress(what, start + (end - start) * share)


@contextmanager
def bar() -> Iterator[Progress]:
    """A progress that people see: a bar on standard error from the first report on, nothing where it is no terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    console = Console(stderr=True)
    if not console.is_terminal:
        yield silent
        return
    shown = Bar(*columns, console=console, transient=True)
    task = shown.add_task("", total=1.0)

    def report(what: str, share: float) -> None:
        shown.start()
        shown.update(task, description=what, completed=share)

    try:
        yield report
    finally:
        if shown.live.is_started:
            shown.stop()

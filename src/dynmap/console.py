"""What the operator sees: the banner, messages of the processes, and the progress of the first start."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Final

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn
from rich.table import Table

from dynmap.config import Settings, SourceSettings

_STEP: Final = 0.25
"""Progress that is worth a line of its own where there is no terminal to draw a bar on."""


class OperatorConsole:
    """The banner goes to standard output, everything else to standard error."""

    def __init__(self) -> None:
        self._out = Console(highlight=False, soft_wrap=True)
        self._errors = Console(stderr=True, highlight=False, soft_wrap=True)
        self._progress: Progress | None = None
        self._task: TaskID | None = None
        self._last_said = ("", -1.0)

    def banner(self, url: str, settings: Settings, listening: Mapping[str, str]) -> None:
        """Where the page is and where events may come from; `listening` has the address of each TCP source."""
        self._out.print(f"\n  [bold]DynMap[/bold] is at [bold cyan]{escape(url)}[/bold cyan]\n")
        table = Table.grid(padding=(0, 2))
        for source in settings.source:
            table.add_row(
                f"  {source.name}", f"[dim]{source.kind}[/dim]", escape(_from(source, url, listening))
            )
        self._out.print(table)
        self._out.print("\n  [dim]Ctrl-C ends it.[/dim]\n")
        sys.stdout.flush()

    def say(self, text: str) -> None:
        """A message of the supervisor's own."""
        self._errors.print(f"[yellow]dynmap:[/yellow] {escape(text)}")

    def line(self, role: str, text: str) -> None:
        """A line that a child wrote."""
        self._errors.print(f"[dim]{role}:[/dim] {escape(text)}")

    def progress(self, what: str, share: float) -> None:
        """How far the first start is, 0 to 1: a bar on a terminal, a line now and then elsewhere."""
        if not self._errors.is_terminal:
            said, at = self._last_said
            if what != said or share - at >= _STEP:
                self._last_said = (what, share)
                self.say(f"{what} ({share:.0%})" if share else what)
            return
        if self._progress is None:
            columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn())
            self._progress = Progress(*columns, console=self._errors, transient=True)
            self._task = self._progress.add_task(what, total=1.0)
            self._progress.start()
        assert self._task is not None
        self._progress.update(self._task, description=escape(what), completed=share)

    def end_progress(self) -> None:
        """Takes the bar away."""
        if self._progress is not None:
            self._progress.stop()
            self._progress = None


def _from(source: SourceSettings, url: str, listening: Mapping[str, str]) -> str:
    """Where a source's events come from, in words."""
    match source.kind:
        case "tail":
            return str(source.path)
        case "exec":
            return str(source.command)
        case "tcp":
            return listening.get(source.name, str(source.address))
        case "http":
            return f"POST {url}/api/events"
        case "stdin":
            return "standard input"
        case "demo":
            return f"a synthetic world, {source.rate:g} events a second"

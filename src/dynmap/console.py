"""What the operator sees: the banner, messages of the processes, and the progress of the first start."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Final

from dynmap.config import Settings, SourceSettings

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress

_STEP: Final = 0.25
"""Progress that is worth a line of its own where there is no terminal to draw a bar on."""


class OperatorConsole:
    """The banner goes to standard output, everything else to standard error.

    rich is imported when something is to be shown: by then the processes are on their way.
    """

    def __init__(self) -> None:
        self._bar: Progress | None = None
        self._last_said = ("", -1.0)

    @cached_property
    def _out(self) -> Console:
        from rich.console import Console

        return Console(highlight=False, soft_wrap=True)

    @cached_property
    def _errors(self) -> Console:
        from rich.console import Console

        return Console(stderr=True, highlight=False, soft_wrap=True)

    def banner(self, url: str, settings: Settings, listening: Mapping[str, str]) -> None:
        """Where the page is and where events may come from; `listening` has the address of each TCP source."""
        from rich.markup import escape
        from rich.table import Table

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
        self._labelled("dynmap", "yellow", text)

    def line(self, role: str, text: str) -> None:
        """A line that a child wrote."""
        self._labelled(role, "dim", text)

    def _labelled(self, label: str, style: str, text: str) -> None:
        from rich.markup import escape

        self._errors.print(f"[{style}]{label}:[/{style}] {escape(text)}")

    def progress(self, what: str, share: float) -> None:
        """How far the first start is, 0 to 1: a bar on a terminal, a line now and then elsewhere."""
        if not self._errors.is_terminal:
            said, at = self._last_said
            if what != said or share - at >= _STEP:
                self._last_said = (what, share)
                self.say(f"{what} ({share:.0%})" if share else what)
            return
        from rich.markup import escape

        if self._bar is None:
            self._bar = self._started_bar()
        self._bar.update(self._bar.task_ids[0], description=escape(what), completed=share)

    def _started_bar(self) -> Progress:
        from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn

        columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn())
        bar = Progress(*columns, console=self._errors, transient=True)
        bar.add_task("", total=1.0)
        bar.start()
        return bar

    def end_progress(self) -> None:
        """Takes the bar away."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None


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

"""`dynmap check`: reads a sample of lines, has it explained by the pipeline, and shows that to people."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from dynmap import layers
from dynmap.config import SourceSettings
from dynmap.errors import StartupError

if TYPE_CHECKING:
    from dynmap.pipeline.check import Report

SAMPLE_BYTES: Final = 16 << 20
"""How much of a file is read: some 60,000 lines of an access log, understood in well under a second."""

_LOOKED_AT: Final = 8192
_MOST_TOPICS: Final = 8
_MOST_EXAMPLES: Final = 3
_STANDARD_INPUT: Final = Path("-")


def run(file: Path, given: Mapping[str, Any]) -> int:
    """Shows what DynMap makes of a file's lines; `given` has the options of a source and `geo`.

    The exit code is 0 when some of the lines were understood, else 1. Raises StartupError when the file is missing,
    a directory, empty or binary, or an option is wrong.
    """
    sample, whole = read_sample(file)
    source = _source(given)

    from dynmap.geo.table import open_table
    from dynmap.pipeline.check import check

    console = Console(highlight=False, soft_wrap=True)
    with Console(stderr=True).status("opening the location table"):
        table = open_table(given.get("geo"))
        report = check(sample, source, table)
    name = "standard input" if file == _STANDARD_INPUT else str(file)
    _show(report, name if whole else f"the first {SAMPLE_BYTES >> 20} MiB of {name}", console)
    return 0 if report.received > report.rejected else 1


def read_sample(file: Path) -> tuple[bytes, bool]:
    """Whole lines from the start of a file (`-` is standard input), and whether that is all of it.

    Raises StartupError when there are none.
    """
    where = "standard input" if file == _STANDARD_INPUT else str(file)
    try:
        if file == _STANDARD_INPUT:
            data = _read(sys.stdin.buffer)
        else:
            with file.open("rb") as opened:
                data = _read(opened)
    except OSError as error:
        hint = (
            "dynmap serve --tail waits for a file that is not there yet"
            if isinstance(error, FileNotFoundError)
            else ""
        )
        raise StartupError((error.strerror or str(error)).lower(), where=where, hint=hint or None) from error
    if not data.strip():
        raise StartupError("is empty, there is nothing to check", where=where)
    if b"\0" in data[:_LOOKED_AT]:
        packed = data.startswith((b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd"))
        hint = f"it is compressed: zcat {where} | dynmap check -" if packed else "DynMap reads lines of text"
        raise StartupError("is binary", where=where, hint=hint)
    if len(data) <= SAMPLE_BYTES:
        return data if data.endswith(b"\n") else data + b"\n", True
    end = data.rfind(b"\n", 0, SAMPLE_BYTES) + 1
    return data[:end] if end else data[:SAMPLE_BYTES] + b"\n", False


def _read(opened: BinaryIO) -> bytes:
    return opened.read(SAMPLE_BYTES + 1)


def _source(given: Mapping[str, Any]) -> SourceSettings:
    """The source that the options describe, checked like those of `dynmap serve`."""
    options = {key: given[key] for key in ("format", "pattern", "topic") if given.get(key) is not None}
    flags = layers.Flags({"tcp": False}, sources=(("stdin", ""),), defaults=options | {"name": "check"})
    return layers.load_flags(flags).source[0]


def _show(report: Report, name: str, console: Console) -> None:
    console.print(f"\n[bold]{escape(name)}[/bold]\n")
    facts = Table.grid(padding=(0, 2))
    facts.add_row("  format", report.format or "not recognised")
    facts.add_row("  events", f"{report.received:,}")
    for label, weight in _shares(report).items():
        facts.add_row(f"  {label}", f"{weight:,}  [dim]{weight / max(1, report.received):.1%}[/dim]")
    more = " ..." if len(report.topics) > _MOST_TOPICS else ""
    facts.add_row("  topics", escape(", ".join(report.topics[:_MOST_TOPICS]) + more))
    console.print(facts)
    _show_events(report, console)
    _show_rejected(report, console)
    for warning in report.warnings:
        console.print(f"\n  [bold yellow]![/bold yellow] {escape(warning)}")
    console.print()


def _shares(report: Report) -> dict[str, int]:
    return {"located": report.located, "no place": report.unlocated, "rejected": report.rejected}


def _show_events(report: Report, console: Console) -> None:
    if report.events:
        console.print("\n  [bold]as DynMap understands them[/bold] [dim](addresses are masked)[/dim]")
    for event in report.events:
        weight = f", counts {event.weight:,}" if event.weight != 1 else ""
        said = (
            f"{event.subject}: {event.place}, topic {event.topic}, {event.time or 'time of arrival'}{weight}"
        )
        console.print(f"\n  [dim]{escape(event.line)}[/dim]\n    {escape(said)}")


def _show_rejected(report: Report, console: Console) -> None:
    if report.reasons:
        console.print("\n  [bold]why lines are rejected[/bold]")
    for reason, count in sorted(report.reasons.items(), key=lambda item: -item[1]):
        console.print(f"    {count:,} times: {escape(reason)}")
    for example in report.examples[:_MOST_EXAMPLES]:
        console.print(f"    [dim]{escape(example.line)}[/dim]")

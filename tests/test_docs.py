"""What the documents promise is there: files, links, commands and flags."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from dynmap.cli import dynmap
from dynmap.specs import parse

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
LIFE = ROOT / "docs" / "life-of-an-event.md"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", document.read_text()):
        if "://" not in target:
            assert (document.parent / target).exists(), f"{document.name} links to {target}"


def test_each_file_on_an_events_way_exists() -> None:
    named = re.findall(r"`((?:src|web|tests|docs)/[\w./-]+)`", LIFE.read_text())
    assert len(named) >= 20
    for name in named:
        assert (ROOT / name).exists(), f"{LIFE.name} names {name}"


def test_an_events_way_names_what_is_in_these_files() -> None:
    """``name()`` or ``Name`` after a file is defined in it: "`src/a.py` (`name`, `Other`)"."""
    for file, names in re.findall(r"`((?:src|web)/[\w./-]+)`\s+\(((?:`\w+`(?:, )?)+)\)", LIFE.read_text()):
        text = (ROOT / file).read_text()
        for name in re.findall(r"`(\w+)`", names):
            assert re.search(rf"\b{name}\b", text), f"{file} has no {name}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_commands_in_the_documents_can_be_given(document: Path) -> None:
    for line in re.findall(r"^(?: {4}|\$ )(?:.*\| )?(dynmap .*)$", document.read_text(), re.M):
        _check_command(shlex.split(line, comments=True)[1:], line)


def _check_command(words: list[str], line: str) -> None:
    context = click.Context(dynmap)
    command = dynmap.get_command(context, words[0])
    assert command is not None, f"no such command: {line}"
    parsed = command.make_context("dynmap", words[1:], resilient_parsing=True)
    for kind in ("tail", "exec", "tcp"):
        for spec in parsed.params.get(kind) or ():
            parse(kind, spec)

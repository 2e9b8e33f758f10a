"""Where a log file went: what logrotate and its like leave next to it."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from dynmap.ingest.logfile import Checkpoint, Identity, matches, open_log

_COMPRESSED: Final = (".gz", ".bz2", ".xz", ".zst", ".lz4", ".Z")


def directories(path: Path) -> list[Path]:
    """Where a log's rotated files may be: next to it, and next to what it is a link to."""
    near, there = path.absolute().parent, Path(os.path.realpath(path)).parent
    return [near] if near == there else [near, there]


def rotated(path: Path) -> Iterator[Path]:
    """The files that by their names are the log's rotated ones: `access.log.1`, `access.log-20261123`, `access-1.log`.

    Compressed ones are left out.
    """
    names = {path.name, Path(os.path.realpath(path)).name}
    for directory in directories(path):
        try:
            entries = [entry.name for entry in os.scandir(directory)]
        except OSError:
            continue
        for name in entries:
            if (
                name not in names
                and not name.endswith(_COMPRESSED)
                and any(_is_rotated(name, log) for log in names)
            ):
                yield directory / name


def _is_rotated(name: str, log: str) -> bool:
    stem, suffix = os.path.splitext(log)
    return name.startswith((f"{log}.", f"{log}-", f"{log}_")) or (
        bool(suffix) and name.startswith((f"{stem}-", f"{stem}.", f"{stem}_")) and name.endswith(suffix)
    )


def find(path: Path, checkpoint: Checkpoint) -> int | None:
    """A descriptor of the rotated file that a checkpoint stands for: the very file if there, else the newest copy."""
    best: tuple[bool, int] | None = None
    found: int | None = None
    for candidate in rotated(path):
        try:
            fd = open_log(candidate)
        except OSError:
            continue
        about = os.fstat(fd)
        same = Identity.of(about) == checkpoint.identity
        may_be_copy = checkpoint.offset > 0 and about.st_mtime_ns >= checkpoint.modified
        rank = (same, about.st_mtime_ns)
        if (same or may_be_copy) and matches(fd, checkpoint) and (best is None or rank > best):
            if found is not None:
                os.close(found)
            best, found = rank, fd
        else:
            os.close(fd)
    return found


def between(path: Path, old: Identity) -> list[Path]:
    """Files that were the log after `old` was, and were rotated away too before anybody looked; oldest first.

    Told by their names (of `access.log.3` to `.1` the higher number is older, of dates the lower one) and by when they
    were last written to, since not everybody numbers them as logrotate does.
    """
    ages: dict[Path, tuple[bool, int, int]] = {}
    written: dict[Path, int] = {}
    before: Path | None = None
    for candidate in rotated(path):
        age = _age(candidate.name)
        with contextlib.suppress(OSError):
            about = candidate.stat()
            if age is not None:
                ages[candidate], written[candidate] = age, about.st_mtime_ns
                before = candidate if Identity.of(about) == old else before
    if before is None:
        return []
    age = ages[before]
    later = [name for name in ages if ages[name] > age and written[name] >= written[before]]
    return sorted((name for name in later if ages[name][0] == age[0]), key=ages.__getitem__)


def _age(name: str) -> tuple[bool, int, int] | None:
    """What sorts rotated files from old to new: is it a date, and which, with its running number."""
    numbered = re.search(r"[._-](\d{1,5})(?:\.[a-z]+)?$", name)
    dated = re.search(r"[._-](\d{4})-?(\d\d)-?(\d\d)(?:[-_.T]?(\d{1,10}))?(?:\.[a-z]+)?$", name)
    if dated:
        year, month, day, rest = dated.groups()
        return True, int(year + month + day), int(rest or 0)
    return (False, -int(numbered[1]), 0) if numbered else None

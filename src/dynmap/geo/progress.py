"""How long work reports on itself."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[str, float], None]
"""Called with what is being done now and the share of the whole that is done, 0 to 1."""


def silent(what: str, share: float) -> None:
    """Reports nothing."""


def part(progress: Progress, start: float, end: float) -> Progress:
    """A progress whose 0 to 1 is `start` to `end` of another one."""
    return lambda what, share: progress(what, start + (end - start) * share)

"""`dynmap check`: what DynMap makes of a sample of lines, for people."""

from __future__ import annotations

from dataclasses import dataclass

from dynmap.config import SourceSettings
from dynmap.geo.table import LocationTable
from dynmap.relay.message import Rejection


@dataclass(frozen=True, slots=True)
class Understood:
    """One event as understood. `line` and `address` are masked; `time` is None for arrival."""

    line: str
    subject: str
    place: str
    topic: str
    time: str | None
    weight: int


@dataclass(frozen=True, slots=True)
class Report:
    """What a sample of lines holds: weights, up to three events as understood, warnings as sentences with advice."""

    format: str | None
    received: int
    located: int
    unlocated: int
    rejected: int
    topics: list[str]
    events: list[Understood]
    reasons: dict[str, int]
    examples: list[Rejection]
    warnings: list[str]


def check(lines: bytes, source: SourceSettings, table: LocationTable) -> Report:
    """Explain a sample of lines, taken as `source` would take them. Raises SettingsError as `Pipeline` does."""
    raise NotImplementedError

"""`dynmap check`: what DynMap makes of a sample of lines, for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

import numpy as np

from dynmap import grid
from dynmap.config import SourceSettings
from dynmap.geo.table import LocationTable
from dynmap.pipeline.events import NO_STAMP, NO_SUBJECT, REASONS, Block, Filled
from dynmap.pipeline.formats import RejectedLineError, json_values, read_address
from dynmap.pipeline.live import LiveTopics
from dynmap.pipeline.mask import mask
from dynmap.pipeline.pipeline import Pipeline
from dynmap.relay.message import Rejection

EVENTS: Final = 3
"""Events that are shown as understood."""

_NEARLY_ALL: Final = 0.9
_FEW: Final = 20
"""Fewer events than this say nothing about shares."""

_PRIVATE: Final = (
    ("10.0.0.0", 8),
    ("100.64.0.0", 10),
    ("127.0.0.0", 8),
    ("169.254.0.0", 16),
    ("172.16.0.0", 12),
    ("192.168.0.0", 16),
)

_REAL_IP: Final = (
    "in nginx, `set_real_ip_from <the proxy>; real_ip_header X-Forwarded-For;` makes the log "
    "hold the visitor's; or, where the line has that address elsewhere, take it from there: "
    '`--pattern` with a group, such as "(?P<ip>[^"]+)"$ for the last text in quotes'
)


@dataclass(frozen=True, slots=True)
class Understood:
    """One event as understood. `line` and `subject` are masked; `time` is None for arrival."""

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


@dataclass
class _Seen:
    """What passes through a pipeline while it is watched."""

    table: LocationTable
    events: list[Understood] = field(default_factory=list)
    addresses: Counter[int] = field(default_factory=Counter)
    sixes: int = 0
    private: int = 0
    rows: int = 0
    without_time: int = 0

    def block(self, block: Block, filled: Filled, lines: Iterator[bytes], topics: list[str]) -> None:
        """Look at a block whose rows are located."""
        good = np.flatnonzero(block.state[: filled.rows] == 0)
        v4 = block.v4[good]
        self.rows += len(good)
        self.sixes += filled.sixes
        self.private += int(_is_private(v4).sum())
        self.without_time += int((block.stamp[good] == NO_STAMP).sum())
        values, counts = np.unique(v4[v4 != 0], return_counts=True)
        self.addresses.update(dict(zip(values.tolist(), counts.tolist(), strict=True)))
        points = set(block.point_row[: filled.points].tolist())
        sixes = dict(zip(block.six_row[: filled.sixes].tolist(), block.six_place.tolist(), strict=False))
        for row, line in zip(range(filled.rows), lines, strict=False):
            if len(self.events) >= EVENTS:
                return
            if block.state[row] == 0:
                place = sixes.get(row, int(block.place[row]))
                subject = "coordinates" if row in points else ("IPv6" if row in sixes else "IPv4")
                self.events.append(
                    Understood(
                        line=mask(line),
                        subject=subject,
                        place=self._place(subject, place, int(block.cell[row])),
                        topic=topics[int(block.slot[row])],
                        time=_time(int(block.stamp[row])),
                        weight=int(block.weight[row]),
                    )
                )

    def _place(self, subject: str, index: int, cell: int) -> str:
        if subject == "coordinates":
            lon, lat = grid.lonlat((cell >> 25) << 7, (cell & ((1 << 25) - 1)) << 7)
            return f"{lat:.3f}, {lon:.3f}"
        if index == 0:
            return "no place known"
        place = self.table.place(index)
        parts = [part for part in (place.name, place.region, place.country) if part]
        where = ", ".join(dict.fromkeys(parts)) or f"{place.lat:.1f}, {place.lon:.1f}"
        return f"{where} (only roughly known)" if place.coarse else where


def _is_private(
    v4: np.ndarray[tuple[int], np.dtype[np.uint32]],
) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    inside = np.zeros(len(v4), np.bool_)
    for network, bits in _PRIVATE:
        _, address, _ = read_address(network)
        inside |= (v4 >> np.uint32(32 - bits)) == address >> (32 - bits)
    return inside


def _time(stamp: int) -> str | None:
    try:
        return (
            None if stamp < 0 else datetime.fromtimestamp((stamp >> 1) / 1000, UTC).isoformat(" ", "seconds")
        )
    except (OverflowError, ValueError, OSError):
        return None


def check(lines: bytes, source: SourceSettings, table: LocationTable) -> Report:
    """Explain a sample of lines, taken as `source` would take them. Raises SettingsError as `Pipeline` does."""
    pipeline = Pipeline(source, table, LiveTopics())
    decoder, seen = pipeline.decoder(), _Seen(table)
    now = int(datetime.now(UTC).timestamp() * 1000)
    pipeline.watch(seen.block)
    taken = pipeline.take_in(np.frombuffer(lines, np.uint8), now, decoder)
    rollup = pipeline.flush()
    reasons = rollup.reasons if rollup else {}
    return Report(
        format=decoder.format,
        received=taken.received,
        located=taken.located,
        unlocated=taken.unlocated,
        rejected=taken.rejected,
        topics=sorted(rollup.topics) if rollup else [],
        events=seen.events,
        reasons=reasons,
        examples=rollup.examples if rollup else [],
        warnings=list(_warnings(seen, decoder.format, source, reasons, lines)),
    )


def _warnings(
    seen: _Seen, found: str | None, source: SourceSettings, reasons: dict[str, int], lines: bytes
) -> Iterator[str]:
    """What someone who looks at the map would wonder about, and what to do."""
    if found is None:
        yield "no format was recognised: name one (format=ip, combined, json) or give a pattern (format=regex)"
    fields = address_fields(lines) if found == "json" else []
    other = f"; the field {fields[0]} holds addresses too" if fields else f"; {_REAL_IP}"
    if seen.rows >= _FEW and seen.private >= _NEARLY_ALL * seen.rows:
        yield f"{seen.private:,} of {seen.rows:,} addresses are private and have no place on Earth{other}"
    elif seen.addresses and seen.rows >= _FEW:
        most = seen.addresses.most_common(1)[0][1]
        if most >= _NEARLY_ALL * seen.rows:
            yield f"{most:,} of {seen.rows:,} events have one and the same address, perhaps a proxy's{other}"
    if found == "json" and fields and reasons.get(REASONS[NO_SUBJECT], 0) > seen.rows:
        yield f"most lines lack the field ip; {fields[0]} holds addresses: have it written as ip"
    if source.time == "event" and seen.rows and seen.without_time >= _NEARLY_ALL * seen.rows:
        yield "hardly any line has a time that could be read: events count when they arrive"


def address_fields(lines: bytes, most: int = 50) -> list[str]:
    """Names of JSON fields beside ip that hold addresses, the commonest first, among the first lines."""
    found: Counter[str] = Counter()
    for line in lines.splitlines()[:most]:
        try:
            values = json_values(line)
        except RejectedLineError:
            continue
        found.update(
            name
            for name, value in values.items()
            if name != "ip" and isinstance(value, str) and read_address(value)[0]
        )
    return [name for name, _ in found.most_common()]

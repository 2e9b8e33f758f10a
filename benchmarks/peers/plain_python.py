"""The peer: what one would write first. Plain Python with the usual `maxminddb` reader and a dict.

It counts by topic and 20-bit cell (and by tick, where a line has a time), exactly what the server counts.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from math import log, pi, radians, sin
from pathlib import Path

import maxminddb

_COMBINED = re.compile(r'(\S+) \S+ \S+ \[([^\]]+)\] "\S+ (\S+)[^"]*" (\d{3}) ')
_CELLS = 1 << 20

Key = tuple[int, str, int, int]


@lru_cache(1000)  # lines of one second come together: without this, strptime is nearly all of the time
def _tick(stamp: str) -> int:
    return int(datetime.strptime(stamp, "%d/%b/%Y:%H:%M:%S %z").timestamp() * 4)


class PlainPython:
    """Lines in, a dict of (tick, topic, x, y) -> count out."""

    def __init__(self, mmdb4: Path, mmdb6: Path) -> None:
        self._reader4 = maxminddb.open_database(mmdb4)
        self._reader6 = maxminddb.open_database(mmdb6)
        self.counts: defaultdict[Key, int] = defaultdict(int)
        self.unlocated = 0

    def _count(self, address: str, topic: str, tick: int) -> None:
        place = (self._reader6 if ":" in address else self._reader4).get(address)
        if not isinstance(place, dict) or "latitude" not in place:
            self.unlocated += 1
            return
        sine = sin(radians(float(place["latitude"])))  # type: ignore[arg-type]
        x = int((float(place["longitude"]) / 360 + 0.5) * _CELLS)  # type: ignore[arg-type]
        y = int((0.5 - log((1 + sine) / (1 - sine)) / (4 * pi)) * _CELLS)
        self.counts[tick, topic, x, y] += 1

    def ip(self, lines: list[str]) -> None:
        """Bare addresses."""
        for line in lines:
            self._count(line, "ip", 0)

    def combined(self, lines: list[str]) -> None:
        """Combined log lines: address, time, path, status."""
        for line in lines:
            if match := _COMBINED.match(line):
                address, stamp, _path, status = match.groups()
                self._count(address, "web." + status, _tick(stamp))

    def json(self, lines: list[str]) -> None:
        """Flat objects: ip, topic, ts."""
        for line in lines:
            event = json.loads(line)
            self._count(event["ip"], event["topic"], event["ts"] // 250)

    def of(self, name: str) -> Callable[[list[str]], None]:
        """The method for a format."""
        return {"ip": self.ip, "combined": self.combined, "json": self.json}[name]

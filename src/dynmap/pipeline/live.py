"""Live topics: a bounded list of names that all sources of a process share."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Final

from dynmap.topics import MAX_LIVE

MAX_OTHERS: Final = 64
"""Prefixes that get an `.other` of their own; past that it is the source's."""

IDLE_MS: Final = 600_000
"""A topic without events for ten minutes leaves."""

_LOOK_EVERY_MS: Final = 10_000


class LiveTopics:
    """At most 4,096 live topics; past that events count under `<first token>.other`. Safe to use from threads.

    Names of one token, and those whose prefix came after 64 others, go to `<source>.other`. A topic that had no
    events for ten minutes makes room; `generation` then changes, and whoever has kept names must ask again.
    """

    def __init__(self, most: int = MAX_LIVE) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._seen: dict[str, int] = {}
        self._others: dict[str, int] = {}
        self._looked = 0
        self._said = False
        self._notices: list[str] = []
        self.generation = 0

    @property
    def size(self) -> int:
        """How many names are live."""
        return len(self._seen) + len(self._others)

    def admit(self, name: str, source: str, now: int) -> str:
        """The name under which events of a topic are counted: the topic itself while there is room. `now` in ms."""
        with self._lock:
            if name in self._seen or len(self._seen) < self._most:
                self._seen[name] = now
                return name
            if not self._said:
                self._said = True
                self._notices.append(
                    f"more than {self._most:,} live topics: new ones are counted under <first token>.other "
                    f"(the first was in source {source})"
                )
            return self._other(name, source, now)

    def _other(self, name: str, source: str, now: int) -> str:
        first, dot, _ = name.partition(".")
        other = f"{first}.other" if dot else f"{source}.other"
        if other not in self._others and len(self._others) >= MAX_OTHERS:
            other = f"{source}.other"
        self._others[other] = now
        return other

    def seen(self, names: Iterable[str], now: int) -> None:
        """Note that events of these topics came; idle ones leave."""
        with self._lock:
            for name in names:
                known = self._others if name in self._others else self._seen
                if name in known or len(known) < self._most:
                    known[name] = max(now, known.get(name, now))
            if now - self._looked >= _LOOK_EVERY_MS:
                self._looked = now
                self._forget_idle(now)

    def _forget_idle(self, now: int) -> None:
        for known in (self._seen, self._others):
            idle = [name for name, last in known.items() if now - last >= IDLE_MS]
            for name in idle:
                del known[name]
            if idle:
                self.generation += 1

    def notices(self) -> list[str]:
        """Sentences for the operator that have not been said yet; each is said once."""
        with self._lock:
            notices, self._notices = self._notices, []
            return notices

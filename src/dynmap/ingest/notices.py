"""Sentences for the operator about what the events look like as a whole."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from typing import Final

from dynmap.ingest.batching import Seen

MAX_NOTICES: Final = 50
ENOUGH_EVENTS: Final = 1000
"""Events that a judgement about a source needs."""

_REAL_IP: Final = (
    "if a proxy stands before the web server, have it pass the client's address on; for nginx: "
    "set_real_ip_from <the proxy>; real_ip_header X-Forwarded-For;"
)

logger = logging.getLogger(__name__)


class Notices:
    """Notices in the order in which they came up, each once."""

    def __init__(self) -> None:
        self._said: dict[str, None] = {}

    def __iter__(self) -> Iterator[str]:
        return iter(self._said)

    def add(self, notices: Iterable[str]) -> None:
        """Say what was not said before, in the log too."""
        for notice in notices:
            if notice not in self._said and len(self._said) < MAX_NOTICES:
                self._said[notice] = None
                logger.warning("%s", notice)


def about(name: str, seen: Seen) -> list[str]:
    """What is worth knowing about a source's events."""
    total = seen.located + seen.unlocated
    if total < ENOUGH_EVENTS:
        return []
    if seen.unlocated > 0.95 * total:
        return [
            f"{name}: nearly all addresses are private or unknown, so nothing shows on the map; {_REAL_IP}"
        ]
    if seen.places == 1:
        return [f"{name}: all addresses are in one place, which may be a proxy's; {_REAL_IP}"]
    return []

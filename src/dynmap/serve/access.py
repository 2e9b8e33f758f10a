"""What a viewer may see: topics, and until when. No I/O.

Who it is, and whether that can be believed, is another module's business; here it has become a few patterns.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from dynmap import topics
from dynmap.errors import SubscriptionError


@dataclass(frozen=True, slots=True)
class Access:
    """The topics that may be seen, as patterns (sorted, each once), and when that ends (seconds since 1970)."""

    patterns: tuple[str, ...] = (">",)
    expires: float | None = None

    @property
    def is_whole(self) -> bool:
        """Whether all topics may be seen, and with them what tells of all: sources, notices, sums."""
        return ">" in self.patterns

    def shows(self, topic: str) -> bool:
        """Whether a topic may be seen."""
        return self.is_whole or any(topics.matches(pattern, topic) for pattern in self.patterns)

    def meets(self, pattern: str) -> bool:
        """Whether there can be a topic that is within `pattern` and may be seen."""
        return any(overlap(pattern, mine) for mine in self.patterns)

    def check(self, patterns: Iterable[str]) -> None:
        """Raises SubscriptionError (forbidden) when a pattern is beside it; what is wider is narrowed to it later."""
        beside = next((pattern for pattern in patterns if not self.meets(pattern)), None)
        if beside is not None:
            mine = ", ".join(self.patterns)
            raise SubscriptionError("forbidden", f"{beside} is not within what the token allows: {mine}")

    @property
    def is_over(self) -> bool:
        """Whether it has ended."""
        return self.expires is not None and self.expires < time.time()


WHOLE: Final = Access()
"""That of everybody where no tokens are asked for."""


def overlap(one: str, other: str) -> bool:
    """Whether two patterns have a topic in common."""
    left, right = one.split("."), other.split(".")
    for mine, yours in zip(left, right, strict=False):
        if ">" in (mine, yours):
            return True
        if "*" not in (mine, yours) and mine != yours:
            return False
    return len(left) == len(right)

"""How well a viewer's line takes what it is sent, and how often a step is sent over it for that. No I/O.

What waits in the server's own buffer is seen at once. What proxies and kernels hold is not; but a viewer that says up
to where it has committed (`ack`) shows that too.
"""

from __future__ import annotations

from collections import deque
from typing import Final

MAX_UNACKNOWLEDGED: Final = 16
"""Steps that a viewer who acknowledges may be behind with it, beside two of its own pace."""

STALLED_SECONDS: Final = 60.0
"""How long a viewer may take nothing before it is closed."""

SLOWEST: Final = 16
"""Ticks in a step at the most that a viewer is moved to: one step in 4 seconds."""

_FOR_EVER: Final = 1 << 62

_FALLS: Final = 3
_FALLS_SECONDS: Final = 60.0
"""A line that was full so many times in so long is a thin one: its steps become half as many."""

_STEADY_SECONDS: Final = 60.0
"""How long a thin line has to be well before it gets more again."""


class Line:
    """A viewer's line. `every` is how many ticks go into a step; times are monotonic seconds."""

    __slots__ = ("_acknowledged", "_calm_since", "_falls", "_full_since", "_wish", "every")

    def __init__(self) -> None:
        self.every = 1
        self._wish = 1
        self._acknowledged: int | None = None
        self._full_since: float | None = None
        self._calm_since = 0.0
        self._falls: deque[float] | None = None

    @property
    def is_slowed(self) -> bool:
        """Whether it gets fewer steps than it asked for."""
        return self.every > self._wish

    @property
    def trusted_until(self) -> int:
        """Up to which step it may be sent on what it has acknowledged so far."""
        if self._acknowledged is None:
            return _FOR_EVER
        return self._acknowledged + MAX_UNACKNOWLEDGED + 2 * self.every

    def ask(self, every: int, cursor: int) -> None:
        """The viewer wants so many ticks in a step, from a cursor on. It gets more if it could not take fewer."""
        slowed = self.is_slowed
        self._wish = every
        self.every = max(every, self.every) if slowed else every
        if self._acknowledged is not None:
            self._acknowledged = cursor

    def acknowledge(self, number: int) -> None:
        """The viewer has committed a step."""
        self._acknowledged = max(number, self._acknowledged or 0)

    def is_full(self, clogged: bool, cursor: int, now: float) -> bool:
        """Whether it takes no more just now: too much waits with us, or too little of `cursor` is acknowledged."""
        if not clogged and cursor <= self.trusted_until:
            self._full_since = None
            return False
        if self._full_since is None:
            self._full_since = now
            self._falls = self._falls or deque(maxlen=_FALLS)
            self._falls.append(now)
            self._calm_since = now
        return True

    def is_stalled(self, now: float) -> bool:
        """Whether it has taken nothing for long."""
        return self._full_since is not None and now - self._full_since > STALLED_SECONDS

    def adapt(self, now: float) -> bool:
        """Fewer steps for a line that is thin, more for one that has been well; whether that changed anything."""
        falls = self._falls
        if falls is None:
            return False
        if len(falls) == _FALLS and now - falls[0] < _FALLS_SECONDS and self.every < SLOWEST:
            self.every = min(SLOWEST, 2 * self.every)
            falls.clear()
            return True
        if self.every > self._wish and self._full_since is None and now - self._calm_since > _STEADY_SECONDS:
            self.every = max(self._wish, self.every // 2)
            self._calm_since = now
            return True
        return False

"""How much of the server each address takes: live connections, and tokens that are none. No I/O.

Addresses are needed for counting and for nothing else. Not even memory holds them: only their hashes, under a key that
is made anew with the server, and of these only those that are connected or have just failed.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Final

from dynmap.config import LimitSettings
from dynmap.hosts import address_of
from dynmap.serve.refusal import RequestError

_WINDOW_SECONDS: Final = 60.0
_MOST_FAILED: Final = 1 << 16
"""Addresses whose failures are counted at a time."""

_LATER_SECONDS: Final = 10
"""After which it is worth trying to connect again."""


class Crowd:
    """Counts what clients do by the address that they come from; of IPv6, by the network of one site (/64)."""

    def __init__(self, limits: LimitSettings, clock: Callable[[], float] = time.monotonic) -> None:
        self._limits = limits
        self._clock = clock
        self._key = os.urandom(16)
        self._connected: Counter[bytes] = Counter()
        self._failed: Counter[bytes] = Counter()
        self._window = 0.0

    @contextlib.contextmanager
    def connection(self, client: str | None) -> Iterator[None]:
        """For as long as a live connection lasts. Raises RequestError (429) when its address has too many."""
        who = self._known_as(client)
        if who is None:
            yield
            return
        most = self._limits.connections_per_address
        if self._connected[who] >= most:
            raise RequestError(
                429,
                "too_many_connections",
                f"there are {most} live connections from this address already",
                hint="the server's setting limits.connections_per_address",
                headers={"Retry-After": str(_LATER_SECONDS)},
            )
        self._connected[who] += 1
        try:
            yield
        finally:
            self._connected[who] -= 1
            if not self._connected[who]:
                del self._connected[who]

    def failed(self, client: str | None) -> None:
        """A client's token was none."""
        who = self._known_as(client)
        self._let_pass()
        if who is not None and (who in self._failed or len(self._failed) < _MOST_FAILED):
            self._failed[who] += 1

    def check(self, client: str | None) -> None:
        """Raises RequestError (429) when too many tokens from a client's address were none."""
        self._let_pass()
        if not self._failed:
            return
        who = self._known_as(client)
        if who is not None and self._failed[who] >= self._limits.failures_per_address:
            left = self._window + _WINDOW_SECONDS - self._clock()
            raise RequestError(
                429,
                "too_many_failures",
                "too many wrong tokens from this address",
                headers={"Retry-After": str(int(left) + 1)},
            )

    def _let_pass(self) -> None:
        """Forget the failures of a minute that is over."""
        if self._clock() >= self._window + _WINDOW_SECONDS:
            self._window = self._clock()
            self._failed.clear()

    def _known_as(self, client: str | None) -> bytes | None:
        """What stands for an address here; None for this machine itself, which may take what it likes."""
        if client is None:
            return None
        address = address_of(client)
        if address is not None and address.is_loopback:
            return None
        site = b"" if address is None else address.packed[:8]
        return hashlib.blake2b(site, digest_size=8, key=self._key).digest()

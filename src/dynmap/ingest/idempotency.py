"""`Idempotency-Key`: a post that is repeated gets the answer that the first one got, and counts once."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Any, Final, NamedTuple

MAX_KEYS: Final = 10_000
"""Keys remembered; past that the oldest is forgotten."""

MAX_AGE_SECONDS: Final = 3600.0

MAX_KEY: Final = 255
"""Characters of a key."""


class Answer(NamedTuple):
    """What a post is answered with: an HTTP status and a JSON document."""

    status: int
    body: dict[str, Any]


class Answers:
    """The answers of the last hour by key. Repeats that come while the first is at work wait for its answer."""

    def __init__(
        self,
        most: int = MAX_KEYS,
        age: float = MAX_AGE_SECONDS,
        now: Callable[[], float] | None = None,
    ) -> None:
        self._most = most
        self._age = age
        self._now = now or asyncio.get_running_loop().time
        self._known: OrderedDict[tuple[str, str], tuple[float, asyncio.Future[Answer]]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._known)

    async def once(self, key: tuple[str, str], work: Callable[[], Awaitable[Answer]]) -> Answer:
        """The answer of the first call with this key (source, Idempotency-Key); only that call does the work.

        An answer that is no success is not kept: nothing was counted, so a repeat tries again.
        """
        self._forget()
        known = self._known.get(key)
        if known is not None:
            return await asyncio.shield(known[1])
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._known[key] = (self._now(), answer)
        try:
            result = await work()
        except BaseException:
            self._known.pop(key, None)
            answer.cancel()
            raise
        if result.status >= 300:
            self._known.pop(key, None)
        answer.set_result(result)
        return result

    def _forget(self) -> None:
        oldest = self._now() - self._age
        while self._known:
            at, answer = next(iter(self._known.values()))
            if not answer.done() or (len(self._known) < self._most and at >= oldest):
                return
            self._known.popitem(last=False)

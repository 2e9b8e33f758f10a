"""`POST /api/events`: passes bodies to the ingest process, as many at a time as memory allows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, Mapping
from typing import Final

from dynmap.relay.base import AnswerLostError, Hub, RelayDownError
from dynmap.relay.message import Post, PostAnswer
from dynmap.serve import body
from dynmap.serve.body import MAX_BODY
from dynmap.serve.live import Live
from dynmap.serve.refusal import RequestError

MAX_HELD: Final = 4 * MAX_BODY
"""Bytes of all bodies that are being read or on their way."""

_ANSWER_SECONDS: Final = 60.0

_NOT_KNOWN: Final = "whether the events were counted is not known"
_SAFELY: Final = "an Idempotency-Key makes it safe to repeat"


class Intake:
    """Takes posts; who would take more memory than there is for all is told to come back."""

    def __init__(self, live: Live, hub: Hub) -> None:
        self._live = live
        self._hub = hub
        self._held = 0

    async def post(self, headers: Mapping[str, str], chunks: AsyncIterable[bytes]) -> PostAnswer:
        """The ingest process's answer to a body. Raises RequestError: 400, 413, 415, 502, 503 or 504."""
        kind, key = body.content_type(headers), body.idempotency_key(headers)
        self._check_ready()
        held = 0

        def hold(more: int) -> None:
            nonlocal held
            if self._held + more > MAX_HELD:
                raise RequestError(503, "busy", "too many posts at once", hint="try again in a second")
            held += more
            self._held += more

        try:
            data = await body.read(headers, chunks, hold)
            return await self._pass_on(Post(0, data, kind, key=key))
        finally:
            self._held -= held

    async def _pass_on(self, post: Post) -> PostAnswer:
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                return await self._hub.post(post)
        except RelayDownError as error:
            raise RequestError(503, "down", error.what, hint=error.hint) from error
        except AnswerLostError as error:
            raise RequestError(502, "lost", f"{error.what}; {_NOT_KNOWN}", hint=_SAFELY) from error
        except TimeoutError:
            raise RequestError(504, "timeout", f"no answer in time; {_NOT_KNOWN}", hint=_SAFELY) from None

    def _check_ready(self) -> None:
        ingest = self._live.ingest
        if ingest.state != "ready" or not self._hub.connected:
            detail = f": {ingest.detail}" if ingest.detail else ""
            what = f"events can't be taken in while ingest is {ingest.state}{detail}"
            raise RequestError(503, ingest.state, what, hint="try again in a second")

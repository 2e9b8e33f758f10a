"""Server-sent events: `/api/live.sse`, points for `curl -N` and for EventSource (docs/sse.md).

https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

from __future__ import annotations

import asyncio
import random
import time
from typing import Annotated, Any, Final

import msgspec
from fastapi import FastAPI, Header, Query
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from dynmap.errors import SubscriptionError
from dynmap.serve import models
from dynmap.serve.access import WHOLE, Access
from dynmap.serve.body import RequestError
from dynmap.serve.connection import HttpProtocol, http_connection_of
from dynmap.serve.line import STALLED_SECONDS
from dynmap.serve.live import Live
from dynmap.serve.messages import Subscribe
from dynmap.serve.points import Points
from dynmap.serve.stream import Stream

PATH: Final = "/api/live.sse"

HEARTBEAT_SECONDS: Final = 10.0
"""How long a stream is silent at the most, so that proxies keep it."""

_HICCUP: Final = 2
"""Missed steps that a slow reader is sent as they were; more are merged, to go easy on it."""

_RETRY_MS: Final = (1000, 5000)
"""Between which each reader's time to wait before it comes back lies: thousands must not come at once."""

_HEADERS: Final = {
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",
    "Connection": "close",  # a stream ends with its connection, so that the server knows when all are gone
}

_EXAMPLE: Final = 'id: 5f0c2a91.120\ndata: {"tick":1700000000000,"points":[[13.4049,52.5201,"web.ok",3]]}\n\n'


class Reader:
    """Somebody who reads a stream. Nothing is queued: it is a cursor, and what is past it is asked for when it can be
    sent.

    cursor  the last step that was sent, or that held nothing for it
    """

    def __init__(self, live: Live, access: Access, connection: HttpProtocol, send: Send) -> None:
        self.cursor = live.ring.last
        self.connection = connection
        self._live = live
        self._access = access
        self._send = send
        self._news = 0
        self._idle = False
        self._woken = asyncio.Event()
        self._sending: float | None = None
        self._said = time.monotonic()
        self._last_words = b""

    def offer(self, news: Points) -> None:
        """A step in which something happened has closed."""
        self._news = news.number
        if self._idle:  # so it has had everything up to the step before
            self.cursor = news.number - 1
            self.wake()

    def beat(self, number: int, now: float) -> None:
        """Once a second: a sign of life when there was none for long, and a look at its line and its access."""
        if self._sending is not None:
            if now - self._sending > STALLED_SECONDS:
                self.connection.transport.abort()
        elif self._idle and self._access.is_over:
            self.end("expired_token", "the token has expired")
        elif self._idle and now - self._said >= HEARTBEAT_SECONDS:
            self.cursor = number
            self.wake()

    def end(self, code: str, message: str) -> None:
        """Send what there is, say why it is over, and close."""
        self._last_words = _event("end", code=code, message=message)
        self.wake()

    def wake(self) -> None:
        """Something has changed."""
        self._idle = False
        self._woken.set()

    async def run(self, stream: Stream, since: str | None, gone: asyncio.Future[None]) -> None:
        """Send what happens until the reader is `gone` or there is nothing more to say."""
        await self._begin(since)
        missed = self.cursor < self._live.ring.last
        while not gone.done():
            if self._access.is_over:
                self.end("expired_token", "the token has expired")
                break
            if missed or self._news > self.cursor:
                await self._catch_up(stream, gently=not missed)
                missed = False
            elif self._last_words:
                break
            elif time.monotonic() - self._said >= HEARTBEAT_SECONDS:
                await self._say(b": alive\n" + self._id())
            else:
                await self._wait()
        await self._say(self._last_words, more=False)

    async def _begin(self, since: str | None) -> None:
        ring = self._live.ring
        number = ring.number(since) if since else self.cursor
        retry = b"retry: %d\n" % random.randint(*_RETRY_MS)
        if number is None:
            reason = "the cursor is not one of this server's; it was probably started anew"
            await self._say(retry + self._reset(reason))
        elif not ring.reaches(number):
            await self._say(retry + self._reset("the cursor is further back than this server remembers"))
        else:
            self.cursor = number
            await self._say(retry + self._id())

    async def _catch_up(self, stream: Stream, *, gently: bool) -> None:
        """Send what was missed since the cursor; `gently`: merged, unless it is very little."""
        ring = self._live.ring
        last = ring.last
        if not ring.reaches(self.cursor):
            self.cursor = last
            await self._say(self._reset("this reader fell further behind than the server remembers"))
            return
        for news in await stream.between(self.cursor, last, merge=gently and last - self.cursor > _HICCUP):
            await self._say(news.event)
        self.cursor = last

    async def _wait(self) -> None:
        self._woken.clear()
        self._idle = True
        await self._woken.wait()

    async def _say(self, words: bytes, *, more: bool = True) -> None:
        self._sending = time.monotonic()
        await self._send({"type": "http.response.body", "body": words, "more_body": more})
        self._sending, self._said = None, time.monotonic()

    def _id(self) -> bytes:
        """Moves the reader's `Last-Event-ID` on without being an event."""
        return b"id: %b\n\n" % self._live.ring.cursor(self.cursor).encode()

    def _reset(self, reason: str) -> bytes:
        cursor = self._live.ring.cursor(self.cursor).encode()
        return b"id: %b\n%b" % (cursor, _event("reset", reason=reason))


class EventStream(Response):
    """An answer that goes on for as long as somebody reads it."""

    media_type = "text/event-stream"

    def __init__(
        self, live: Live, readers: set[Reader], patterns: tuple[str, ...], access: Access, since: str | None
    ) -> None:
        self.status_code = 200
        self.background = None
        self.init_headers({**_HEADERS, "Content-Type": self.media_type})
        self._live = live
        self._readers = readers
        self._patterns = patterns
        self._access = access
        self._since = since

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one reader."""
        connection = http_connection_of(scope)
        connection.hold_little()
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        reader = Reader(self._live, self._access, connection, send)
        gone = asyncio.ensure_future(_until_gone(receive))
        gone.add_done_callback(lambda _: reader.wake())
        self._readers.add(reader)
        stream = self._live.streams.subscribe(reader, self._patterns, self._access)
        try:
            await reader.run(stream, self._since, gone)
        finally:
            self._live.streams.leave(reader)
            self._readers.discard(reader)
            gone.cancel()


def add_to(app: FastAPI, live: Live) -> None:
    """Add the route."""
    readers: set[Reader] = set()

    def end() -> list[HttpProtocol]:
        for reader in readers:
            reader.end("stopping", "the server stops")
        return [reader.connection for reader in readers]

    live.endings.add(end)

    @app.get(
        PATH,
        status_code=200,
        response_class=EventStream,
        responses={
            200: {"content": {"text/event-stream": {"schema": {"type": "string"}, "example": _EXAMPLE}}},
            400: {"model": models.Problem},
        },
        tags=["state"],
    )
    async def live_sse(
        topics: Annotated[list[str], Query(description="patterns, repeated or joined by commas")] = [">"],  # noqa: B006
        since: Annotated[str | None, Query(description="the `id` of an event: go on after it")] = None,
        last_event_id: Annotated[str | None, Header(description="likewise, as EventSource sends it")] = None,
    ) -> EventStream:
        """What happens, as it happens: server-sent events, each with an `id` to resume from."""
        return EventStream(live, readers, _patterns(topics, WHOLE), WHOLE, last_event_id or since)


def _patterns(given: list[str], access: Access) -> tuple[str, ...]:
    """Raises RequestError."""
    try:
        patterns = Subscribe(topics=",".join(given).split(",")).patterns()
        access.check(patterns)
    except SubscriptionError as error:
        status = 403 if error.code == "forbidden" else 400
        raise RequestError(status, error.code, error.what) from error
    return patterns


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _event(name: str, **data: Any) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (name.encode(), msgspec.json.encode(data))

"""A viewer: somebody's wish, and up to where it has been fulfilled."""

from __future__ import annotations

import time
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, Final

from websockets.frames import CloseCode

from dynmap.errors import SubscriptionError
from dynmap.frame import TICK_MS
from dynmap.serve import messages
from dynmap.serve.access import Access
from dynmap.serve.connection import LiveProtocol
from dynmap.serve.framing import text
from dynmap.serve.line import STALLED_SECONDS, Line
from dynmap.serve.messages import Ack, Error, GoLive, Mark, Pace, Reset, Subscribe, Subscribed
from dynmap.serve.rooms import Audience, Encoded, Payload, joined

if TYPE_CHECKING:
    from dynmap.serve.live import Live

_PATIENCE: Final = 100
"""Messages that make no sense before a viewer is closed."""

_HICCUP: Final = 2
"""Missed steps that are sent as they were to a viewer that could not take them; more are merged, to go easy on it."""

EXPIRED: Final = 4401
"""Close code of a viewer whose token has expired."""


class Viewer:
    """A cursor over the steps. Nothing is queued for it: what it has missed is made from the ring when it can take it.

    audience      what it watches, or None before it has said so
    subscription  the id under which it does
    cursor        the last step that was sent to it, or that held nothing for it
    told          how many of its interest's topics have been named to it
    busy          whether something is being made for it
    """

    __slots__ = (
        "_asked", "_live", "_nonsense", "access", "audience", "busy", "connection", "cursor", "line", "subscription",
        "told",
    )  # fmt: skip

    def __init__(self, live: Live, connection: LiveProtocol, access: Access) -> None:
        self._live = live
        self.connection = connection
        self.access = access
        self.audience: Audience | None = None
        self.subscription = 0
        self.cursor = 0
        self.told = 0
        self.busy = False
        self.line = Line()
        self._asked = 0
        self._nonsense = 0

    def hear(self, message: str | bytes) -> None:
        """Do what the viewer asks for, or tell it why not."""
        try:
            if not isinstance(message, str):
                raise SubscriptionError("bad_message", "a viewer's messages are text, not binary")
            match messages.parse(message):
                case Subscribe() as request:
                    self._subscribe(request)
                case Ack(cursor):
                    number = self._live.ring.number(cursor)
                    if number is not None and number <= self.cursor:
                        self.line.acknowledge(number)
                case GoLive():
                    pass
                case _:
                    raise SubscriptionError("no_history", "there is no history to replay")
        except SubscriptionError as error:
            self._refuse(error)

    def leave(self) -> None:
        """Watch nothing any more."""
        self._asked += 1
        if self.audience is not None:
            self._live.rooms.leave(self, self.audience)
            self.audience = None

    def offer(self, number: int, payload: Payload | None, now: float) -> None:
        """A step has closed: send it (`payload`, None when it holds nothing), if it is this viewer's turn."""
        if self.busy or self.line.is_full(self.connection.is_clogged, self.cursor, now):
            return
        if number % self.line.every:
            return
        if self.cursor < number - 1:
            self.catch_up_soon()
            return
        self.cursor = number
        if payload is not None:
            connection = self.connection
            connection.push(payload.joined(self.told, self.subscription, connection.deflates))
            self.told = payload.listed

    def beat(self, stats: bytes, now: float) -> None:
        """Once a second: a sign of life for who got none with the step, and a look at its line and its access."""
        if self.access.expires is not None and self.access.expires < time.time():
            self.connection.end(EXPIRED, "the token has expired")
        elif self.line.is_stalled(now):
            reason = f"took nothing for {STALLED_SECONDS:.0f} seconds"
            self.connection.end(CloseCode.TRY_AGAIN_LATER, reason)
        elif not self.connection.is_clogged and not self.busy:
            if self.line.adapt(now):
                self._tell_pace()
            if self.cursor != self._live.ring.last or self.audience is None:
                # Its own mark again: who is held back for want of an `ack` is asked for one.
                self.connection.push((self._mark(self.cursor) if self.audience else b"") + stats)

    def catch_up_soon(self) -> None:
        """Catch up in a task of its own."""
        self._work(self._catch_up())

    def _work(self, work: Coroutine[Any, Any, None]) -> None:
        """Be busy with something, unless something else is asked for meanwhile."""
        self.busy = True
        asked = self._asked

        async def run() -> None:
            try:
                await work
            finally:
                if asked == self._asked:
                    self.busy = False

        self._live.tend(run())

    def _refuse(self, error: SubscriptionError) -> None:
        self._nonsense += 1
        if self._nonsense > _PATIENCE:
            self.connection.end(CloseCode.POLICY_VIOLATION, "too many messages that make no sense")
        elif not self.connection.is_clogged:
            self.connection.say(messages.encode(Error(error.code, error.what)))

    def _subscribe(self, request: Subscribe) -> None:
        patterns, area, every = request.patterns(), request.area(), request.steps()
        self._check_allowed(patterns)
        self.leave()
        self.audience = self._live.rooms.enter(self, patterns, self.access, area)
        self.subscription = request.id
        self.told = 0
        resumes = request.since is not None and self._resume(request.since)
        self.line.ask(every, self.cursor if resumes else self._live.ring.last)
        begin = self._go_on if resumes else self._start
        self._work(begin(self.audience, request.window))

    def _check_allowed(self, patterns: tuple[str, ...]) -> None:
        """A pattern wider than the access is narrowed to it; one beside it is refused."""
        beside = next((pattern for pattern in patterns if not self.access.meets(pattern)), None)
        if beside is not None:
            mine = ", ".join(self.access.patterns)
            raise SubscriptionError("forbidden", f"{beside} is not within what the token allows: {mine}")

    def _resume(self, cursor: str) -> bool:
        ring = self._live.ring
        number = ring.number(cursor)
        if number is None:
            self._reset("the cursor is not one of this server's; it was probably started anew")
        elif not ring.reaches(number):
            self._reset("the cursor is further back than this server remembers")
        else:
            self.cursor = number
            return True
        return False

    def _reset(self, reason: str) -> None:
        self.connection.say(messages.encode(Reset(self.subscription, reason)))

    async def _start(self, audience: Audience, window: float) -> None:
        """Begin at the last step: the sums up to it, and a picture of what came before."""
        asked, last = self._asked, self._live.ring.last
        self.cursor = last
        mark = self._mark_of(last)
        counts = audience.interest.totals(self._live.totals) if audience.area.is_world else {}
        answer = Subscribed(self.subscription, mark.cursor, sum(counts.values()), counts)
        self.connection.push(audience.interest.names(0) + text(messages.encode(answer)))
        self.told = len(audience.interest.listed)
        picture = await audience.picture(window, last) if window else []
        if asked == self._asked:
            self._push(audience, picture, mark)

    async def _go_on(self, audience: Audience, window: float) -> None:
        """Begin at the cursor: a picture of what came before it, and all that came since."""
        asked, ring, cursor = self._asked, self._live.ring, self.cursor
        last, mark = ring.last, self._mark_of(ring.last)
        frames = await audience.picture(window, cursor) if window else []
        frames = frames + await audience.between(cursor, last, merge=False)
        if asked == self._asked:
            self._push(audience, frames, mark)
            self.cursor = last

    async def _catch_up(self) -> None:
        """Send what was missed since the cursor, up to the last step, or start anew when that is forgotten."""
        audience, asked, ring = self.audience, self._asked, self._live.ring
        if audience is None:
            return
        if not ring.reaches(self.cursor):
            self._reset("this viewer fell further behind than the server remembers")
            await self._start(audience, 0)
            return
        last, mark = ring.last, self._mark_of(ring.last)
        frames = await audience.between(self.cursor, last, merge=last - self.cursor > _HICCUP)
        if asked == self._asked:
            self._push(audience, frames, mark)
            self.cursor = last

    def _push(self, audience: Audience, frames: list[Encoded], mark: Mark) -> None:
        names = audience.interest.names(self.told)
        self.connection.push(joined(names, frames, self.subscription, self.connection.deflates, mark))
        self.told = len(audience.interest.listed)

    def _tell_pace(self) -> None:
        every = self.line.every * TICK_MS
        reason = "the line took no more for a while" if self.line.is_slowed else "the line has been well"
        self.connection.say(messages.encode(Pace(self.subscription, every, reason)))

    def _mark_of(self, number: int) -> Mark:
        ring = self._live.ring
        return Mark(ring.cursor(number), ring.tick, self.subscription)

    def _mark(self, number: int) -> bytes:
        return text(messages.encode(self._mark_of(number)))

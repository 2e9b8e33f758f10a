"""A viewer: somebody's wish, and up to where it has been fulfilled."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from websockets.frames import CloseCode

from dynmap.errors import SubscriptionError
from dynmap.frame import TICK_MS
from dynmap.serve import messages
from dynmap.serve.access import Access
from dynmap.serve.audience import Address, Audience, Payload, joined
from dynmap.serve.connection import LiveProtocol
from dynmap.serve.framing import text
from dynmap.serve.line import STALLED_SECONDS, Line
from dynmap.serve.messages import Ack, Error, GoLive, Mark, Pace, Reset, Subscribe, Subscribed
from dynmap.serve.room import Encoded

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

    audience   what it watches, or None before it has said so
    address    how many of its interest's topics have been named to it, under which id it watches, whether it deflates
    cursor     the last step that was sent to it, or that held nothing for it
    steady     up to which step it can be sent each one without a further look at it
    """

    __slots__ = (
        "_asked", "_busy", "_live", "_nonsense", "_takes", "access", "address", "audience", "connection", "cursor",
        "line", "steady", "transport",
    )  # fmt: skip

    def __init__(self, live: Live, connection: LiveProtocol, access: Access) -> None:
        self._live = live
        self.connection = connection
        self.transport = connection.transport
        self.access = access
        self.audience: Audience | None = None
        self.address: Address = (0, 0, connection.deflates)
        self.cursor = 0
        self.steady = 0
        self.line = Line()
        self._busy = False
        self._takes = True
        self._asked = 0
        self._nonsense = 0

    def hear(self, message: str | bytes) -> None:
        """Do what the viewer asks for, or tell it why not."""
        subscription: int | None = None
        try:
            if not isinstance(message, str):
                raise SubscriptionError("bad_message", "a viewer's messages are text, not binary")
            match messages.parse(message):
                case Subscribe(id=subscription) as request:
                    self._subscribe(request)
                case Ack(cursor):
                    number = self._live.ring.number(cursor)
                    if number is not None and number <= self.cursor:
                        self.line.acknowledge(number)
                        self._settle()
                case GoLive():
                    pass
                case _:
                    raise SubscriptionError("no_history", "there is no history to replay")
        except SubscriptionError as error:
            self._refuse(error, subscription)

    def takes(self, more: bool) -> None:
        """Its connection takes more from now on, or doesn't: too much waits already, or it is about to end."""
        self._takes = more
        self._settle()

    def told(self, listed: int) -> None:
        """It knows so many of the topics that its interest has listed."""
        if self.audience is not None:
            self.address = self.audience.address(listed, *self.address[1:])

    @property
    def busy(self) -> bool:
        """Whether something is being made for it."""
        return self._busy

    def leave(self) -> None:
        """Watch nothing any more."""
        self._asked += 1
        if self.audience is not None:
            self._live.rooms.leave(self, self.audience)
            self.audience = None

    def offer(self, number: int, payload: Payload | None, now: float) -> None:
        """A step has closed: send it (`payload`, None when it holds nothing), if this viewer can take it just now."""
        if self._busy or self.line.is_full(not self._takes, self.cursor, now) or number % self.line.every:
            return
        if self.cursor < number - 1:
            self.catch_up_soon()
            return
        self.cursor = number
        if payload is not None:
            self.connection.push(payload.joined.get(self.address) or payload.join(self.address))
            self.told(payload.listed)

    def beat(self, stats: bytes, now: float) -> None:
        """Once a second: a sign of life for who got none with the step, and a look at its line and its access."""
        if self.access.is_over:
            self.connection.end(EXPIRED, "the token has expired")
        elif self.line.is_stalled(now):
            reason = f"took nothing for {STALLED_SECONDS:.0f} seconds"
            self.connection.end(CloseCode.TRY_AGAIN_LATER, reason)
        elif self._takes and not self._busy:
            if self.line.adapt(now):
                self._settle()
                self._tell_pace()
            if self.cursor != self._live.ring.last or self.audience is None:
                # Its own mark again: who is held back for want of an `ack` is asked for one.
                self.connection.push((self._mark(self.cursor) if self.audience else b"") + stats)

    def catch_up_soon(self) -> None:
        """Catch up in a task of its own."""
        self._work(self._catch_up)

    def _work(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Be busy with something, until something else is asked for, which may be so before it has even begun."""
        self._busy = True
        self._settle()
        asked = self._asked

        async def run() -> None:
            try:
                if asked == self._asked:
                    await work()
            finally:
                if asked == self._asked:
                    self._busy = False
                    self._settle()

        self._live.tend(run())

    def _settle(self) -> None:
        well = self._takes and not self._busy and self.audience is not None and self.line.every == 1
        self.steady = self.line.trusted_until if well else 0

    def _refuse(self, error: SubscriptionError, subscription: int | None) -> None:
        self._nonsense += 1
        if self._nonsense > _PATIENCE:
            self.connection.end(CloseCode.POLICY_VIOLATION, "too many messages that make no sense")
        elif self._takes:
            self.connection.say(messages.encode(Error(error.code, error.what, subscription)))

    def _subscribe(self, request: Subscribe) -> None:
        patterns, area, every = request.patterns(), request.area(), request.steps()
        self.access.check(patterns)
        self.leave()
        self.audience = self._live.rooms.enter(self, patterns, self.access, area)
        self.address = self.audience.address(0, request.id, self.connection.deflates)
        resumes = request.since is not None and self._resume(request.since)
        self.line.ask(every, self.cursor if resumes else self._live.ring.last)
        self._work(partial(self._go_on if resumes else self._start, self.audience, request.window))

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
        self.connection.say(messages.encode(Reset(self.address[1], reason)))

    async def _start(self, audience: Audience, window: float) -> None:
        """Begin at the last step: the sums up to it, and a picture of what came before."""
        asked, last = self._asked, self._live.ring.last
        self.cursor = last
        mark = self._mark_of(last)
        counts = audience.interest.totals(self._live.totals) if audience.area.is_world else {}
        answer = Subscribed(self.address[1], mark.cursor, sum(counts.values()), counts)
        self.connection.push(audience.interest.names(0) + text(messages.encode(answer)))
        self.told(len(audience.interest.listed))
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
        self.connection.push(joined(audience.interest.names(self.address[0]), frames, self.address, mark))
        self.told(len(audience.interest.listed))

    def _tell_pace(self) -> None:
        every = self.line.every * TICK_MS
        reason = "the line took no more for a while" if self.line.is_slowed else "the line has been well"
        self.connection.say(messages.encode(Pace(self.address[1], every, reason)))

    def _mark_of(self, number: int) -> Mark:
        ring = self._live.ring
        return Mark(ring.cursor(number), ring.tick, self.address[1])

    def _mark(self, number: int) -> bytes:
        return text(messages.encode(self._mark_of(number)))

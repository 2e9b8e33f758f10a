"""A viewer: somebody's wish, and up to where it has been fulfilled."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from websockets.frames import CloseCode

from dynmap.errors import SubscriptionError
from dynmap.serve import messages
from dynmap.serve.connection import MAX_WAITING, LiveProtocol
from dynmap.serve.framing import text
from dynmap.serve.messages import Ack, Error, GoLive, Mark, Reset, Subscribe, Subscribed
from dynmap.serve.rooms import Room, joined

if TYPE_CHECKING:
    from dynmap.serve.live import Live

STALLED_SECONDS: Final = 60.0
"""How long a viewer may take nothing before it is closed."""

_PATIENCE: Final = 100
"""Messages that make no sense before a viewer is closed."""


class Viewer:
    """A cursor over the steps. Nothing is queued for it: what it has missed is made from the ring when it can take it.

    room          what it watches, or None before it has said so
    subscription  the id under which it does
    cursor        the last step that was sent to it, or that held nothing for it
    told          how many of the room's topics have been named to it
    acknowledged  the last step that it says it has committed
    """

    __slots__ = (
        "_asked", "_live", "_nonsense", "_stalled_since", "acknowledged", "busy", "connection", "cursor", "room",
        "subscription", "told",
    )  # fmt: skip

    def __init__(self, live: Live, connection: LiveProtocol) -> None:
        self._live = live
        self.connection = connection
        self.room: Room | None = None
        self.subscription = 0
        self.cursor = 0
        self.told = 0
        self.acknowledged = 0
        self.busy = False
        self._asked = 0
        self._nonsense = 0
        self._stalled_since: float | None = None

    async def hear(self, message: str | bytes | None) -> None:
        """Do what the viewer asks for, or tell it why not."""
        try:
            if not isinstance(message, str):
                raise SubscriptionError("bad_message", "a viewer's messages are text, not binary")
            match messages.parse(message):
                case Subscribe() as request:
                    await self._subscribe(request)
                case Ack(cursor):
                    self.acknowledged = self._live.ring.number(cursor) or self.acknowledged
                case GoLive():
                    pass
                case _:
                    raise SubscriptionError("no_history", "there is no history to replay")
        except SubscriptionError as error:
            self._refuse(error)

    def _refuse(self, error: SubscriptionError) -> None:
        self._nonsense += 1
        if self._nonsense > _PATIENCE:
            self.connection.end(CloseCode.POLICY_VIOLATION, "too many messages that make no sense")
        elif self.connection.waiting <= MAX_WAITING:
            self.connection.say(messages.encode(Error(error.code, error.what)))

    def leave(self) -> None:
        """Watch nothing any more."""
        self._asked += 1
        if self.room is not None:
            self._live.rooms.leave(self, self.room)
            self.room = None

    async def _subscribe(self, request: Subscribe) -> None:
        patterns, area = request.patterns(), request.area()
        self.leave()
        self.room = self._live.rooms.enter(self, patterns, area)
        self.subscription = request.id
        self.told = 0
        self.busy = True
        asked = self._asked
        try:
            if request.since is not None and self._resume(request.since):
                await self.catch_up()
            else:
                await self._start(self.room, request.window)
        finally:
            if asked == self._asked:
                self.busy = False

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

    async def _start(self, room: Room, window: float) -> None:
        asked, ring = self._asked, self._live.ring
        self.cursor = ring.last
        mark = self.mark()
        counts = room.totals(self._live.totals)
        answer = Subscribed(self.subscription, ring.cursor(ring.last), sum(counts.values()), counts)
        self.connection.push(room.names(0) + text(messages.encode(answer)))
        self.told = len(room.listed)
        picture = await room.picture(window) if window else []
        if asked == self._asked:
            self._push(room, picture, mark)

    async def catch_up(self) -> None:
        """Send what was missed since the cursor, up to the last step, or start anew when that is forgotten."""
        room, asked, ring = self.room, self._asked, self._live.ring
        if room is None:
            return
        if not ring.reaches(self.cursor):
            self._reset("this viewer fell further behind than the server remembers")
            await self._start(room, 0)
            return
        last, mark = ring.last, self.mark()
        frames = await room.between(self.cursor, last)
        if asked == self._asked:
            self._push(room, frames, mark)
            self.cursor = last

    def _push(self, room: Room, frames: list[bytes], mark: bytes) -> None:
        self.connection.push(joined(room.names(self.told), frames, self.subscription, mark))
        self.told = len(room.listed)

    def mark(self) -> bytes:
        """What closes the last step, ready to be written."""
        ring = self._live.ring
        return text(messages.encode(Mark(ring.cursor(ring.last), ring.tick)))

    def is_behind(self, now: float) -> bool:
        """Whether it takes nothing more just now. It is closed when that has been so for long (monotonic seconds)."""
        if self.connection.waiting <= MAX_WAITING:
            self._stalled_since = None
            return False
        if self._stalled_since is None:
            self._stalled_since = now
        elif now - self._stalled_since > STALLED_SECONDS:
            reason = f"took nothing for {STALLED_SECONDS:.0f} seconds"
            self.connection.end(CloseCode.TRY_AGAIN_LATER, reason)
        return True

    def catch_up_soon(self) -> asyncio.Task[None]:
        """Catch up in a task of its own."""
        self.busy = True
        asked = self._asked

        async def run() -> None:
            try:
                await self.catch_up()
            finally:
                if asked == self._asked:
                    self.busy = False

        return asyncio.create_task(run())

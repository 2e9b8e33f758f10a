"""A conversation with `/api/live`: what to say, and what becomes of what is heard. No I/O, no clock."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Final, TypedDict, Unpack

from dynmap import wire
from dynmap.client import messages
from dynmap.client.ledger import Ledger
from dynmap.client.messages import (
    Ack,
    Error,
    Hello,
    Mark,
    Pace,
    Reset,
    Stats,
    Subscribe,
    Subscribed,
    Tile,
    Topics,
)
from dynmap.client.steps import Step
from dynmap.errors import RefusedError

PROTOCOL: Final = 1

ACK_SECONDS: Final = 1.0
"""How often the server is told how far this client is."""

_IDS: Final = 256


class Wishes(TypedDict, total=False):
    """What can be asked for, as it is easily written: a pattern or many, tiles as any triples."""

    topics: str | Iterable[str]
    tiles: Iterable[Tile] | None
    rest: bool
    every: int | None
    window: float


@dataclass(frozen=True, slots=True)
class Wish:
    """What a client wants to see; see docs/live-protocol.md for each field."""

    topics: tuple[str, ...] = (">",)
    tiles: tuple[Tile, ...] | None = None
    rest: bool = False
    every: int | None = None
    window: float = 0

    def but(self, **wishes: Unpack[Wishes]) -> Wish:
        """The same but for these."""
        changed: dict[str, Any] = dict(wishes)
        if isinstance(changed.get("topics"), str):
            changed["topics"] = (changed["topics"],)
        for name in {"topics", "tiles"} & changed.keys():
            changed[name] = None if changed[name] is None else tuple(changed[name])
        return replace(self, **changed)


class Session:
    """One client's conversation, over as many connections as it takes.

    Whoever has the socket calls `opened`, `change` and `acknowledge`, and says what they answer; hands what it hears to
    `take`; and tells of the end of a connection with `lost`. What marks have closed lies in `steps`, for `next_step`.
    """

    def __init__(self, wish: Wish, since: str | None = None) -> None:
        self.wish = wish
        self.steps: deque[Step] = deque()
        self.stats: dict[str, Any] = {}
        self.every: int | None = None
        """Milliseconds from step to step, where the server has said so."""
        self.answered = False
        """Whether the server has taken up the subscription on this connection."""
        self.ledger = Ledger(since)
        self._granted: Wish | None = None
        self._anew = False
        self._subscription = 0
        self._unacknowledged: str | None = None
        self._acknowledged_at = float("-inf")

    def opened(self) -> str:
        """What to say first on a new connection."""
        self.ledger.forget_numbers()
        self.every = None
        return self._subscribe()

    def change(self, wish: Wish, *, anew: bool = False) -> str:
        """What to say so as to see something else: from here on, or `anew`, from the server's own totals."""
        self.wish = wish
        self._anew = self._anew or anew
        return self._subscribe()

    def lost(self) -> None:
        """The connection is gone: what came after the last mark is forgotten, and will come again."""
        self.ledger.forget_waiting()
        self.answered = False
        self._unacknowledged = None

    def take(self, message: str | bytes) -> None:
        """Take in what came.

        Raises MessageError and FrameError when it can't be understood: nothing that this connection brings later can
        be trusted. Raises RefusedError when the server doesn't do what it was asked for: then the wish is again what it
        has granted before, to be asked for on another connection.
        """
        if isinstance(message, bytes):
            self._frame(wire.decode(message))
            return
        match messages.parse(message):
            case Mark() as mark if self._is_ours(mark.id):
                self._mark(mark)
            case Topics(names):
                self.ledger.name(names)
            case Subscribed(id, cursor, counts) if self._is_ours(id):
                self._grant()
                self.ledger.open(cursor, counts)
            case Reset(id, reason) if self._is_ours(id):
                self.ledger.reset(reason)
            case Stats():
                self.stats = messages.document(message)
            case Pace(id, every) if self._is_ours(id):
                self.every = every
            case Hello(protocol) if protocol != PROTOCOL:
                told = f"the server speaks version {protocol} of the protocol, this client {PROTOCOL}"
                raise RefusedError("protocol", told, hint="upgrade the older of the two")
            case Error(code, told, id) if id is None or self._is_ours(id):
                self.wish, self._anew = self._granted or self.wish, False
                raise RefusedError(code, told)

    def next_step(self) -> Step:
        """What has been closed up to now, as one step, unless it has to be told apart. Raises IndexError."""
        step = self.steps.popleft()
        while self.steps and not self.steps[0].is_fresh_start:
            step = step.and_then(self.steps.popleft())
        return step

    def ack_due(self) -> float | None:
        """When to say next how far it is (on the clock that `acknowledge` is given), or None: there is no need."""
        return None if self._unacknowledged is None else self._acknowledged_at + ACK_SECONDS

    def acknowledge(self, now: float) -> str | None:
        """What to say now (in seconds, on any clock), or None."""
        due = self.ack_due()
        if due is None or now < due:
            return None
        assert self._unacknowledged is not None
        ack = messages.encode(Ack(self._unacknowledged))
        self._unacknowledged, self._acknowledged_at = None, now
        return ack

    def _subscribe(self) -> str:
        self.ledger.forget_waiting()
        self.answered = False
        self._unacknowledged = None
        self._subscription = (self._subscription + 1) % _IDS
        request = Subscribe(
            id=self._subscription,
            topics=self.wish.topics,
            tiles=self.wish.tiles,
            rest=self.wish.rest,
            every=self.wish.every,
            since=None if self._anew else self.ledger.cursor,
            window=self.wish.window,
        )
        return messages.encode(request)

    def _is_ours(self, subscription: int) -> bool:
        return subscription == self._subscription

    def _grant(self) -> None:
        """The server answers to the present wish: topics that are not in it are no longer kept account of."""
        if self._granted is not None and self._granted.topics != self.wish.topics:
            self.ledger.keep(self.wish.topics)
        self.answered, self._granted, self._anew = True, self.wish, False

    def _frame(self, frame: wire.WireFrame) -> None:
        if self._is_ours(frame.subscription):
            self._grant()
            self.ledger.receive(frame)

    def _mark(self, mark: Mark) -> None:
        self._grant()
        self.steps.append(self.ledger.commit(mark.cursor, mark.tick))
        self._unacknowledged = mark.cursor

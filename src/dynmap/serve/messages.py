"""The JSON messages of `/api/live` (section 6 of the design; docs/live-protocol.md). No I/O."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from dynmap import topics
from dynmap.errors import SubscriptionError
from dynmap.frame import TICK_MS
from dynmap.serve.area import Area, Tile, area_of

PROTOCOL: Final = 1

MAX_PATTERNS: Final = 64
MAX_EVERY_MS: Final = 10_000

Milliseconds = Annotated[int, Meta(ge=-(2**53), le=2**53)]
Cursor = Annotated[str, Meta(max_length=128)]


class Subscribe(msgspec.Struct, frozen=True, kw_only=True, tag="subscribe"):
    """What a viewer wants from now on, instead of what it wanted before."""

    id: Annotated[int, Meta(ge=0, le=255)] = 0
    topics: list[str] = msgspec.field(default_factory=lambda: [">"])
    tiles: list[Tile] | None = None
    rest: bool = False
    since: Cursor | None = None
    every: Annotated[int, Meta(ge=TICK_MS, le=MAX_EVERY_MS)] = TICK_MS
    window: Annotated[float, Meta(ge=0, le=86_400)] = 0

    def patterns(self) -> tuple[str, ...]:
        """Its topic patterns, sorted, each once. Raises SubscriptionError."""
        if not self.topics:
            raise SubscriptionError("bad_topics", 'no topics: ask for ">" to get all')
        if len(self.topics) > MAX_PATTERNS:
            raise SubscriptionError("bad_topics", f"{len(self.topics)} patterns, but at most {MAX_PATTERNS}")
        for position, pattern in enumerate(self.topics):
            if problem := topics.problem_with_pattern(pattern):
                raise SubscriptionError("bad_topics", f"topics[{position}]: {problem}")
        wanted = set(self.topics)
        return (">",) if ">" in wanted else tuple(sorted(wanted))

    def area(self) -> Area:
        """Where it looks. Raises SubscriptionError."""
        return area_of(self.tiles, self.rest)

    def steps(self) -> int:
        """How many ticks are to be sent as one step. Raises SubscriptionError."""
        if self.every % TICK_MS:
            raise SubscriptionError(
                "bad_message", f"every is {self.every} ms, but must be a multiple of {TICK_MS}"
            )
        return self.every // TICK_MS


class Ack(msgspec.Struct, frozen=True, tag="ack"):
    """Up to where a viewer has committed."""

    cursor: Cursor


class Play(msgspec.Struct, frozen=True, tag="play", rename={"start": "from"}):
    """Replay a stretch of the past."""

    start: Milliseconds
    to: Milliseconds | None = None
    speed: Annotated[float, Meta(gt=0, le=1e6)] = 1
    loop: bool = False


class Seek(msgspec.Struct, frozen=True, tag="seek"):
    """Go to a moment of the past."""

    to: Milliseconds


class Pause(msgspec.Struct, frozen=True, tag="pause"):
    """Hold the replay."""


class StepOn(msgspec.Struct, frozen=True, tag="step"):
    """One tick of a held replay."""


class GoLive(msgspec.Struct, frozen=True, tag="live"):
    """End the replay."""


Request = Subscribe | Ack | Play | Seek | Pause | StepOn | GoLive

_KINDS: Final[dict[str, type[Request]]] = {
    kind.__struct_config__.tag: kind  # type: ignore[misc]
    for kind in (Subscribe, Ack, Play, Seek, Pause, StepOn, GoLive)
}


class _Any(msgspec.Struct):
    type: str


_kind_of = msgspec.json.Decoder(_Any)
_decoders = {name: msgspec.json.Decoder(kind) for name, kind in _KINDS.items()}


def parse(text: str) -> Request:
    """A viewer's message. Raises SubscriptionError that says what is wrong with it."""
    try:
        kind = _kind_of.decode(text).type
        decoder = _decoders.get(kind)
        if decoder is None:
            raise SubscriptionError("unknown_type", f"type is none of {', '.join(_KINDS)}")
        return decoder.decode(text)
    except msgspec.ValidationError as error:
        raise SubscriptionError("bad_message", str(error)) from error
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise SubscriptionError("bad_json", f"not JSON: {error}") from error


class Hello(msgspec.Struct, frozen=True, tag="hello"):
    """First of all. `now` and `started` in ms since 1970."""

    now: int
    epoch: str
    started: int
    protocol: int = PROTOCOL
    tick_ms: int = TICK_MS


class Subscribed(msgspec.Struct, frozen=True, tag="subscribed"):
    """A subscription that starts anew: the totals since the server started, up to its cursor."""

    id: int
    cursor: str
    located: int
    topics: dict[int, int]


class Topics(msgspec.Struct, frozen=True, tag="topics"):
    """Names of numbers, before the numbers are used."""

    topics: dict[int, str]


class Mark(msgspec.Struct, frozen=True, tag="mark"):
    """Everything up to `cursor` has been sent to subscription `id`. `tick`: start of the last tick, ms since 1970."""

    cursor: str
    tick: int
    id: int = 0


class Pace(msgspec.Struct, frozen=True, tag="pace"):
    """From now on a step comes every so many ms, and why."""

    id: int
    every: int
    reason: str


class Reset(msgspec.Struct, frozen=True, tag="reset"):
    """`since` can't be honoured; `subscribed` follows."""

    id: int
    reason: str


class EventCounts(msgspec.Struct, frozen=True):
    """received = located + unlocated + rejected, always."""

    received: int
    located: int
    unlocated: int
    rejected: int


IngestState = Literal["starting", "compiling", "ready", "draining", "down"]


class Ingest(msgspec.Struct, frozen=True):
    """How the ingest process does. `progress` is 0 to 1."""

    state: IngestState
    detail: str = ""
    progress: float = 0.0


class Source(msgspec.Struct, frozen=True):
    """How a source does."""

    name: str
    kind: str
    format: str
    state: str
    detail: str
    received: int
    rejected: int
    producers: int = 0
    lag_bytes: int | None = None


class Stats(msgspec.Struct, frozen=True, tag="stats"):
    """Once a second. `rate` is located events a second, `started` ms since 1970."""

    events: EventCounts
    rate: float
    viewers: int
    started: int
    ingest: Ingest
    sources: list[Source]
    notices: list[str]


class Error(msgspec.Struct, frozen=True, tag="error"):
    """A request that was not carried out; the connection goes on. `id` is that of a subscription that was refused."""

    code: str
    message: str
    id: int | None = None


Answer = Hello | Subscribed | Topics | Mark | Pace | Reset | Stats | Error

_encoder = msgspec.json.Encoder()


def encode(message: Answer) -> bytes:
    """A message of the server as JSON text."""
    return _encoder.encode(message)


def builtins(message: msgspec.Struct) -> Any:
    """A message as dictionaries and lists."""
    return msgspec.to_builtins(message)

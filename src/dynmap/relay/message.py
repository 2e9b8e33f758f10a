"""What travels on the relay: one message a batch, with all its ticks and topics. No I/O.

A message is stored whole or not at all. Its `(producer, generation, first, last)` says which part of the producer's
sequence it holds, so that one that comes twice is counted once. The same bytes go over the local socket and over a bus.
"""

from __future__ import annotations

from typing import Any, TypedDict

import msgspec
import numpy as np

from dynmap.errors import MessageError
from dynmap.frame import I64, MAX_TOPICS, U16, U32, Frame, frames_by_tick


class Rejection(msgspec.Struct, frozen=True, array_like=True):
    """A bad line kept as an example: why, and its first bytes with addresses masked."""

    reason: str
    line: str


class Columns(TypedDict):
    """The columns of a batch's rows, as bytes."""

    tick: bytes
    topic: bytes
    x: bytes
    y: bytes
    count: bytes


class BatchMessage(msgspec.Struct, frozen=True, tag="batch"):
    """A batch, rolled up.

    source      name of the source, a topic token
    producer    name of what has the sequence (a file, a listener, a connection), unique over all sources
    generation  starts anew at truncation or rotation
    first, last positions in the producer's sequence: [first, last)
    arrival     when the batch was opened, ms since 1970
    topics      names; the column `topic` and the keys of `unlocated` index into it
    ticks       starts in ms since 1970; the column `tick` indexes into it
    columns     the rows, in bytes: see `rows`
    located, unlocated, rejected   sums of weights; unlocated by topic index
    reasons     rejected weights by reason
    examples    a few of the rejected lines
    checkpoint  what the source needs to go on from `last` after a restart; opaque to everyone else
    """

    source: str
    producer: str
    generation: int
    first: int
    last: int
    arrival: int
    topics: list[str]
    ticks: list[int]
    tick: bytes
    topic: bytes
    x: bytes
    y: bytes
    count: bytes
    located: int
    unlocated: dict[int, int]
    rejected: int
    reasons: dict[str, int]
    examples: list[Rejection]
    checkpoint: dict[str, Any] | None = None

    @property
    def received(self) -> int:
        """The weight of all events in it: received = located + unlocated + rejected."""
        return self.located + sum(self.unlocated.values()) + self.rejected

    @classmethod
    def columns(cls, tick: U16, topic: U16, x: U32, y: U32, count: U32) -> Columns:
        """The column arguments of a message: uint16[n] tick index, uint16[n] topic index, uint32[n] x, y, count."""
        return {
            "tick": tick.astype("<u2").tobytes(),
            "topic": topic.astype("<u2").tobytes(),
            "x": x.astype("<u4").tobytes(),
            "y": y.astype("<u4").tobytes(),
            "count": count.astype("<u4").tobytes(),
        }

    def rows(self) -> tuple[I64, U16, U32, U32, U32]:
        """The rows as columns: int64[n] tick in ms since 1970, uint16[n] topic, uint32[n] x, y and count.

        Raises MessageError when the columns don't fit together, or don't sum to `located`.
        """
        where = f"batch of {self.producer}"
        try:
            tick, topic = np.frombuffer(self.tick, "<u2"), np.frombuffer(self.topic, "<u2")
            x, y, count = (np.frombuffer(column, "<u4") for column in (self.x, self.y, self.count))
            ticks = np.asarray(self.ticks, np.int64)
        except (ValueError, OverflowError) as error:
            raise MessageError("a column is not whole", where=where) from error
        if not len(tick) == len(topic) == len(x) == len(y) == len(count):
            raise MessageError("columns differ in length", where=where)
        if len(tick) and (tick.max() >= len(self.ticks) or topic.max() >= min(len(self.topics), MAX_TOPICS)):
            raise MessageError("a row names a tick or topic that the batch lacks", where=where)
        if (total := int(count.sum(dtype=np.uint64))) != self.located:
            raise MessageError(f"says {self.located} located, but its rows sum to {total}", where=where)
        return ticks[tick], topic, x, y, count

    def check_unlocated(self) -> None:
        """Raises MessageError when unlocated events are under a topic that the batch lacks."""
        if not all(0 <= topic < len(self.topics) for topic in self.unlocated):
            raise MessageError(
                "unlocated events of a topic that the batch lacks", where=f"batch of {self.producer}"
            )

    def frames(self) -> list[Frame]:
        """One frame a tick, topics numbered as in `topics`. Raises MessageError as `rows` does."""
        return frames_by_tick(*self.rows())


class Position(msgspec.Struct, frozen=True):
    """How far a producer's sequence is stored, and the checkpoint that came with it."""

    producer: str
    generation: int
    last: int
    checkpoint: dict[str, Any] | None = None


class Positions(msgspec.Struct, frozen=True, tag="positions"):
    """Serving side's first message to an ingest process: from where to go on."""

    positions: list[Position]


class Ack(msgspec.Struct, frozen=True, tag="ack"):
    """Serving side: the batch up to `last` is in the ring."""

    producer: str
    generation: int
    last: int


class SourceStatus(msgspec.Struct, frozen=True):
    """How a source does. `state` is one of waiting, open, down, ended; `detail` is for people."""

    name: str
    kind: str
    format: str
    state: str
    detail: str = ""
    producers: int = 0
    lag_bytes: int | None = None


class Status(msgspec.Struct, frozen=True, tag="status"):
    """Ingest side, at each change and once a second.

    `state` is starting, compiling, ready or draining; `progress` is 0 to 1; `notices` are sentences for the operator.
    """

    state: str
    detail: str = ""
    progress: float = 0.0
    sources: list[SourceStatus] = []
    notices: list[str] = []
    geo: dict[str, Any] = {}


class Post(msgspec.Struct, frozen=True, tag="post"):
    """Serving side: a body from `POST /api/events`, already unzipped, to be taken in and answered under `id`."""

    id: int
    body: bytes
    content_type: str
    key: str | None = None
    source: str = "http"


class PostAnswer(msgspec.Struct, frozen=True, tag="answer"):
    """Ingest side: what became of a post. `status` is the HTTP status, `body` the JSON document to answer with."""

    id: int
    status: int
    body: dict[str, Any]


class Drained(msgspec.Struct, frozen=True, tag="drained"):
    """Ingest side, last of all: nothing more will come."""


Message = BatchMessage | Positions | Ack | Status | Post | PostAnswer | Drained

_encoder = msgspec.msgpack.Encoder()
_decoder: msgspec.msgpack.Decoder[Message] = msgspec.msgpack.Decoder(Message)


def encode(message: Message) -> bytes:
    """A message as msgpack."""
    return _encoder.encode(message)


def decode(data: bytes | memoryview) -> Message:
    """A message from msgpack. Raises MessageError when the bytes are none."""
    try:
        return _decoder.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise MessageError(f"not a message: {error}", where=f"{len(data)} bytes") from error

"""What every relay offers, whatever carries the messages: a `Link` to whoever ingests, a `Hub` to whoever serves."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final, Protocol

from dynmap.errors import DynMapError
from dynmap.relay.message import BatchMessage, Position, Post, PostAnswer, Status

MAX_UNACKNOWLEDGED: Final = 32 << 20
"""Bytes that may be on their way to the serving side before `Link.room` holds the sources back."""

OnBatch = Callable[[BatchMessage], None]
OnStatus = Callable[[Status], None]
OnGone = Callable[[bool], None]
OnPost = Callable[[Post], Awaitable[PostAnswer]]


class RelayDownError(DynMapError):
    """Nobody ingests just now; the caller may try again."""


class AnswerLostError(DynMapError):
    """Whoever took a post in went away before they answered: whether its events were counted is not known."""


class Link(Protocol):
    """The ingesting end."""

    @property
    def positions(self) -> dict[tuple[str, int], Position]:
        """What is stored, by (producer, generation): from where sources go on after a restart."""

    def publish(self, message: BatchMessage) -> None:
        """Send a batch, and send it again after every lost connection until it is acknowledged."""

    async def stored(self, producer: str, generation: int, last: int) -> None:
        """Wait until a producer's sequence is acknowledged up to `last`."""

    def say(self, status: Status) -> None:
        """Tell how ingest does; only the latest counts."""

    async def room(self) -> None:
        """Wait while more than `MAX_UNACKNOWLEDGED` bytes are unacknowledged."""

    async def drain(self) -> None:
        """Wait until all that was published is acknowledged, then say that nothing more will come."""

    async def close(self) -> None:
        """Disconnect. What is not acknowledged is forgotten."""


class Hub(Protocol):
    """The serving end. Each batch is handed on once, however often it is sent."""

    @property
    def connected(self) -> bool:
        """Whether somebody ingests."""

    @property
    def batches(self) -> int:
        """Batches handed on."""

    @property
    def duplicates(self) -> int:
        """Batches dropped because they were stored already."""

    @property
    def overlaps(self) -> int:
        """Batches of which a part was stored already, against the contract: that part counts twice."""

    @property
    def invalid(self) -> int:
        """Batches dropped because they did not hang together."""

    async def post(self, post: Post) -> PostAnswer:
        """Have a body taken in, and wait for the answer.

        Raises RelayDownError when nobody ingests, AnswerLostError when they go away meanwhile.
        """

    async def close(self) -> None:
        """Stop listening and disconnect."""

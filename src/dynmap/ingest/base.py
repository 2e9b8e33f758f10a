"""What sources have in common: the protocol that they follow, and what they hand their lines to.

A source never blocks and knows nothing of viewers, relays or places. It reads whole lines and hands them to its
`Intake` with the `Span` that they take up in its own sequence, so that a batch which is sent twice counts once.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple, Protocol

from dynmap.ingest.lines import U8
from dynmap.pipeline.pipeline import Decoder, LineError, Taken
from dynmap.relay.message import Position, SourceStatus

Positions = Mapping[tuple[str, int], Position]
"""What is stored, by (producer, generation)."""

SMALL_READ: Final = 16 * 1024
"""Bytes below which a read is part of a trickle, which is gathered until the next mark."""


class Span(NamedTuple):
    """A stretch of a producer's sequence: positions [first, last) of a generation.

    checkpoint   what the source needs to go on from `last` after a restart
    """

    generation: int
    first: int
    last: int
    checkpoint: dict[str, Any] | None = None


class Sequence:
    """The sequence of a producer that can't be read again (a socket, a pipe): a running count of its bytes."""

    __slots__ = ("generation", "position")

    def __init__(self, generation: int) -> None:
        self.generation = generation
        self.position = 0

    def span(self, length: int) -> Span:
        """The next `length` bytes."""
        first, self.position = self.position, self.position + length
        return Span(self.generation, first, self.position)


class Intake(Protocol):
    """Where a source hands its lines in. Everything that is handed in between two marks leaves as one message."""

    def decoder(self, format: str | None = None) -> Decoder:
        """A new decoder, for one connection or file; of a format that is known whatever the settings say."""

    def open(self) -> None:
        """Stamp the arrival of lines that will be handed in at the next mark."""

    def take_in(
        self, lines: U8, span: Span, decoder: Decoder, errors: list[LineError] | None = None
    ) -> Taken:
        """Hand in whole lines; `errors` gets those that were rejected."""

    def reject(self, reason: str, sample: bytes, span: Span) -> None:
        """Count one line that can't be handed in; `sample` is how it begins."""

    def skip(self, span: Span) -> None:
        """Pass over bytes that hold no event of their own."""

    async def mark(self) -> None:
        """Wait for the next wall-clock multiple of 50 ms, just before what was handed in is sent."""

    @property
    def crowded(self) -> bool:
        """Whether the relay holds the sources back just now."""

    async def room(self) -> None:
        """Wait as long as the relay holds the sources back."""

    async def stored(self, span: Span) -> None:
        """Send what was handed in without waiting for the mark, and wait until all up to the span's end is stored."""


class Source(Protocol):
    """One source of events.

    `begin` is called once, at the start of the process, and fixes where the source begins; `run` when lines can be
    taken in. A source that fails says so in its status and tries again, it does not raise.
    """

    @property
    def status(self) -> SourceStatus:
        """How it does."""

    def begin(self, positions: Positions) -> None:
        """Fix the starting position: after what is stored, else where the settings say."""

    async def run(self, intake: Intake) -> None:
        """Hand in lines until the input ends or `stop` is called."""

    def stop(self) -> None:
        """Have `run` take in what has arrived, accept nothing more and return."""

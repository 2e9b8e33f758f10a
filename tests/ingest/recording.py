"""An intake that notes what it is handed, for tests of the sources' own logic."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import cast

from dynmap.ingest.base import Span
from dynmap.ingest.lines import U8
from dynmap.pipeline.pipeline import Decoder, LineError, Taken
from dynmap.relay.message import Position


class RecordingIntake:
    """Keeps lines and spans, and checks that the spans of each generation follow on each other."""

    def __init__(self) -> None:
        self.lines: list[bytes] = []
        self.rejected: list[bytes] = []
        self.reasons: list[str] = []
        self.spans: list[Span] = []
        self.taken_at: list[int] = []
        self.crowded = False
        self.hold_marks = False
        self.calls = 0
        self.format: str | None = "ip"
        self.formats: list[str | None] = []
        self._last: dict[int, int] = {}

    def decoder(self, format: str | None = None) -> Decoder:
        self.formats.append(format)
        return cast(Decoder, SimpleNamespace(format=format or self.format, lines=0))

    def open(self) -> None:
        pass

    def take_in(
        self, lines: U8, span: Span, decoder: Decoder, errors: list[LineError] | None = None
    ) -> Taken:
        data = lines.tobytes()
        assert data.endswith(b"\n")
        self._note(span)
        self.calls += 1
        taken = data[:-1].split(b"\n")
        self.lines += taken
        cast(SimpleNamespace, decoder).lines += len(taken)
        return Taken(len(taken), len(taken), 0, 0)

    def reject(self, reason: str, sample: bytes, span: Span) -> None:
        self._note(span)
        self.reasons.append(reason)
        self.rejected.append(sample)

    def skip(self, span: Span) -> None:
        if span.first < span.last:
            self._note(span)

    async def mark(self) -> None:
        await asyncio.sleep(0.002)
        while self.hold_marks:
            await asyncio.sleep(0.002)

    async def room(self) -> None:
        while self.crowded:
            await asyncio.sleep(0.001)

    async def stored(self, span: Span) -> None:
        await asyncio.sleep(0)

    @property
    def positions(self) -> dict[tuple[str, int], Position]:
        """What would be stored if all that was handed in is."""
        return {
            ("log", span.generation): Position("log", span.generation, span.last, span.checkpoint)
            for span in self.spans
        }

    def _note(self, span: Span) -> None:
        assert span.first == self._last.get(span.generation, 0)
        assert span.first < span.last
        self._last[span.generation] = span.last
        self.spans.append(span)
        self.taken_at.append(len(self.lines))


Until = Callable[[Callable[[], bool]], Awaitable[None]]
"""Waits until something holds."""

"""A room: topics at a place. Its frame is cut, bounded and encoded once a step, however many watch it. No I/O."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from dynmap import wire
from dynmap.serve import framing
from dynmap.serve.area import Place
from dynmap.serve.feed import FEW_STEPS, Feed, Span
from dynmap.serve.selection import Bound, Part
from dynmap.serve.steps import Step

_HEAD: Final = 8
"""Bytes of a binary frame up to and with the subscription id, in which viewers differ."""


class Encoded:
    """A binary frame for any subscription, plain and, if somebody wants it, compressed."""

    __slots__ = ("_deflated", "_plain")

    def __init__(self, plain: bytes) -> None:
        self._plain = plain
        self._deflated: bytes | None = None

    def message(self, subscription: int, deflates: bool) -> bytes:
        """As a WebSocket message to a subscription."""
        addressed = wire.addressed(self._plain[:_HEAD], subscription)
        if not deflates or len(self._plain) < framing.WORTH_DEFLATING:
            return framing.binary(addressed + self._plain[_HEAD:])
        if self._deflated is None:
            self._deflated = framing.deflate(self._plain[_HEAD:])
        return framing.binary_deflated(addressed, self._deflated)


class Room:
    """An interest at a place, in so many rows. It is there as long as an audience has it."""

    def __init__(self, feed: Feed, place: Place, rows: int) -> None:
        self.key = (feed.interest.wanted, place, rows)
        self.feed = feed
        self.place = place
        self.audiences = 0
        self._rows = rows
        self._live: dict[int, list[Encoded]] = {}
        self._merged: dict[Span, list[Encoded]] = {}

    def live(self, step: Step) -> list[Encoded]:
        """The frames of a step as it happened."""
        made = self._live.get(step.number)
        if made is None:
            made = self._live[step.number] = self._encoded(self.feed.live(step))
            while len(self._live) > FEW_STEPS:
                del self._live[next(iter(self._live))]
        return made

    def merged(self, span: Span, parts: Sequence[Part]) -> list[Encoded]:
        """The frames of parts that were merged or are a picture."""
        made = self._merged.get(span)
        if made is None:
            made = self._merged[span] = self._encoded(parts)
        return made

    def forget(self) -> None:
        """A new step has come."""
        self._merged.clear()

    def _encoded(self, wholes: Sequence[Part]) -> list[Encoded]:
        interest = self.feed.interest
        bound = Bound(self._rows, interest.parents, interest.other)
        parts = bound.within(wholes, self.place)
        for part in parts:
            interest.list(part.frame.topic)
        return [Encoded(encoded) for part in parts for encoded in part.encode(self.place)]

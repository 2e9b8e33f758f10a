"""An interest's part of the steps: selected once, whatever the places that are cut from it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from dynmap.frame import TICK_MS
from dynmap.serve import selection
from dynmap.serve.interest import Interest
from dynmap.serve.ring import Ring
from dynmap.serve.selection import Part
from dynmap.serve.steps import Step

FEW_STEPS: Final = 8
"""Missed steps that are sent as they were; more are merged into one."""

_HEAVY_ROWS: Final = 50_000
"""Rows whose merging would hold the server up (10 ms and more): that is done in a thread."""

_ROWS_A_STEP: Final = 100
"""What a step costs beside its rows, in rows."""

Span = tuple[str, int, int]
"""What was merged, from where to where."""


class Feed:
    """The steps of an interest, as parts of the whole world."""

    def __init__(self, interest: Interest, ring: Ring) -> None:
        self.interest = interest
        self.audiences = 0
        self._ring = ring
        self._live: dict[int, list[Part]] = {}
        self._making: dict[Span, asyncio.Task[list[Part]]] = {}

    def live(self, step: Step) -> list[Part]:
        """A step as it happened."""
        made = self._live.get(step.number)
        if made is None:
            made = self._live[step.number] = selection.as_it_was(step, self.interest.filter())
            while len(self._live) > FEW_STEPS:
                del self._live[next(iter(self._live))]
        return made

    def few(self, first: int, last: int) -> list[Step] | None:
        """The steps past `first` up to `last` that hold something, when they are few and light; else None."""
        steps = self._ring.between(first, last)
        return steps if len(steps) <= FEW_STEPS and _weight(steps) < _HEAVY_ROWS else None

    async def caught_up(self, first: int, last: int) -> list[Part]:
        """The steps past `first` up to `last`, merged."""
        steps, of = self._ring.between(first, last), self.interest.filter()
        return await self._once(("between", first, last), steps, lambda: selection.caught_up(steps, of))

    async def picture(self, seconds: float, number: int) -> list[Part]:
        """A picture of the last seconds up to a step, as far as the ring reaches."""
        end = self._ring.tick_of(number) + TICK_MS
        start = end - max(TICK_MS, int(min(seconds, self._ring.seconds) * 1000))
        steps = [step for step in self._ring.since(start) if step.number <= number]
        of = self.interest.filter()
        return await self._once(
            ("picture", start, end), steps, lambda: selection.picture(steps, start, end, of)
        )

    def forget(self) -> None:
        """A new step has come: what was merged up to the one before is not asked for again."""
        self._making.clear()

    async def _once(self, span: Span, steps: Sequence[Step], select: Callable[[], list[Part]]) -> list[Part]:
        """What is made for one viewer is made for all who ask for the same before the next step."""
        if span not in self._making:
            self._making[span] = asyncio.create_task(_made(steps, select))
        return await asyncio.shield(self._making[span])


async def _made(steps: Sequence[Step], select: Callable[[], list[Part]]) -> list[Part]:
    if _weight(steps) < _HEAVY_ROWS:
        return select()
    return await asyncio.to_thread(select)


def _weight(steps: Sequence[Step]) -> int:
    return sum(step.rows + _ROWS_A_STEP for step in steps)

"""How far each producer's sequence is stored: what makes a batch that is sent twice count once. No I/O."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from typing import Final

from dynmap.relay.message import BatchMessage, Position

MAX_GENERATIONS: Final = 8
"""Generations remembered for each producer."""

MAX_PRODUCERS: Final = 50_000
"""Producers remembered; past that, whoever has been silent the longest is forgotten."""


class PositionTable:
    """Positions by producer and generation, bounded in both."""

    def __init__(self, positions: Iterable[Position] = ()) -> None:
        self._by_producer: OrderedDict[str, OrderedDict[int, Position]] = OrderedDict()
        self.update(positions)

    def __iter__(self) -> Iterator[Position]:
        for generations in self._by_producer.values():
            yield from generations.values()

    def stored(self, producer: str, generation: int) -> int | None:
        """The position up to which a producer's generation is stored, or None when nothing of it is."""
        generations = self._by_producer.get(producer)
        position = generations.get(generation) if generations else None
        return position.last if position else None

    def holds(self, batch: BatchMessage) -> bool:
        """Whether the whole of a batch is stored already."""
        stored = self.stored(batch.producer, batch.generation)
        return stored is not None and batch.last <= stored

    def store(self, position: Position) -> None:
        """Note that a producer's generation is stored up to a position; one that is behind changes nothing."""
        generations = self._by_producer.setdefault(position.producer, OrderedDict())
        known = generations.get(position.generation)
        if known is None or known.last < position.last:
            generations[position.generation] = position
        generations.move_to_end(position.generation)
        self._by_producer.move_to_end(position.producer)
        if len(generations) > MAX_GENERATIONS:
            generations.popitem(last=False)
        if len(self._by_producer) > MAX_PRODUCERS:
            self._by_producer.popitem(last=False)

    def update(self, positions: Iterable[Position]) -> None:
        """Note all of these."""
        for position in positions:
            self.store(position)


def position_of(batch: BatchMessage) -> Position:
    """The position that storing a batch leads to."""
    return Position(batch.producer, batch.generation, batch.last, batch.checkpoint)

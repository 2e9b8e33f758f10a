"""The server's topics: one number a name for the server's life, and each one's parent. No I/O."""

from __future__ import annotations

from typing import Final

import numpy as np

from dynmap import topics
from dynmap.frame import MAX_TOPICS, U16

_FOLDS: Final = 64
"""How many `<first token>.other` there can be; what is left goes to `other`."""

OTHER: Final = "other"


class TopicIndex:
    """Names to numbers and back. Numbers count up from 0, are never used for another name, and stay below `most`.

    A topic's parents have numbers too, so that rows can be rolled up into them. When the numbers run out, what is
    new is counted as `<first token>.other`: memory stays bounded under an endless list of topics.
    """

    def __init__(self, most: int = MAX_TOPICS) -> None:
        self._for_names = most - _FOLDS
        self._numbers: dict[str, int] = {}
        self.names: list[str] = []
        self.parents: U16 = np.arange(most, dtype=np.uint16)
        self.folded = False
        self.other = self._add(OTHER)

    def __len__(self) -> int:
        return len(self.names)

    def restore(self, names: list[str], folded: bool) -> None:
        """Give these names the numbers that they had, to an index that has no others yet."""
        for name in names[len(self.names) :]:
            self._add(name)
        self.folded = folded

    def number(self, name: str) -> int:
        """The number under which a topic is counted, given now if the name is new."""
        known = self._numbers.get(name)
        if known is not None:
            return known
        missing = [name]
        while (parent := topics.parent_of(missing[-1])) != missing[-1] and parent not in self._numbers:
            missing.append(parent)
        if len(self.names) + len(missing) > self._for_names:
            return self._fold(name)
        for topic in reversed(missing):
            self._add(topic)
        return self._numbers[name]

    def _fold(self, name: str) -> int:
        self.folded = True
        fold = f"{name.partition('.')[0]}.{OTHER}"
        known = self._numbers.get(fold)
        if known is not None:
            return known
        return self._add(fold) if len(self.names) < len(self.parents) else self.other

    def _add(self, name: str) -> int:
        number = len(self.names)
        self._numbers[name] = number
        self.names.append(name)
        self.parents[number] = self._numbers.get(topics.parent_of(name), number)
        return number

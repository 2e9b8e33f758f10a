"""Topics of one pipeline as small numbers: kernels meet a line's hash, Python names it the first time."""

from __future__ import annotations

import secrets
from typing import Final

import numpy as np

from dynmap.frame import MAX_TOPICS
from dynmap.pipeline.events import REASONS, KeysAt
from dynmap.pipeline.formats import Values
from dynmap.pipeline.kernels_combined import FIELDS
from dynmap.pipeline.kernels_topic import key_of_name, remember
from dynmap.pipeline.live import LiveTopics
from dynmap.pipeline.memory import address_of
from dynmap.pipeline.template import TopicError, TopicRule
from dynmap.topics import MAX_LENGTH

_TABLE: Final = 1 << 15
_MOST_KEYS: Final = _TABLE // 2
"""Hashes kept; when there are more, all are forgotten and met again."""

_FIRST_REASON: Final = 40
_LAST_REASON: Final = 99

_FULL: Final = MAX_TOPICS // 2


class Keys:
    """Hashes of the values that make topics, and their slots, where kernels find them.

    A hash is of 64 bits with two keys drawn at random per process, so nobody can construct a collision; by chance one
    new value in 2^49 is taken for one of those kept. It would count under that one's topic.
    """

    def __init__(self, fields: tuple[str, ...]) -> None:
        wanted, names = len(fields), [field.encode() for field in fields]
        self._kept = 0
        self._field = np.zeros(wanted, np.uint64)
        self._length = np.array([len(name) for name in names], np.int64)
        spans = [FIELDS.index(field) if field in FIELDS else -1 for field in fields]
        self._span = np.array(spans, np.int64)
        self._found = np.zeros(wanted, np.uint64)
        self._key = np.zeros(_TABLE, np.uint64)
        self._slot = np.zeros(_TABLE, np.int32)
        self.at = KeysAt(
            wanted=wanted,
            field=address_of(self._field),
            length=address_of(self._length),
            span=address_of(self._span),
            found=address_of(self._found),
            mask=_TABLE - 1,
            key=address_of(self._key),
            slot=address_of(self._slot),
            seed=secrets.randbits(62),
            secret=secrets.randbits(62) | 1,
        )
        for number, name in enumerate(names):
            data = np.frombuffer(name, np.uint8)
            at = address_of(data)
            self._field[number] = key_of_name(at, len(name), at + len(name), self.at)

    def forget(self) -> None:
        """Forget all hashes."""
        self._key[:] = 0
        self._kept = 0

    def keep(self, key: int, slot: int) -> None:
        """Keep the slot of a hash that is not there yet. When there are too many, all others are forgotten first."""
        if self._kept >= _MOST_KEYS:
            self.forget()
        remember(self.at, int(np.uint64(key).view(np.int64)), slot)
        self._kept += 1


class Slots:
    """Slots (0 to 16,383) of topic names, and the table by which kernels find them. Slot 0 is the default topic."""

    def __init__(self, source: str, rule: TopicRule, live: LiveTopics) -> None:
        self._source, self._rule, self._live = source, rule, live
        self._reasons = dict(REASONS)
        self._codes = {text: code for code, text in REASONS.items()}
        self.keys = Keys(rule.fields)
        self.names: list[str] = []
        self._slots: dict[str, int] = {}
        self._met: dict[tuple[object, ...], int] = {}
        self._generation = live.generation

    @property
    def full(self) -> bool:
        """Whether slots run low, so that `renew` is needed."""
        return len(self.names) >= _FULL

    def begin(self, now: int) -> None:
        """Make slot 0 before a first event is counted: the only topic, or where events go should slots run out.

        `now` in ms since 1970.
        """
        if self.names:
            return
        if self._rule.fields:
            self.names.append(f"{self._source}.other")
        else:
            self._slot(self._rule.default, now)

    def renew(self) -> None:
        """Forget all slots if names have left the live table or slots run low; only when nothing is counted."""
        if self._generation != self._live.generation or self.full:
            self._generation = self._live.generation
            self.names, self._slots = [], {}
            self.keys.forget()
            self._met.clear()

    def _slot(self, name: str, now: int) -> int:
        slot = self._slots.get(name)
        if slot is not None:
            return slot
        counted = self._live.admit(name, self._source, now)
        slot = self._slots.get(counted)
        if slot is None and len(self.names) < MAX_TOPICS:
            slot = self._slots[counted] = len(self.names)
            self.names.append(counted)
        return slot or 0

    def of(self, values: Values, now: int) -> int:
        """The slot for a line's values, or minus the number of the reason why it has none."""
        wanted = tuple(map(values.get, self._rule.fields))
        if not all(
            value is None or (isinstance(value, str) and len(value) <= MAX_LENGTH) for value in wanted
        ):
            return self._named(values, now)
        slot = self._met.get(wanted)
        if slot is None:
            if len(self._met) >= _MOST_KEYS:
                self._met.clear()
            slot = self._met[wanted] = self._named(values, now)
        return slot

    def _named(self, values: Values, now: int) -> int:
        try:
            return self._slot(self._rule.name(values), now)
        except TopicError as error:
            return -self.code(str(error))

    def keep(self, key: int, slot: int) -> None:
        """Let kernels find a slot (or minus a reason) by a hash that they did not know."""
        self.keys.keep(key, slot)

    def code(self, reason: str) -> int:
        """The number of a reason for a rejection. They are few; should they ever be many, the last stands for all."""
        code = self._codes.get(reason)
        if code is None:
            code = min(_FIRST_REASON + len(self._codes), _LAST_REASON)
            self._codes[reason] = code
            self._reasons[code] = reason
        return code

    def reason(self, code: int) -> str:
        """The text of a reason."""
        return self._reasons[code]

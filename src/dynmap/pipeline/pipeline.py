"""The pipeline of one source: whole lines in, counts by tick, topic and cell out.

    pipeline = Pipeline(source, table, topics)       one per source
    decoder = pipeline.decoder()                     one per connection or file
    taken = pipeline.take_in(lines, arrival, decoder)
    rollup = pipeline.flush()                        everything since the last flush

One thread at a time may use a pipeline; different pipelines may run in different threads (kernels release the GIL).
An address ends here: nothing that comes out of `flush` or `errors` holds one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from dynmap.config import SourceSettings
from dynmap.errors import SettingsError
from dynmap.geo.table import LocationTable
from dynmap.pipeline.decode import Decoder, Lines
from dynmap.pipeline.events import GOOD, LIBRARY, MAX_LINE, NEW_TOPIC, Block, Filled
from dynmap.pipeline.formats import FORMATS, Format, Reading, RejectedLineError, regex_format
from dynmap.pipeline.kernels_address import FOUR, SIX
from dynmap.pipeline.live import LiveTopics
from dynmap.pipeline.locate import Locator
from dynmap.pipeline.mask import mask
from dynmap.pipeline.rollup import Counter, Rollup
from dynmap.pipeline.slots import Slots
from dynmap.pipeline.template import TopicRule
from dynmap.pipeline.warm import warm
from dynmap.relay.message import Rejection

__all__ = ["MAX_LINE", "Decoder", "LineError", "LiveTopics", "Pipeline", "Rollup", "Taken", "warm"]

MAX_ERRORS: Final = 100
"""Errors kept for one answer to a POST."""

_EXAMPLES: Final = 3
"""Examples kept for each reason and flush."""

_MOST_EXAMPLES: Final = 12

_MARK: Final = np.frombuffer(b"\xef\xbb\xbf", np.uint8)
"""The byte order mark with which some programs begin a file."""

U8 = npt.NDArray[np.uint8]


Watcher = Callable[[Block, Filled, Iterator[bytes], list[str]], None]
"""Called with a located block, what was filled of it, its lines, and topics by slot."""


class LineError(NamedTuple):
    """Why a line was rejected: its number, from 0 in the lines given, and the reason (never the line itself)."""

    line: int
    reason: str


class Taken(NamedTuple):
    """Weights of what a call took in: received = located + unlocated + rejected."""

    received: int
    located: int
    unlocated: int
    rejected: int


class Pipeline:
    """Decode, locate and roll up the lines of one source.

    Raises SettingsError when the source's topic, template or pattern can't be used.
    """

    def __init__(self, source: SourceSettings, table: LocationTable, topics: LiveTopics) -> None:
        rule = TopicRule(source)
        self._formats = formats_of(source, rule)
        self._fixed = None if source.format == "auto" else source.format
        self._own_time = source.time == "event"
        self._topics = topics
        self._slots = Slots(source.name, rule, topics)
        self._locator = Locator(table, source.precision)
        self._counter = Counter()
        self._block = Block()
        self._watcher: Watcher | None = None
        self._now = 0
        self._reset()

    def _reset(self) -> None:
        self._rejected = 0
        self._reasons: dict[str, int] = {}
        self._examples: list[Rejection] = []

    def watch(self, watcher: Watcher) -> None:
        """Have each located block shown to a function before it is counted: for `check`. It must keep no address."""
        self._watcher = watcher

    def decoder(self, format: str | None = None) -> Decoder:
        """A new decoder, for one connection or file; of a format that is known whatever the settings say."""
        return Decoder(self._formats, format or self._fixed)

    def take_in(
        self, lines: U8, arrival: int, decoder: Decoder, errors: list[LineError] | None = None
    ) -> Taken:
        r"""Take in whole lines.

        lines    uint8[n]: any number of lines, each ended by \n or \r\n (a last one without is taken as whole)
        arrival  when the batch was opened, ms since 1970
        errors   gets the rejected lines, at most 100

        Never raises because of what a line holds. When `full` is true afterwards, call `flush` before the next call.
        """
        if not len(lines):
            return Taken(0, 0, 0, 0)
        if lines[-1] != 10:
            lines = np.append(lines, np.uint8(10))
        if decoder.lines == 0 and np.array_equal(lines[:3], _MARK):
            lines = lines[3:]
        self._now = max(self._now, arrival)
        self._slots.begin(arrival)
        buffer = Lines(lines)
        at, located, unlocated, rejected = buffer.base, 0, 0, 0
        while at < buffer.limit:
            filled = decoder.fill(buffer, at, self._block, self._slots.keys.at)
            if filled.special:
                filled = self._settle(buffer, decoder, filled, arrival)
                rejected += self._reject_rows(buffer, filled, errors)
            self._locator.locate(self._block, filled)
            if self._watcher is not None:
                texts = (buffer.line(self._block, row) for row in range(filled.rows))
                self._watcher(self._block, filled, texts, self._slots.names)
            here, nowhere = self._counter.count(
                self._block, filled.rows, arrival, self._own_time, decoder.lines
            )
            located, unlocated = located + here, unlocated + nowhere
            decoder.taken(self._block, filled)
            at = filled.next
        self._rejected += rejected
        return Taken(located + unlocated + rejected, located, unlocated, rejected)

    def _settle(self, lines: Lines, decoder: Decoder, filled: Filled, arrival: int) -> Filled:
        """Do what the kernel left to Python: lines for the library, and topics met for the first time."""
        how, block = decoder.how, self._block
        if how is None:
            return filled
        state = block.state[: filled.rows]
        sixes, points = filled.sixes, filled.points
        if how.read is not None:
            for row in np.flatnonzero(state == LIBRARY).tolist():
                try:
                    reading = how.read(lines.line(block, row))
                except RejectedLineError as rejected:
                    state[row] = rejected.state
                else:
                    sixes, points = _put(block, row, reading, sixes, points)
                    self._put_slot(row, self._slots.of(reading.values, arrival))
        met: dict[int, int] = {}
        for row in np.flatnonzero(state == NEW_TOPIC).tolist():
            key = int(block.topic_key[row])
            slot = met.get(key)
            if slot is None:
                slot = met[key] = self._slots.of(how.values(lines.line(block, row)), arrival)
                self._slots.keep(key, slot)
            self._put_slot(row, slot)
        return filled._replace(sixes=sixes, points=points)

    def _put_slot(self, row: int, slot: int) -> None:
        self._block.state[row] = -slot if slot < 0 else GOOD
        self._block.slot[row] = max(slot, 0)

    def _reject_rows(self, lines: Lines, filled: Filled, errors: list[LineError] | None) -> int:
        """Count the rejected rows of a block and keep a few as examples."""
        state = self._block.state[: filled.rows]
        rows = np.flatnonzero(state)
        if not len(rows):
            return 0
        for code, count in enumerate(np.bincount(state[rows]).tolist()):
            if count:
                reason = self._slots.reason(code)
                known = self._reasons.get(reason, 0)
                self._reasons[reason] = known + count
                for row in rows[state[rows] == code][: max(0, _EXAMPLES - known)].tolist():
                    self._keep(reason, lines.line(self._block, row), cut=False)
        if errors is not None:
            before, number = lines.base, 0
            for row in rows[: MAX_ERRORS - len(errors)].tolist():
                start = int(self._block.start[row])
                number += lines.newlines(before, start)
                before = start
                errors.append(LineError(number, self._slots.reason(int(state[row]))))
        return len(rows)

    def _keep(self, reason: str, line: bytes, *, cut: bool) -> None:
        if len(self._examples) < _MOST_EXAMPLES:
            self._examples.append(Rejection(reason, mask(line, cut=cut)))

    def reject(self, reason: str, sample: bytes, arrival: int) -> None:
        """Count one line that could not even be handed over, such as one over 64 KiB; `sample` is how it began.

        `reason` must be one of a fixed few texts: it is a key of the statistics.
        """
        self._now = max(self._now, arrival)
        known = self._reasons.get(reason, 0)
        self._reasons[reason] = known + 1
        self._rejected += 1
        if known < _EXAMPLES:
            self._keep(reason, sample, cut=True)

    @property
    def full(self) -> bool:
        """Whether it is time to flush, whatever the clock says: many rows, ticks or topics have come together."""
        return self._counter.full or self._slots.full

    def flush(self) -> Rollup | None:
        """Everything since the last flush, or None when nothing came."""
        rollup = self._counter.emit(self._slots.names)
        if not rollup.topics and not self._rejected:
            return None
        rollup = rollup.with_rejected(self._rejected, self._reasons, self._examples)
        self._reset()
        self._topics.seen(rollup.topics, self._now)
        self._slots.renew()
        return rollup


def formats_of(source: SourceSettings, rule: TopicRule) -> dict[str, Format]:
    """The formats that a source's lines may have. Raises SettingsError for a pattern or template that can't work."""
    where = f"source {source.name}"
    if source.pattern is not None and source.format != "regex":
        raise SettingsError("a pattern is only for format regex", where=where, hint="format=regex")
    formats = dict(FORMATS)
    if source.format == "regex":
        formats["regex"] = regex_format(source.pattern, where)
    chosen = formats.get(source.format)
    if chosen is not None and chosen.fields is not None and source.topic is not None:
        for field in rule.fields:
            if field not in chosen.fields:
                raise SettingsError(
                    f"the topic template names {{{field}}}, which format {chosen.name} has not",
                    where=where,
                    hint="it has " + ", ".join(chosen.fields),
                )
    return formats


def _put(block: Block, row: int, reading: Reading, sixes: int, points: int) -> tuple[int, int]:
    """Write what Python read into a row; returns how many rows are listed as IPv6 and as points now."""
    block.stamp[row] = reading.stamp
    block.weight[row] = reading.weight
    if reading.kind == FOUR:
        block.v4[row] = reading.four
    elif reading.kind == SIX:
        block.six_row[sixes] = row
        block.six_high[sixes] = reading.high
        return sixes + 1, points
    else:
        block.point_row[points] = row
        block.lat[points] = reading.lat
        block.lon[points] = reading.lon
        return sixes, points + 1
    return sixes, points

"""What a program gets: steps, their frames, and those as columns. No I/O."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt

from dynmap import grid
from dynmap.wire import Kind, WireFrame

I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]
U8 = npt.NDArray[np.uint8]
U32 = npt.NDArray[np.uint32]
F64 = npt.NDArray[np.float64]

_DRAWN: Final = frozenset((Kind.LIVE, Kind.PICTURE, Kind.REPLAY, Kind.CAUGHT_UP))
_COUNTED: Final = frozenset((Kind.LIVE, Kind.CAUGHT_UP, Kind.OLD))


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """Rows, as NumPy columns of equal length: so many events of a topic in a cell, in the stretch from `tick` on.

    tick   int64[n], ms since 1970: `.astype("datetime64[ms]")` makes times of them
    topic  int32[n], the topic's place in the list `topics`
    lon    float64[n], degrees, the cell's centre
    lat    float64[n], likewise
    x, y   uint32[n], the same in Web Mercator: 2**32 is once around the world, from its north-west corner
    bits   uint8[n], the cell's size: its side is 2**-bits of the world's
    count  int64[n], the sum of the events' weights
    topics the names, shared by all that one connection yields: it grows, but never changes

    `len()` is n. `as_dict()` suits pandas.DataFrame and polars.DataFrame.
    """

    tick: I64
    topic: I32
    lon: F64
    lat: F64
    x: U32
    y: U32
    bits: U8
    count: I64
    topics: list[str]

    def __len__(self) -> int:
        return len(self.count)

    def as_dict(self) -> dict[str, npt.NDArray[Any]]:
        """The columns by name; `topic` as the names themselves (object[n])."""
        columns = {
            column.name: getattr(self, column.name) for column in fields(self) if column.name != "topics"
        }
        names = np.array([*self.topics, ""], object)
        return {**columns, "topic": names[self.topic]}

    @classmethod
    def of(cls, frames: Iterable[Frame], topics: list[str]) -> Self:
        """The rows of all frames, one after the other."""
        parts = list(frames)
        x, y = (_joined([getattr(part, name) for part in parts], np.uint32) for name in ("x", "y"))
        lon, lat = grid.lonlats(x, y)
        lengths = [len(part) for part in parts]
        return cls(
            tick=np.repeat(np.array([part.tick for part in parts], np.int64), lengths),
            topic=_joined([part.topic for part in parts], np.int32),
            lon=lon,
            lat=lat,
            x=x,
            y=y,
            bits=np.repeat(np.array([part.bits for part in parts], np.uint8), lengths),
            count=_joined([part.count for part in parts], np.int64),
            topics=topics,
        )


def _joined(columns: list[npt.NDArray[Any]], dtype: type[np.generic]) -> npt.NDArray[Any]:
    return np.concatenate((np.empty(0, dtype), *columns), dtype=dtype)


@dataclass(frozen=True, eq=False)
class Frame:
    """A frame as it came: rows of one kind, one stretch of time, one tile and one size of cell.

    kind    what is to be done with it: see `is_counted` and `is_drawn`
    tick    start, ms since 1970
    covers  how many ms
    tile    (z, x, y)
    bits    its cells' sides are 2**-bits of the world's
    topic   int32[n], places in the list of topics
    x, y    uint32[n], cells (see `Columns`)
    count   int64[n]
    """

    kind: Kind
    tick: int
    covers: int
    tile: tuple[int, int, int]
    bits: int
    topic: I32 = field(repr=False)
    x: U32 = field(repr=False)
    y: U32 = field(repr=False)
    count: I64 = field(repr=False)

    @classmethod
    def of(cls, frame: WireFrame, topic: I32) -> Self:
        """A frame of the wire, whose topic numbers have become places in the list of topics."""
        tile, bits = (frame.z, frame.tile_x, frame.tile_y), frame.z + frame.bits
        count = frame.count.astype(np.int64)
        return cls(frame.kind, int(frame.tick), frame.covers, tile, bits, topic, *frame.cells(), count)

    def __len__(self) -> int:
        return len(self.count)

    @property
    def is_rest(self) -> bool:
        """Whether it sums up what lies outside the tiles that were asked for: it has no place."""
        return self.bits == 0

    @property
    def is_counted(self) -> bool:
        """Whether its counts are part of the totals."""
        return self.kind in _COUNTED

    @property
    def is_drawn(self) -> bool:
        """Whether it belongs on a map."""
        return self.kind in _DRAWN and not self.is_rest

    @property
    def total(self) -> int:
        """The sum of the counts."""
        return int(self.count.sum())

    @property
    def lon(self) -> F64:
        """The cells' longitudes in degrees, float64[n]."""
        return self._places[0]

    @property
    def lat(self) -> F64:
        """The cells' latitudes in degrees, float64[n]."""
        return self._places[1]

    @cached_property
    def _places(self) -> tuple[F64, F64]:
        return grid.lonlats(self.x, self.y)


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """What one mark closed, or several that had come before they were asked for.

    cursor  up to where everything has come: what `connect(since=...)` takes up from
    tick    start of the server's last tick, ms since 1970
    frames  what came, in its order; often none: there is a mark a second in any case
    counts  the sum of what it adds to the totals, by topic
    topics  the names, as in `Columns`
    reset   why the server could not go on from where this client was, or None. Then what happened in between is in
            the totals, but in no step
    """

    cursor: str
    tick: int
    frames: tuple[Frame, ...]
    counts: Mapping[str, int]
    topics: list[str]
    reset: str | None = None

    @property
    def total(self) -> int:
        """The sum of `counts`."""
        return sum(self.counts.values())

    @property
    def is_fresh_start(self) -> bool:
        """Whether it does not just go on from the step before: after a reset, or with a picture."""
        return self.reset is not None or any(frame.kind is Kind.PICTURE for frame in self.frames)

    def and_then(self, later: Step) -> Step:
        """Both in one."""
        counts = Counter(self.counts)
        counts.update(later.counts)
        return replace(later, frames=self.frames + later.frames, counts=dict(counts), reset=self.reset)

    def columns(self) -> Columns:
        """What happened, with its places: the frames that count, in one set of columns."""
        counted = (frame for frame in self.frames if frame.is_counted and not frame.is_rest)
        return Columns.of(counted, self.topics)

    def picture(self) -> Columns | None:
        """The warm picture that `window` asked for, which replaces what was drawn before; None when there is none."""
        found = [frame for frame in self.frames if frame.kind is Kind.PICTURE and frame.is_drawn]
        return Columns.of(found, self.topics) if found else None

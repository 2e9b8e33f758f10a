"""A block of events as columns, and what can be wrong with a line. Kernels fill it, count from it, and reuse it."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

U8 = npt.NDArray[np.uint8]
U16 = npt.NDArray[np.uint16]
U32 = npt.NDArray[np.uint32]
U64 = npt.NDArray[np.uint64]
I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]
F64 = npt.NDArray[np.float64]

ROWS: Final = 8192
"""Rows of a block: the columns of one stay in the second-level cache (about 90 bytes a row)."""

MAX_LINE: Final = 64 * 1024
"""Bytes of a line; a longer one is one rejected event."""

MAX_WEIGHT: Final = 1_000_000

NO_STAMP: Final = -1
"""In `stamp`: the line has no time of its own that could be used."""

# What column `state` holds: 0 for a good row, a reason (1 to 99) for a rejected one, or what remains to be done.
GOOD: Final = 0
LIBRARY: Final = 100
"""The kernel leaves the line to the library: nested, escaped, or simply wrong."""
NEW_TOPIC: Final = 101
"""All is read, but `topic_key` has not been seen before."""

NO_ADDRESS: Final = 1
NOT_ACCESS_LOG: Final = 2
TOO_MANY_FIELDS: Final = 3
BAD_WEIGHT: Final = 4
NOT_JSON: Final = 5
NOT_OBJECT: Final = 6
NO_SUBJECT: Final = 7
BAD_ADDRESS: Final = 8
BAD_COORDINATES: Final = 9
OUT_OF_RANGE: Final = 10
TOO_LONG: Final = 11
NOT_RECOGNISED: Final = 12
NO_MATCH: Final = 13
OTHER: Final = 14

REASONS: Final[dict[int, str]] = {
    NO_ADDRESS: "line does not begin with an IP address",
    NOT_ACCESS_LOG: "not a line of a common or combined access log",
    TOO_MANY_FIELDS: "more than address, topic, time and n on the line",
    BAD_WEIGHT: "n is not an integer from 1 to 1,000,000",
    NOT_JSON: "not valid JSON",
    NOT_OBJECT: "JSON is not an object",
    NO_SUBJECT: "neither ip nor lat and lon",
    BAD_ADDRESS: "ip is not an IP address",
    BAD_COORDINATES: "lat and lon are not both numbers",
    OUT_OF_RANGE: "lat is not within -90 to 90 or lon not within -180 to 180",
    TOO_LONG: "line over 64 KiB",
    NOT_RECOGNISED: "format not recognised",
    NO_MATCH: "line does not match the pattern",
    OTHER: "rejected by the source",
}


class Columns(NamedTuple):
    """Up to `ROWS` events. Rows in order; those with an IPv6 address or coordinates are listed beside them.

    state      uint8    see above
    start      int64    address of the line's first byte
    length     int32    bytes of the line without its end
    v4         uint32   IPv4 address, 0 for none
    place      int32    row of the location table, 0 for nowhere
    cell       uint64   25 bits of x, 25 of y; 0 for nowhere (see `dynmap.frame.pack`)
    slot       uint16   topic
    stamp      int64    the line's own time: ms since 1970 times 2, plus 1 when it was written in whole seconds
    weight     uint32   1 to 1,000,000
    topic_key  uint64   hash of the values that make the topic, where state is NEW_TOPIC
    six_row    int32    rows with an IPv6 address, their upper 64 bits and places
    point_row  int32    rows with coordinates, and those in degrees
    """

    state: U8
    start: I64
    length: I32
    v4: U32
    place: I32
    cell: U64
    slot: U16
    stamp: I64
    weight: U32
    topic_key: U64
    six_row: I32
    six_high: U64
    six_place: I32
    point_row: I32
    lat: F64
    lon: F64

    @classmethod
    def empty(cls, rows: int = ROWS) -> Columns:
        """A block for `rows` events."""
        kinds = "u1 i8 i4 u4 i4 u8 u2 i8 u4 u8 i4 u8 i4 i4 f8 f8".split()
        return cls(*(np.zeros(rows, kind) for kind in kinds))


class Filled(NamedTuple):
    """What a decode kernel did: the address to go on from, rows, how many of them are listed, and are not good."""

    next: int
    rows: int
    sixes: int
    points: int
    special: int


class Keys(NamedTuple):
    """What turns a line's values into a topic: the fields wanted, and slots of the hashes met before.

    field, field_length   uint64[k], int64[k]: names of the fields wanted, see `kernels_topic.name_key`
    span                  int64[k]: the same as numbers of `kernels_combined`'s fields
    found                 uint64[k]: scratch; hashes of the line's values, 0 for one that it lacks
    key, slot             uint64[2^m], int32[2^m]: open addressing, key 0 is free; slot below 0 is minus a reason
    seed                  uint64[2]: keys of the hash, random per process
    """

    field: U64
    field_length: I64
    span: I64
    found: U64
    key: U64
    slot: I32
    seed: U64

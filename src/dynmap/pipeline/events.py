"""A block of events as columns, and what can be wrong with a line. Kernels fill it, count from it, and reuse it."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from dynmap.pipeline.memory import address_of

U8 = npt.NDArray[np.uint8]
U16 = npt.NDArray[np.uint16]
U32 = npt.NDArray[np.uint32]
U64 = npt.NDArray[np.uint64]
I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]
F64 = npt.NDArray[np.float64]

ROWS: Final = 4096
"""Rows of a block: its columns (some 90 bytes a row) stay in the second-level cache."""

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


class BlockAt(NamedTuple):
    """A block as kernels take it: how many rows it has room for, and the address of each column."""

    room: int
    state: int
    start: int
    length: int
    v4: int
    place: int
    cell: int
    slot: int
    stamp: int
    weight: int
    topic_key: int
    six_row: int
    six_high: int
    six_place: int
    point_row: int
    lat: int
    lon: int


class Block:
    """Room for events as columns, in the order of their lines. Those with IPv6 or coordinates are listed beside them.

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
    six_row, six_high, six_place   int32, uint64, int32: rows with IPv6, the upper 64 bits, places
    point_row, lat, lon            int32, float64, float64: rows with coordinates, and those in degrees
    """

    def __init__(self, room: int = ROWS) -> None:
        self.state: U8 = np.zeros(room, np.uint8)
        self.start: I64 = np.zeros(room, np.int64)
        self.length: I32 = np.zeros(room, np.int32)
        self.v4: U32 = np.zeros(room, np.uint32)
        self.place: I32 = np.zeros(room, np.int32)
        self.cell: U64 = np.zeros(room, np.uint64)
        self.slot: U16 = np.zeros(room, np.uint16)
        self.stamp: I64 = np.zeros(room, np.int64)
        self.weight: U32 = np.zeros(room, np.uint32)
        self.topic_key: U64 = np.zeros(room, np.uint64)
        self.six_row: I32 = np.zeros(room, np.int32)
        self.six_high: U64 = np.zeros(room, np.uint64)
        self.six_place: I32 = np.zeros(room, np.int32)
        self.point_row: I32 = np.zeros(room, np.int32)
        self.lat: F64 = np.zeros(room, np.float64)
        self.lon: F64 = np.zeros(room, np.float64)
        self.at = BlockAt(room, *(address_of(getattr(self, column)) for column in BlockAt._fields[1:]))


class Filled(NamedTuple):
    """What a decode kernel did: the address to go on from, rows, how many of them are listed, and are not good."""

    next: int
    rows: int
    sixes: int
    points: int
    special: int


class KeysAt(NamedTuple):
    """What turns a line's values into a topic, as kernels take it: see `slots.Keys`.

    wanted       how many fields, with addresses of their names, the names' lengths, their numbers in an access log
    found        scratch; address of the hashes of a line's values, 0 for one that it lacks
    mask         entries of the hash table - 1, with the addresses of hashes and slots
    seed, secret keys of the hash
    """

    wanted: int
    field: int
    length: int
    span: int
    found: int
    mask: int
    key: int
    slot: int
    seed: int
    secret: int


NO_KEYS: Final = KeysAt(0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
"""No topics are wanted."""

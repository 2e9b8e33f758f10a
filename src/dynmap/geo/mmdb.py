"""The search tree of an MMDB file as arrays.

Iterating 6 million networks through a reader takes minutes. The tree is a block of fixed-size nodes, so numpy walks it
level by level: all nodes of a depth at once. Records are decoded by `maxminddb`, one for each distinct data pointer.
Format: MaxMind DB file format specification 2.0.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import maxminddb
import numpy as np
import numpy.typing as npt

from dynmap.errors import GeoError

Family = Literal[4, 6]
U32 = npt.NDArray[np.uint32]
U64 = npt.NDArray[np.uint64]

NOTHING: Final = 0
"""The pointer of networks of which the file says nothing."""

_V4_DEPTH: Final = 96
"""Where the IPv4 space hangs in an IPv6 tree: below 96 zero bits."""

_DATA_SEPARATOR: Final = 16
"""Zero bytes between the tree and the data; a pointer counts them."""


@dataclass(frozen=True, slots=True)
class Networks:
    """The networks of one family in address order; each reaches up to the start of the next, the last to the end.

    `starts` are uint32[n] addresses (IPv4) or uint64[n] upper halves of addresses (IPv6, so /64 is the finest).
    `pointers` are uint32[n], NOTHING where there is no record. `lows` is uint64[n], the lower half of an address of
    each network (0 but for networks finer than /64).
    """

    family: Family
    starts: U32 | U64
    pointers: U32
    lows: U64

    @property
    def located(self) -> bool:
        """Whether any of the networks has a record."""
        return bool((self.pointers != NOTHING).any())


class Database:
    """An open MMDB file. Raises GeoError when it can't be read or is damaged."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._reader = maxminddb.open_database(path)
            metadata = self._reader.metadata()
            self.kind: str = metadata.database_type
            self.build_epoch: int = metadata.build_epoch
            self._ip_version: int = metadata.ip_version
            self._left, self._right = _read_tree(path, metadata.node_count, metadata.record_size)
        except OSError as error:
            raise GeoError(error.strerror or str(error), where=str(path)) from None
        except (maxminddb.InvalidDatabaseError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise damaged(path, error) from None
        tree = metadata.node_count * metadata.record_size // 4
        self._data_bytes = path.stat().st_size - tree - _DATA_SEPARATOR

    def close(self) -> None:
        """Closes the file."""
        self._reader.close()

    def networks(self, family: Family) -> Networks:
        """All networks of a family; a single one without a record when the file doesn't cover it."""
        if family == 4:
            root = self._v4_root() if self._ip_version == 6 else 0
            return self._walk(4, root, bits=32, stop_at=None)
        if self._ip_version == 4:
            return Networks(6, np.zeros(1, np.uint64), np.zeros(1, np.uint32), np.zeros(1, np.uint64))
        return self._walk(6, 0, bits=64, stop_at=self._v4_root())

    def records(self, networks: Networks) -> Iterator[tuple[int, dict[str, Any]]]:
        """For each distinct pointer of `networks`, in order of `np.unique`: the pointer and its record."""
        pointers, first = np.unique(networks.pointers, return_index=True)
        starts, lows = networks.starts[first].tolist(), networks.lows[first].tolist()
        try:
            for pointer, start, low in zip(pointers.tolist(), starts, lows, strict=True):
                if pointer != NOTHING:
                    record = self._reader.get(_text(networks.family, start, low))
                    yield pointer, record if isinstance(record, dict) else {}
        except (maxminddb.InvalidDatabaseError, ValueError, KeyError, TypeError) as error:
            raise damaged(self.path, error) from None

    def _v4_root(self) -> int:
        """The node (or leaf) of the IPv4 space in an IPv6 tree. Alias networks, as 2002::/16, point to it too."""
        node = 0
        for _ in range(_V4_DEPTH):
            if node >= len(self._left):
                break
            node = int(self._left[node])
        return node

    def _walk(self, family: Family, root: int, bits: int, stop_at: int | None) -> Networks:
        """Leaves below `root`, which has `bits` bits of address; deeper ones are folded into those `bits` bits."""
        count = np.uint32(len(self._left))
        nodes, starts, lows = np.array([root], np.uint32), np.zeros(1, np.uint64), np.zeros(1, np.uint64)
        leaves: list[tuple[U64, U32, U64]] = []
        visited = depth = 0
        while True:
            ends = nodes >= count
            if stop_at is not None:
                ends |= nodes == np.uint32(stop_at)
            leaves.append((starts[ends], self._pointers(nodes[ends]), lows[ends]))
            nodes, starts, lows = nodes[~ends], starts[~ends], lows[~ends]
            if not len(nodes):
                break
            visited += len(nodes)
            depth += 1
            if visited > len(self._left) or depth > (32 if family == 4 else 128):
                raise damaged(self.path, "its search tree runs in a circle")
            nodes = np.column_stack((self._left[nodes], self._right[nodes])).ravel()
            starts, lows = np.repeat(starts, 2), np.repeat(lows, 2)
            if depth <= bits:
                starts[1::2] |= np.uint64(1 << (bits - depth))
            else:
                lows[1::2] |= np.uint64(1 << (128 - depth))
        return _in_order(family, *(np.concatenate(column) for column in zip(*leaves, strict=True)))

    def _pointers(self, leaves: U32) -> U32:
        """Node numbers of leaves to data pointers. The node count itself means no record, as do alias networks."""
        count = np.uint32(len(self._left))
        pointers = np.where(leaves > count, leaves - count, np.uint32(NOTHING))
        if len(pointers) and int(pointers.max()) >= self._data_bytes + _DATA_SEPARATOR:
            raise damaged(self.path, "its search tree points beyond the end of the file")
        return np.asarray(pointers, np.uint32)


def damaged(path: Path, why: object) -> GeoError:
    """The error for a file that is no MMDB, or a truncated or corrupt one."""
    return GeoError(
        f"not a readable MMDB: {why}", where=str(path), hint="download it again; is it still compressed?"
    )


def _text(family: Family, start: int, low: int) -> str:
    if family == 4:
        return socket.inet_ntop(socket.AF_INET, start.to_bytes(4, "big"))
    return socket.inet_ntop(socket.AF_INET6, start.to_bytes(8, "big") + low.to_bytes(8, "big"))


def _read_tree(path: Path, count: int, record_bits: int) -> tuple[U32, U32]:
    """Left and right records (uint32[count] each) of all nodes, for records of 24, 28 or 32 bits."""
    node_bytes = record_bits // 4
    if record_bits not in (24, 28, 32):
        raise ValueError(f"records of {record_bits} bits are not known")
    if count < 1 or count * node_bytes > path.stat().st_size:
        raise ValueError("shorter than its search tree")
    raw = np.memmap(path, np.uint8, "r", shape=(count, node_bytes))
    if record_bits == 32:
        return _big_endian(raw[:, 0:4]), _big_endian(raw[:, 4:8])
    left, right = _big_endian(raw[:, 0:3]), _big_endian(raw[:, -3:])
    if record_bits == 28:  # the middle byte holds the upper four bits of both
        middle = raw[:, 3].astype(np.uint32)
        left |= (middle >> np.uint32(4)) << np.uint32(24)
        right |= (middle & np.uint32(15)) << np.uint32(24)
    return left, right


def _big_endian(columns: npt.NDArray[np.uint8]) -> U32:
    number = np.zeros(len(columns), np.uint32)
    for byte in columns.T:
        number <<= np.uint32(8)
        number |= byte
    return number


def _in_order(family: Family, starts: U64, pointers: U32, lows: U64) -> Networks:
    """Sorted by address; of the networks that share a /64, the largest that has a record stands for all."""
    # Leaves come by depth, larger networks first: a stable sort keeps that order inside a /64.
    order = np.lexsort((pointers == NOTHING, starts))
    starts, pointers, lows = starts[order], pointers[order], lows[order]
    first = np.ones(len(starts), bool)
    first[1:] = starts[1:] != starts[:-1]
    typed = starts.astype(np.uint32) if family == 4 else starts
    return Networks(family, typed[first], pointers[first], lows[first])

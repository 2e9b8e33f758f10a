"""Compiled look-up of topics: the values that make a line's topic are hashed and met again without Python."""

from __future__ import annotations

import numpy as np

from dynmap.pipeline.events import GOOD, NEW_TOPIC, BlockAt, KeysAt
from dynmap.pipeline.memory import (
    as_int,
    digest,
    fold,
    get_i32,
    get_u64,
    inlined,
    kernel,
    put_32,
    put_u16,
    put_u64,
    tail_word,
)

TOPIC = int.from_bytes(b"topic", "little")
"""The field `topic`, as `name_key` has it."""

UNKNOWN = -(1 << 31)
"""Instead of a slot: this hash has not been met."""

_OTHER_TYPE = 0x1E3779B97F4A7C15


@inlined
def name_key(at: int, length: int, limit: int, keys: KeysAt) -> np.uint64:
    """The name of a field as one number: its bytes up to eight, else a hash. Compared together with the length."""
    if length <= 8:
        return tail_word(at, length, limit)
    return digest(at, at + length, limit, np.uint64(keys.seed), np.uint64(keys.secret))


@kernel
def key_of_name(at: int, length: int, limit: int, keys: KeysAt) -> np.uint64:
    """`name_key` for Python, where the wanted names are prepared."""
    return name_key(at, length, limit, keys)


@inlined
def text_digest(at: int, end: int, limit: int, keys: KeysAt) -> np.uint64:
    """The hash of a text value."""
    return digest(at, end, limit, np.uint64(keys.seed), np.uint64(keys.secret))


@inlined
def other_digest(at: int, end: int, limit: int, keys: KeysAt) -> np.uint64:
    """The hash of a value that is no text, such as a number: `1` and `"1"` must not be one."""
    return digest(at, end, limit, np.uint64(keys.seed ^ _OTHER_TYPE), np.uint64(keys.secret))


@inlined
def nothing_found(keys: KeysAt) -> None:
    """Forget the values of the line before."""
    for k in range(keys.wanted):
        put_u64(keys.found, k, np.uint64(0))


@inlined
def find_slot(keys: KeysAt, key: np.uint64) -> int:
    """The slot of a hash, or UNKNOWN."""
    at = as_int(key) & keys.mask
    while True:
        here = get_u64(keys.key, at)
        if here == key:
            return get_i32(keys.slot, at)
        if here == 0:
            return UNKNOWN
        at = (at + 1) & keys.mask


@kernel
def remember(keys: KeysAt, key: int, slot: int) -> None:
    """Note the slot of a hash (as int64) that is not in the table; there must be room."""
    at = key & keys.mask
    while get_u64(keys.key, at) != 0:
        at = (at + 1) & keys.mask
    put_u64(keys.key, at, np.uint64(key))
    put_32(keys.slot, at, slot)


@inlined
def put_topic(block: BlockAt, row: int, keys: KeysAt) -> int:
    """Set the slot of a row from `keys.found` and return the row's state."""
    if keys.wanted == 0:
        put_u16(block.slot, row, 0)
        return GOOD
    key = np.uint64(keys.seed)
    for k in range(keys.wanted):
        key = fold(key ^ get_u64(keys.found, k), np.uint64(keys.secret))
    if key == 0:
        key = np.uint64(1)
    slot = find_slot(keys, key)
    if slot >= 0:
        put_u16(block.slot, row, slot)
        return GOOD
    put_u16(block.slot, row, 0)
    if slot == UNKNOWN:
        put_u64(block.topic_key, row, key)
        return NEW_TOPIC
    return -slot

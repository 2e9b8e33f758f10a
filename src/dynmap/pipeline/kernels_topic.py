"""Compiled look-up of topics: the values that make a line's topic are hashed and met again without Python."""

from __future__ import annotations

import numpy as np

from dynmap.pipeline.events import GOOD, NEW_TOPIC, Columns, Keys
from dynmap.pipeline.memory import digest, fold, inlined, kernel, tail_word

TOPIC = int.from_bytes(b"topic", "little")
"""The field `topic`, as `name_key` has it."""

UNKNOWN = -(1 << 31)
"""Instead of a slot: this hash has not been met."""

_OTHER_TYPE = 0x9E3779B97F4A7C15


@inlined
def name_key(at: int, length: int, limit: int, keys: Keys) -> np.uint64:
    """The name of a field as one number: its bytes up to eight, else a hash. Compared together with the length."""
    if length <= 8:
        return tail_word(at, length, limit)
    return digest(at, at + length, limit, keys.seed[0], keys.seed[1])


@kernel
def key_of_name(at: int, length: int, limit: int, keys: Keys) -> np.uint64:
    """`name_key` for Python, where the wanted names are prepared."""
    return name_key(at, length, limit, keys)


@inlined
def text_digest(at: int, end: int, limit: int, keys: Keys) -> np.uint64:
    """The hash of a text value."""
    return digest(at, end, limit, keys.seed[0], keys.seed[1])


@inlined
def other_digest(at: int, end: int, limit: int, keys: Keys) -> np.uint64:
    """The hash of a value that is no text, such as a number: `1` and `"1"` must not be one."""
    return digest(at, end, limit, keys.seed[0] ^ np.uint64(_OTHER_TYPE), keys.seed[1])


@inlined
def find_slot(keys: Keys, key: np.uint64) -> int:
    """The slot of a hash, or UNKNOWN."""
    mask = np.uint64(keys.key.shape[0] - 1)
    at = key & mask
    while keys.key[at] != 0:
        if keys.key[at] == key:
            return np.int64(keys.slot[at])
        at = (at + np.uint64(1)) & mask
    return UNKNOWN


@kernel
def remember(keys: Keys, key: np.uint64, slot: int) -> None:
    """Note the slot of a hash that is not in the table; there must be room."""
    mask = np.uint64(keys.key.shape[0] - 1)
    at = key & mask
    while keys.key[at] != 0:
        at = (at + np.uint64(1)) & mask
    keys.key[at] = key
    keys.slot[at] = slot


@inlined
def put_topic(columns: Columns, row: int, keys: Keys) -> int:
    """Set the slot of a row from `keys.found` and return the row's state."""
    wanted = keys.found.shape[0]
    if wanted == 0:
        columns.slot[row] = 0
        return GOOD
    key = keys.seed[0]
    for k in range(wanted):
        key = fold(key ^ keys.found[k], keys.seed[1])
    if key == 0:
        key = np.uint64(1)
    slot = find_slot(keys, key)
    if slot >= 0:
        columns.slot[row] = slot
        return GOOD
    columns.slot[row] = 0
    if slot == UNKNOWN:
        columns.topic_key[row] = key
        return NEW_TOPIC
    return -slot

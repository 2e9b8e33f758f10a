"""Compiled look-ups in the location table.

Arithmetic between uint32 values is 64 bits wide in numba, so addresses are only shifted and compared here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
import numpy as np
import numpy.typing as npt

from dynmap.geo import addresses

U32 = npt.NDArray[np.uint32]
U64 = npt.NDArray[np.uint64]
I32 = npt.NDArray[np.int32]

_BATCH = 256

_Function = TypeVar("_Function", bound=Callable[..., Any])


def _kernel(function: _Function) -> _Function:
    return cast("_Function", numba.njit(cache=True, nogil=True)(function))


@_kernel
def place_of_v4(addresses: U32, t24: I32, starts4: U32, places4: I32, out: I32) -> None:
    """Places (int32[n] `out`, 0 is nowhere) of IPv4 addresses (uint32[n]).

    `t24` (int32[2**24]) is the place of each /24, or, where a /24 has several, `~index` of the range (`starts4`,
    `places4`) that covers its first address. Nearly all addresses cost that one access.
    """
    last = len(starts4) - 1
    for i in range(len(addresses)):
        address = addresses[i]
        place = t24[address >> np.uint32(8)]
        if place < 0:
            at = ~place
            while at < last and starts4[at + 1] <= address:
                at += 1
            place = places4[at]
        out[i] = place


@_kernel
def place_of_v6(high: U64, starts6: U64, places6: I32, out: I32) -> None:
    """Places (int32[n] `out`, 0 is nowhere) of IPv6 addresses by their upper 64 bits (uint64[n]).

    A binary search, of a batch at a time: each step of all, then the next, so that their waits for memory overlap.
    """
    for first in range(0, len(high), _BATCH):
        end = min(first + _BATCH, len(high))
        count = len(starts6)
        out[first:end] = 0  # the lowest range that it can be; it is one of `count` from there on
        while count > 1:
            half = count >> 1
            for i in range(first, end):
                middle = out[i] + half
                out[i] = middle if starts6[middle] <= high[i] else out[i]
            count -= half
        for i in range(first, end):
            out[i] = places6[out[i]]


v4_within = _kernel(addresses.v4_within)
"""`dynmap.geo.addresses.v4_within`, compiled."""

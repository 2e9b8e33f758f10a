"""What an address stands for: its family, the IPv4 address inside an IPv6 one, and whether it is private."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dynmap.geo.blocks import PRIVATE
from dynmap.geo.kernels import v4_within
from dynmap.geo.mmdb import U32, Family


@dataclass(frozen=True, slots=True)
class Address:
    """An address as the table looks it up: an IPv4 address, or the upper 64 bits of an IPv6 one."""

    family: Family
    value: int


def parse(text: str) -> Address:
    """The address to look up for an address as text. Raises ValueError when it is none.

    An IPv6 address that holds an IPv4 one is looked up as that: see `dynmap.geo.kernels.v4_within`.
    """
    address = ipaddress.ip_address(text.strip())
    if isinstance(address, ipaddress.IPv4Address):
        return Address(4, int(address))
    high, low = divmod(int(address), 1 << 64)
    inside = int(v4_within(np.uint64(high), np.uint64(low)))
    return Address(6, high) if inside < 0 else Address(4, inside)


def is_private(text: str) -> bool:
    """Whether an address belongs to a machine or a network at hand: private, shared, loopback, link-local, unique
    local. Raises ValueError when the text is no address.
    """
    address = parse(text)
    return any(first <= address.value <= last for first, last in PRIVATE[address.family])


def private_v4(addresses: U32) -> npt.NDArray[np.bool_]:
    """Which IPv4 addresses (uint32[n]) are private in the sense of `is_private` (bool[n])."""
    private = np.zeros(len(addresses), bool)
    for first, last in PRIVATE[4]:
        private |= (addresses >= first) & (addresses <= last)
    return private

"""What an address stands for: its family, the IPv4 address inside an IPv6 one, and whether it is private."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dynmap.geo.blocks import PRIVATE
from dynmap.geo.mmdb import U32, Family


@dataclass(frozen=True, slots=True)
class Address:
    """An address as the table looks it up: an IPv4 address, or the upper 64 bits of an IPv6 one."""

    family: Family
    value: int


def parse(text: str) -> Address:
    """The address to look up for an address as text. Raises ValueError when it is none.

    An IPv6 address that holds an IPv4 one is looked up as that: see `v4_within`.
    """
    address = ipaddress.ip_address(text.strip())
    if isinstance(address, ipaddress.IPv4Address):
        return Address(4, int(address))
    high, low = divmod(int(address), 1 << 64)
    inside = int(v4_within(np.uint64(high), np.uint64(low)))
    return Address(6, high) if inside < 0 else Address(4, inside)


def v4_within(high: np.uint64, low: np.uint64) -> np.int64:
    """The IPv4 address that an IPv6 address (two halves) holds and stands for, or -1.

    IPv4-mapped ::ffff:0:0/96 (RFC 4291), NAT64 64:ff9b::/96 (RFC 6052), 6to4 2002::/16 (RFC 3056), and Teredo
    2001::/32 (RFC 4380), whose last 32 bits are the client's address inverted. Also compiled, for the pipeline, hence
    the typed numbers.
    """
    if high == np.uint64(0) and low >> np.uint64(32) == np.uint64(0xFFFF):
        return np.int64(low & np.uint64(0xFFFFFFFF))
    if high == np.uint64(0x0064FF9B_00000000) and low >> np.uint64(32) == np.uint64(0):
        return np.int64(low)
    if high >> np.uint64(48) == np.uint64(0x2002):
        return np.int64((high >> np.uint64(16)) & np.uint64(0xFFFFFFFF))
    if high >> np.uint64(32) == np.uint64(0x20010000):
        return np.int64(~low & np.uint64(0xFFFFFFFF))
    return np.int64(-1)


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

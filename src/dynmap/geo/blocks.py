"""Blocks of addresses as ranges of integers, and the blocks that mean something whatever a database says. No I/O
but the reading of `coarse_blocks.txt`, which comes with the package.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import Final

from dynmap.geo.mmdb import Family

Block = tuple[int, int]
"""First and last, in the units of `Networks.starts`: addresses for IPv4, /64s for IPv6."""

RESERVED: Final = {
    4: """
        0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24
        192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/3
    """.split(),
    6: """
        ::/3 4000::/2 8000::/1
        2001::/23 2001:db8::/32 2002::/16 3fff::/20
    """.split(),
}
"""Addresses that are nowhere: private, shared (carrier-grade NAT), loopback, link-local, documentation, benchmarking,
multicast, future use (IANA special-purpose address registries, RFC 6890, RFC 9637). Of IPv6 only 2000::/3 is global
unicast. 2001::/23 is kept for protocols; Teredo there, 2002::/16 (6to4) and 64:ff9b::/96 (NAT64) hold an IPv4
address, which is looked up in their stead: see `dynmap.geo.addresses`.
"""


def block(network: str) -> Block:
    """The block of a network as text. IPv6 networks must be /64 or larger; raises ValueError otherwise."""
    parsed = ipaddress.ip_network(network)
    shift = 64 if parsed.version == 6 else 0
    if parsed.version == 6 and parsed.prefixlen > 64:
        raise ValueError(f"{network} is smaller than a /64")
    return int(parsed.network_address) >> shift, int(parsed.broadcast_address) >> shift


def reserved(family: Family) -> list[Block]:
    """The blocks of a family that are nowhere."""
    return [block(network) for network in RESERVED[family]]


PRIVATE: Final[dict[Family, list[Block]]] = {
    4: [
        block(text)
        for text in "10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.168.0.0/16".split()
    ],
    6: [block(text) for text in "::/64 fc00::/7 fe80::/10".split()],
}
"""Of the reserved blocks those that machines and networks at hand use. `::/64` is loopback."""


@cache
def coarse(family: Family) -> list[Block]:
    """The kept list of anycast, relay and public-resolver blocks of a family."""
    return [block(text) for text in _listed() if ipaddress.ip_network(text).version == family]


def _listed() -> Iterable[str]:
    lines = files("dynmap.geo").joinpath("coarse_blocks.txt").read_text("utf-8").splitlines()
    return filter(None, (line.partition("#")[0].strip() for line in lines))

"""Machines by their addresses and names: networks that they are in, origins of pages that they serve. No I/O."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import Final
from urllib.parse import urlsplit

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_DEFAULT_PORTS: Final = {"http": ":80", "https": ":443"}


def network_of(text: str) -> Network:
    """A network from `10.0.0.0/8`, or an address alone. Raises ValueError."""
    try:
        return ipaddress.ip_network(text.strip(), strict=False)
    except ValueError:
        raise ValueError(
            f'"{text}" is neither an address nor a network such as 10.0.0.0/8 or 2001:db8::/32'
        ) from None


def address_of(text: str) -> Address | None:
    """An address as the system or a proxy tells it, or None when it is none.

    One that a socket for both protocols shows as `::ffff:192.0.2.1` is the IPv4 address that it is; a zone is dropped.
    """
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def is_within(address: Address, networks: Iterable[Network]) -> bool:
    """Whether an address is in any of the networks."""
    return any(address in network for network in networks)


def origin_of(text: str) -> str:
    """An origin, `https://map.example.com[:port]`, as a browser writes it. Raises ValueError."""
    parts = urlsplit(text.strip().lower())
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname or "@" in parts.netloc:
        raise ValueError(f'"{text}" is no origin such as https://map.example.com')
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        raise ValueError(f'"{text}" is more than an origin: {parts.scheme}://{parts.netloc} is one')
    return f"{parts.scheme}://{without_default_port(parts.netloc, parts.scheme)}"


def without_default_port(host: str, scheme: str) -> str:
    """`host[:port]` without a port that goes without saying."""
    return host.removesuffix(_DEFAULT_PORTS.get(scheme, ""))


def name_of(host: str) -> str:
    """The name or address in `host[:port]`, in small letters, without brackets."""
    host = host.strip().lower()
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0] if host.count(":") == 1 else host

"""A small writer of MMDB files, after the MaxMind DB file format specification 2.0: any record size, aliases, any types
that location databases use. Networks must not lie within one another.
"""

from __future__ import annotations

import ipaddress
import struct
from pathlib import Path
from typing import Any, Literal

_STRING, _DOUBLE, _UINT16, _UINT32, _MAP, _UINT64, _ARRAY = 2, 3, 5, 6, 7, 9, 11
_SEPARATOR = bytes(16)
_MARKER = b"\xab\xcd\xefMaxMind.com"

Node = list["int | str | None"]
"""Left and right: the number of a node, the text of a network (whose record it is), or nothing."""


def write_mmdb(
    path: Path,
    networks: dict[str, dict[str, Any]],
    *,
    ip_version: Literal[4, 6] = 4,
    record_size: Literal[24, 28, 32] = 28,
    kind: str = "Test-City",
    aliases: tuple[str, ...] = (),
) -> Path:
    """Writes networks and their records. `aliases` are IPv6 networks that stand for the whole IPv4 space."""
    nodes: list[Node] = [[None, None]]
    for network in networks:
        _put(nodes, _bits(network, ip_version), network)
    for alias in aliases:
        v4_root = _descend(nodes, 0, "0" * 96)
        _put(nodes, _bits(alias, ip_version), v4_root)
    data, offsets = b"", {}
    for network, record in networks.items():
        offsets[network] = len(data)
        data += _encoded(record)
    tree = b"".join(_packed(node, len(nodes), offsets, record_size) for node in nodes)
    metadata = {
        "node_count": (_UINT32, len(nodes)),
        "record_size": (_UINT16, record_size),
        "ip_version": (_UINT16, ip_version),
        "database_type": kind,
        "languages": ["en"],
        "binary_format_major_version": (_UINT16, 2),
        "binary_format_minor_version": (_UINT16, 0),
        "build_epoch": (_UINT64, 1_780_000_000),
        "description": {"en": "made by a test"},
    }
    path.write_bytes(tree + _SEPARATOR + data + _MARKER + _encoded(metadata))
    return path


def _bits(network: str, ip_version: int) -> str:
    parsed = ipaddress.ip_network(network)
    bits = f"{int(parsed.network_address):0{parsed.max_prefixlen}b}"[: parsed.prefixlen]
    return "0" * 96 + bits if ip_version == 6 and parsed.version == 4 else bits


def _descend(nodes: list[Node], node: int, bits: str) -> int:
    for bit in bits:
        below = nodes[node][int(bit)]
        if below is None:
            nodes.append([None, None])
            below = nodes[node][int(bit)] = len(nodes) - 1
        assert isinstance(below, int), "networks within one another"
        node = below
    return node


def _put(nodes: list[Node], bits: str, what: int | str) -> None:
    nodes[_descend(nodes, 0, bits[:-1])][int(bits[-1])] = what


def _packed(node: Node, count: int, offsets: dict[str, int], record_size: int) -> bytes:
    left, right = (_number(side, count, offsets) for side in node)
    if record_size == 28:
        middle = (left >> 24) << 4 | right >> 24
        return (left & 0xFFFFFF).to_bytes(3, "big") + bytes([middle]) + (right & 0xFFFFFF).to_bytes(3, "big")
    return b"".join(side.to_bytes(record_size // 8, "big") for side in (left, right))


def _number(side: int | str | None, count: int, offsets: dict[str, int]) -> int:
    if side is None:
        return count
    return side if isinstance(side, int) else count + len(_SEPARATOR) + offsets[side]


def _encoded(value: Any) -> bytes:
    match value:
        case str():
            text = value.encode()
            return _control(_STRING, len(text)) + text
        case float():
            return _control(_DOUBLE, 8) + struct.pack(">d", value)
        case int():
            return _encoded((_UINT32, value))
        case (int(kind), int(number)):
            raw = number.to_bytes((number.bit_length() + 7) // 8, "big")
            return _control(kind, len(raw)) + raw
        case list():
            return _control(_ARRAY, len(value)) + b"".join(map(_encoded, value))
        case dict():
            pairs = b"".join(_encoded(key) + _encoded(item) for key, item in value.items())
            return _control(_MAP, len(value)) + pairs
    raise TypeError(f"{value!r} can't be written")


def _control(kind: int, size: int) -> bytes:
    assert size < 29 + 256
    short, more = (size, b"") if size < 29 else (29, bytes([size - 29]))
    return bytes([kind << 5 | short]) + more if kind < 8 else bytes([short, kind - 7]) + more

"""WebSocket frames as a server sends them (RFC 6455, section 5.2): whole, unmasked, not compressed. No I/O."""

from __future__ import annotations

import struct
from typing import Final

_TEXT: Final = 0x81
_BINARY: Final = 0x82


def text(payload: bytes) -> bytes:
    """A text message, from UTF-8."""
    return _header(_TEXT, len(payload)) + payload


def binary(payload: bytes) -> bytes:
    """A binary message."""
    return _header(_BINARY, len(payload)) + payload


def _header(first: int, length: int) -> bytes:
    if length < 126:
        return bytes((first, length))
    if length < 1 << 16:
        return struct.pack(">BBH", first, 126, length)
    return struct.pack(">BBQ", first, 127, length)

"""WebSocket frames as a server sends them: whole and unmasked (RFC 6455, section 5.2), some compressed (RFC 7692).

No I/O.
"""

from __future__ import annotations

import struct
import zlib
from typing import Final

_TEXT: Final = 0x81
_BINARY: Final = 0x82
_COMPRESSED: Final = 0x40

WORTH_DEFLATING: Final = 256
"""Bytes from which a message is worth compressing."""

_STORED: Final = struct.Struct("<BHH")
_LEVEL: Final = 1
"""Higher ones take twice the time for 2 % fewer bytes."""


def text(payload: bytes) -> bytes:
    """A text message, from UTF-8."""
    return _header(_TEXT, len(payload)) + payload


def text_deflated(deflated: bytes) -> bytes:
    """A text message, from UTF-8 that `deflate` has made small."""
    return _header(_TEXT | _COMPRESSED, len(deflated)) + deflated


def binary(payload: bytes) -> bytes:
    """A binary message."""
    return _header(_BINARY, len(payload)) + payload


def binary_deflated(head: bytes, deflated: bytes) -> bytes:
    """A binary message of a few plain bytes and others that `deflate` has made small.

    The head goes into a stored block of its own (RFC 1951, section 3.2.4), so that it may differ from viewer to viewer
    while the rest is compressed once for all of them.
    """
    stored = _STORED.pack(0, len(head), len(head) ^ 0xFFFF)
    length = len(stored) + len(head) + len(deflated)
    return b"".join((_header(_BINARY | _COMPRESSED, length), stored, head, deflated))


def deflate(data: bytes) -> bytes:
    """Bytes as a message, or its end, without context from others (RFC 7692, section 7.2.1)."""
    squeeze = zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    return (squeeze.compress(data) + squeeze.flush(zlib.Z_SYNC_FLUSH))[:-4]


def _header(first: int, length: int) -> bytes:
    if length < 126:
        return bytes((first, length))
    if length < 1 << 16:
        return struct.pack(">BBH", first, 126, length)
    return struct.pack(">BBQ", first, 127, length)

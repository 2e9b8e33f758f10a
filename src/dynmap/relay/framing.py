"""Messages on a byte stream: each is preceded by its length, four bytes, little-endian."""

from __future__ import annotations

import asyncio
import struct
from typing import Final

from dynmap.errors import MessageError
from dynmap.relay import message
from dynmap.relay.message import Message

MAX_MESSAGE: Final = 64 << 20
"""Bytes of a message: room for the largest body that `POST /api/events` takes, and to spare."""

READ_AHEAD: Final = 1 << 20
"""Bytes that a reader buffers before it makes the other side wait."""

_LENGTH: Final = struct.Struct("<I")


def framed(data: bytes) -> bytes:
    """An encoded message as it goes over the stream. Raises MessageError when it is too long for that."""
    if len(data) > MAX_MESSAGE:
        raise MessageError(f"a message of {len(data)} bytes is over the {MAX_MESSAGE} that the relay carries")
    return _LENGTH.pack(len(data)) + data


async def read_message(reader: asyncio.StreamReader) -> Message | None:
    """The next message, or None when the other side is gone.

    Raises MessageError when what arrives is no message.
    """
    try:
        (length,) = _LENGTH.unpack(await reader.readexactly(_LENGTH.size))
        if length > MAX_MESSAGE:
            raise MessageError(
                f"a message of {length} bytes is over the {MAX_MESSAGE} that the relay carries"
            )
        return message.decode(await reader.readexactly(length))
    except (asyncio.IncompleteReadError, ConnectionError):
        return None

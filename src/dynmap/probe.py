"""Asks the serving process how things are, over its own port: for the banner, the progress and the ready signal."""

from __future__ import annotations

import asyncio
import json
from typing import Any, Final

_LIMIT: Final = 16 << 20
_SECONDS: Final = 5.0


async def get(host: str, port: int, path: str) -> tuple[int, Any] | None:
    """The status and JSON document at a path, or None when nobody answers (yet). An HTTP library takes 5 MB."""
    try:
        async with asyncio.timeout(_SECONDS):
            return await _get(host, port, path)
    except (OSError, TimeoutError, ValueError, EOFError):
        return None


async def _get(host: str, port: int, path: str) -> tuple[int, Any]:
    reader, writer = await asyncio.open_connection(host, port)
    try:
        request = f"GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n\r\n"
        writer.write(request.encode())
        answer = await reader.read(-1)
    finally:
        writer.close()
    head, _, body = answer[:_LIMIT].partition(b"\r\n\r\n")
    status = int(head.split(b" ", 2)[1])
    return status, json.loads(body)

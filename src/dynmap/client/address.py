"""Where a server's live frames are, and what it means when they can't be had. No I/O."""

from __future__ import annotations

import json
import os
import ssl
from contextlib import suppress
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.http11 import Response

from dynmap.errors import DynMapError, RefusedError, UnreachableError

_LIVE: Final = "/api/live"
_SCHEMES: Final = {"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"}

_PASSING: Final = frozenset((408, 425, 429))
"""Statuses below 500 after which another attempt may do better."""

_REFUSED_CODES: Final = range(4400, 4500)
"""Close codes that mean what HTTP's statuses of 400 to 499 do."""


def live_url(url: str) -> str:
    """The WebSocket's address, from that or from the page's. Raises DynMapError when it is neither."""
    try:
        parts = urlsplit(url)
        scheme, host, _ = _SCHEMES[parts.scheme], parts.hostname, parts.port
    except (KeyError, ValueError):
        host = None
    if not host:
        raise DynMapError(
            "not an address of a DynMap server", where=url, hint="such as http://127.0.0.1:8080"
        )
    path = parts.path.rstrip("/")
    path = path if path.endswith(_LIVE) else path + _LIVE
    return urlunsplit((scheme, parts.netloc, path, parts.query, ""))


def shown(url: str) -> str:
    """An address without what may be secret in it: a token, a password."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def why_not(where: str, error: Exception) -> DynMapError:
    """What an attempt to connect failed with, said so that it helps: a RefusedError when another would fail too."""
    if isinstance(error, InvalidStatus):
        return _of_response(where, error.response)
    hint = None
    if isinstance(error, ssl.SSLCertVerificationError):
        hint = "if it is a certificate of your own, pass ssl=ssl.create_default_context(cafile=...)"
    reason = str(error)
    if isinstance(error, ConnectionError) and error.errno:
        reason = os.strerror(error.errno)
    return UnreachableError(f"can't connect: {reason}", where=where, hint=hint)


def _of_response(where: str, response: Response) -> DynMapError:
    status = response.status_code
    code, message = _problem(response)
    if status >= 500 or status in _PASSING:
        return UnreachableError(f"answers {status}: {message}", where=where)
    if status == 401:
        return RefusedError(code or "unauthorized", message, where=where, hint="pass token=...")
    if status == 404:
        return RefusedError(code or "not_found", "there is no live map here", where=where)
    return RefusedError(code or f"http_{status}", message, where=where)


def _problem(response: Response) -> tuple[str, str]:
    """The code, where there is one, and the message of an answer."""
    with suppress(ValueError, TypeError, KeyError):
        said = json.loads(response.body)
        return str(said["code"]), str(said["message"])
    return "", response.reason_phrase or "no reason given"


def end_of(where: str, error: ConnectionClosed) -> RefusedError | None:
    """The refusal that a connection ended with, or None when it was just lost."""
    close = error.rcvd
    if close is None or close.code not in _REFUSED_CODES:
        return None
    code = {4401: "unauthorized", 4403: "forbidden"}.get(close.code, f"closed_{close.code}")
    return RefusedError(code, close.reason or "the server ended the connection", where=where)

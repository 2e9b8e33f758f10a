"""The body of `POST /api/events`: its type, its encoding, and a bound on how large it gets."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterable, Callable, Mapping
from typing import Final

from dynmap.serve.refusal import RequestError

MAX_BODY: Final = 32 << 20
"""Bytes of a body, unzipped."""

CONTENT_TYPES: Final = ("application/x-ndjson", "application/json", "text/plain")

_ENCODINGS: Final = ("", "identity", "gzip")
_AS_GZIP: Final = 16 + zlib.MAX_WBITS
_LONGEST_KEY: Final = 255


def content_type(headers: Mapping[str, str]) -> str:
    """The content type without parameters. Raises RequestError (415) when it is none of `CONTENT_TYPES`."""
    given = headers.get("content-type", "").partition(";")[0].strip().lower()
    if given not in CONTENT_TYPES:
        what = f"Content-Type is {given or 'missing'}, but must be one of {', '.join(CONTENT_TYPES)}"
        raise RequestError(415, "unsupported_type", what, hint="for lines of a log: Content-Type: text/plain")
    return given


def idempotency_key(headers: Mapping[str, str]) -> str | None:
    """The Idempotency-Key, if there is one. Raises RequestError (400) when it is empty or too long."""
    key = headers.get("idempotency-key")
    if key is not None and not 1 <= len(key) <= _LONGEST_KEY:
        raise RequestError(400, "bad_key", f"Idempotency-Key must have 1 to {_LONGEST_KEY} characters")
    return key


async def read(
    headers: Mapping[str, str], chunks: AsyncIterable[bytes], hold: Callable[[int], None]
) -> bytes:
    """The whole body, unzipped. `hold` is told how many bytes each chunk adds to memory, and may refuse them.

    Raises RequestError: 413 when it is over `MAX_BODY`, 415 for an unknown encoding, 400 for broken gzip.
    """
    encoding = headers.get("content-encoding", "").strip().lower()
    if encoding not in _ENCODINGS:
        raise RequestError(
            415, "unsupported_encoding", f"Content-Encoding is {encoding[:40]}, but must be gzip"
        )
    length = headers.get("content-length", "")
    if length.isdigit() and int(length) > MAX_BODY:
        raise _too_large()
    body = bytearray()
    unzip = _Unzip() if encoding == "gzip" else None
    async for chunk in chunks:
        plain = unzip.more(chunk, MAX_BODY - len(body)) if unzip else chunk
        hold(len(plain))
        body += plain
        if len(body) > MAX_BODY:
            raise _too_large()
    if unzip:
        unzip.check_end()
    return bytes(body)


class _Unzip:
    """Gzip, a chunk at a time, of one or more members, never further than is allowed."""

    def __init__(self) -> None:
        self._member = zlib.decompressobj(_AS_GZIP)
        self._began = False

    def more(self, chunk: bytes, room: int) -> bytes:
        """What a chunk unzips to, or a byte more than `room` if there is more. Raises RequestError."""
        out = bytearray()
        try:
            while chunk and len(out) <= room:
                if self._member.eof:
                    self._member = zlib.decompressobj(_AS_GZIP)
                out += self._member.decompress(chunk, room + 1 - len(out))
                self._began = True
                chunk = self._member.unused_data if self._member.eof else self._member.unconsumed_tail
        except zlib.error as error:
            raise RequestError(400, "bad_gzip", f"the body is not gzip: {error}") from error
        return bytes(out)

    def check_end(self) -> None:
        """Raises RequestError when the last member is not whole."""
        if self._began and not self._member.eof:
            raise RequestError(400, "bad_gzip", "the body is not gzip: it ends too early")


def _too_large() -> RequestError:
    most = f"the body is over {MAX_BODY >> 20} MiB"
    return RequestError(413, "too_large", most, hint="send it in several posts; gzip counts unzipped")

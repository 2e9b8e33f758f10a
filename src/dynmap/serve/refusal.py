"""A request that can't be carried out, and how that is said: to HTTP and to a WebSocket's handshake alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from dynmap.errors import DynMapError

_READ_OUT: Final = 128 << 20
"""Bytes of a refused body that are read and thrown away, so that its sender sees the answer."""


class RequestError(DynMapError):
    """`status` is the HTTP status, `code` a word for programs, `headers` are the answer's."""

    def __init__(
        self,
        status: int,
        code: str,
        what: str,
        *,
        hint: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.status = status
        self.code = code
        self.headers = {"Retry-After": "1"} if status == 503 else {}
        self.headers |= headers or {}
        super().__init__(what, hint=hint)

    def response(self, request: Mapping[str, str]) -> JSONResponse:
        """The answer to a request with such headers."""
        headers = self.headers if is_soon_over(request) else {**self.headers, "Connection": "close"}
        return problem(self.status, self.code, str(self), headers)


def problem(status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """A JSON answer that says what is wrong."""
    return JSONResponse({"code": code, "message": message}, status, headers)


def refusing(app: ASGIApp) -> ASGIApp:
    """An application whose refusals, raised before it answers, become answers."""

    async def answering(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await app(scope, receive, send)
        except RequestError as refusal:
            await refusal.response(Headers(scope=scope))(scope, receive, send)

    return answering


def is_soon_over(headers: Mapping[str, str]) -> bool:
    """Whether what is left of a refused body is little; who sends much, or without end, is cut off instead."""
    length = headers.get("content-length", "")
    return "transfer-encoding" not in headers and int(length if length.isdigit() else 0) <= _READ_OUT

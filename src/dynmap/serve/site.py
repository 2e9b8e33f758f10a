"""The one port: the page and viewers' WebSockets at once, everything else through the web framework."""

from __future__ import annotations

from collections.abc import Awaitable
from pathlib import Path
from typing import Final

from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from dynmap.serve.connection import connection_of
from dynmap.serve.live import Live
from dynmap.serve.pages import Pages

LIVE: Final = "/api/live"
SOCKET_IO: Final = "/socket.io"

_OF_THE_APP: Final = frozenset(("api", "docs", "healthz", "readyz", "socket.io"))
"""First parts of paths that are not the page's."""


class Site:
    """The ASGI application that uvicorn runs.

    The web framework takes half a second to load, so `app` may be still on its way: the page, from the folder
    `static`, and the WebSocket don't wait for it.
    """

    def __init__(self, live: Live, app: Awaitable[ASGIApp], static: Path) -> None:
        self._live = live
        self._app = app
        self._pages = ExceptionMiddleware(Pages(static))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection or request."""
        if scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
            return
        if scope["method"] == "HEAD":  # as for GET: uvicorn, which has seen the method, leaves the body out
            scope = {**scope, "method": "GET"}
        is_app = scope["path"].lstrip("/").partition("/")[0] in _OF_THE_APP
        await (await self._app if is_app else self._pages)(scope, receive, send)

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"].startswith(f"{SOCKET_IO}/"):
            await (await self._app)(scope, receive, send)
            return
        await receive()
        if scope["path"] != LIVE:
            await send({"type": "websocket.http.response.start", "status": 404, "headers": []})
            await send({"type": "websocket.http.response.body", "body": f"try {LIVE}\n".encode()})
            return
        await send({"type": "websocket.accept"})
        viewer = self._live.enter(connection_of(scope))
        try:
            while (await receive())["type"] != "websocket.disconnect":
                pass
        finally:
            self._live.leave(viewer)

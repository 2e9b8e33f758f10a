"""The one port: the page and viewers' WebSockets at once, everything else through the web framework."""

from __future__ import annotations

from collections.abc import Awaitable
from pathlib import Path
from typing import Final

from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from dynmap.config import Settings
from dynmap.serve.connection import connection_of
from dynmap.serve.frontage import Frontage
from dynmap.serve.gate import SUBPROTOCOL, Gate
from dynmap.serve.live import Live
from dynmap.serve.pages import Pages
from dynmap.serve.refusal import RequestError, refusing

LIVE: Final = "/api/live"
SOCKET_IO: Final = "/socket.io"

_OF_THE_APP: Final = frozenset(("api", "docs", "healthz", "readyz", "socket.io"))
"""First parts of paths that are not the page's."""


class Site:
    """The ASGI application that uvicorn runs.

    The web framework takes half a second to load, so `app` may be still on its way: the page, from the folder
    `static`, and the WebSocket don't wait for it. `gate` has the say on everything
    under `/api`, and on under which name anything may be asked for.
    """

    def __init__(
        self, live: Live, app: Awaitable[ASGIApp], static: Path, gate: Gate, frontage: Frontage | None = None
    ) -> None:
        self._live = live
        self._app = app
        self._gate = gate
        self._pages = ExceptionMiddleware(Pages(static, frontage or Frontage.of(Settings())))
        self._websocket = refusing(self._accept)
        self._http = gate.sharing(refusing(self._route))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection or request."""
        if scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
            connection_of(scope).handshake_complete = True  # uvicorn takes one that was refused for a mistake
        else:
            await self._http(scope, receive, send)

    async def _route(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._gate.check_host(scope)
        if scope["method"] == "HEAD":  # as for GET: uvicorn, which has seen the method, leaves the body out
            scope = {**scope, "method": "GET"}
        first = scope["path"].lstrip("/").partition("/")[0]
        if first == "api":
            self._gate.let_in(scope)
        await (await self._app if first in _OF_THE_APP else self._pages)(scope, receive, send)

    async def _accept(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"].startswith(f"{SOCKET_IO}/"):
            await (await self._app)(scope, receive, send)
            return
        await receive()
        if scope["path"] != LIVE:
            raise RequestError(404, "not_found", f"there is no WebSocket here, try {LIVE}")
        access = self._gate.viewer(scope)
        with self._gate.connection(scope):
            chosen = SUBPROTOCOL if SUBPROTOCOL in scope["subprotocols"] else None
            await send({"type": "websocket.accept", "subprotocol": chosen})
            viewer = self._live.enter(connection_of(scope), access)
            try:
                while (await receive())["type"] != "websocket.disconnect":
                    pass
            finally:
                self._live.leave(viewer)

"""The one port: viewers' WebSockets past all layers of the web framework, everything else through it."""

from __future__ import annotations

from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from dynmap.serve.connection import connection_of
from dynmap.serve.live import Live

LIVE: Final = "/api/live"


class Site:
    """The ASGI application that uvicorn runs."""

    def __init__(self, live: Live, app: ASGIApp) -> None:
        self._live = live
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection or request."""
        if scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        elif scope["type"] == "http" and scope["method"] == "HEAD":
            # As for GET: uvicorn, which has seen the method, leaves the body out.
            await self._app({**scope, "method": "GET"}, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        if scope["path"] != LIVE:
            await send({"type": "websocket.http.response.start", "status": 404, "headers": []})
            await send({"type": "websocket.http.response.body", "body": f"try {LIVE}\n".encode()})
            return
        await send({"type": "websocket.accept"})
        viewer = self._live.enter(connection_of(scope))
        try:
            while (event := await receive())["type"] == "websocket.receive":
                await viewer.hear(event.get("text"))
        finally:
            self._live.leave(viewer)

"""Socket.IO: `/socket.io/`, points for the clients of that protocol, over WebSockets and long-polling.

python-socketio does the handshakes, the transports and the acknowledgements. The points themselves are encoded once for
all who asked for the same and written straight to each WebSocket: its own way, a task and some queues for each client
and step, takes ten times as long. This leans on parts of python-engineio that are no public API:
tests/serve/test_socket_io.py holds what is assumed of it.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from typing import Any, Final
from urllib.parse import parse_qs

import socketio
from socketio import packet
from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send
from websockets.frames import CloseCode

from dynmap.errors import SubscriptionError
from dynmap.frame import TICK_MS
from dynmap.serve.access import WHOLE, Access
from dynmap.serve.body import RequestError
from dynmap.serve.connection import MAX_MESSAGE, LiveProtocol, connection_of
from dynmap.serve.live import Connection, Live
from dynmap.serve.socket_client import Session, SocketClient
from dynmap.serve.steps import Step

_BEAT: Final = 1000 // TICK_MS

STRANGER_SECONDS: Final = 45
"""How long a session may be there without having connected to what is served, as in the JavaScript server."""

_MAX_STRANGERS: Final = 4096

_MAX_ANSWERS: Final = 64
"""Packets that may wait for a client which asks without listening."""

_LONGEST_REQUEST: Final = 60.0
"""Seconds: a poll is answered after 45 at the latest, if only by an error."""

_quiet = logging.getLogger("dynmap.serve.socket_io.quiet")
"""What python-socketio says: of each client that does not keep to the protocol, with a traceback."""
_quiet.disabled = True

logger = logging.getLogger(__name__)


class TextPacket(packet.Packet):  # type: ignore[misc]  # the library has no types
    """A packet that this server has a use for. Others are thrown away, as is what can't be understood.

    None has attachments: the library would keep them until as many have come as were promised, a billion. And none is
    an event of a name that the library uses itself: it would call what is meant for its own.
    """

    def decode(self, encoded_packet: str) -> int:
        """Take a packet apart. Raises ValueError."""
        attachments = super().decode(encoded_packet)
        if attachments or self.packet_type not in (
            packet.CONNECT,
            packet.DISCONNECT,
            packet.EVENT,
            packet.ACK,
        ):
            raise ValueError("a packet of no use here")
        if self.packet_type == packet.EVENT and not _is_event(self.data):
            raise ValueError("an event of no use here")
        return 0


def _is_event(data: object) -> bool:
    match data:
        case [str(name), *_]:
            return name not in socketio.AsyncServer.reserved_events
        case _:
            return False


class SocketIO:
    """The ASGI application under `/socket.io/`.

    `admit` says what whoever asks may see, from the scope of a request with the token; it may raise RequestError.
    """

    def __init__(self, live: Live, admit: Callable[[Scope], Access] = lambda _: WHOLE) -> None:
        self._live = live
        self._admit = admit
        self._over = False
        self._clients: dict[str, SocketClient] = {}
        self._io = socketio.AsyncServer(
            async_mode="asgi",
            async_handlers=False,  # a client's events are answered in their order
            serializer=TextPacket,
            max_http_buffer_size=MAX_MESSAGE,
            http_compression=False,  # for each client anew, and meanwhile all others would wait
            cookie=None,
            logger=_quiet,
            engineio_logger=_quiet,
        )
        self._io.on("connect", self._connect)
        self._io.on("disconnect", self._disconnect)
        self._io.on("subscribe", self._subscribe)
        self._io.on("unsubscribe", self._unsubscribe)
        self._io.on("*", self._unknown)
        live.followers.add(self._follow)
        live.endings.add(self._end)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one WebSocket or request."""
        query = parse_qs(scope["query_string"].decode("latin-1"))
        session = self._io.eio.sockets.get(query.get("sid", [""])[0])
        try:
            self._check(scope, query, session)
            if scope["type"] == "websocket":
                await self._websocket(session, scope, receive, send)
            else:
                await self._request(scope, receive, send)
        except RequestError as refusal:
            said = {"code": refusal.code, "message": str(refusal)}
            await JSONResponse(said, refusal.status)(scope, receive, send)
            if scope["type"] == "websocket":
                connection_of(scope).handshake_complete = True

    def _check(self, scope: Scope, query: dict[str, list[str]], session: Session | None) -> None:
        """Raises RequestError for what python-socketio would not get rid of."""
        if self._over:
            raise RequestError(503, "draining", "the server stops")
        if session is None and len(self._io.eio.sockets) - len(self._clients) > _MAX_STRANGERS:
            raise RequestError(503, "busy", "too many clients are connecting at once")
        if "j" in query:
            raise RequestError(400, "bad_request", "JSONP is not served: any page could read it")
        length = Headers(scope=scope).get("content-length", "0")
        if not length.isdigit() or int(length) > MAX_MESSAGE:
            raise RequestError(413, "too_large", f"a client's message is over {MAX_MESSAGE >> 10} KiB")

    async def _websocket(self, session: Session | None, scope: Scope, receive: Receive, send: Send) -> None:
        connection = connection_of(scope)
        if session is not None and not session.upgraded:
            session.session["connection"] = connection
        try:
            await self._io.handle_request(scope, receive, send)
        except Exception as error:  # of what is no packet at all
            logger.debug("a WebSocket of Socket.IO fails", exc_info=error)
            await self._drop(connection, send)

    async def _request(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            async with asyncio.timeout(_LONGEST_REQUEST):
                await self._io.handle_request(scope, receive, send)
        except Exception as error:
            raise RequestError(400, "bad_request", "this is not Engine.IO") from error

    async def _drop(self, connection: LiveProtocol, send: Send) -> None:
        """Close a WebSocket that does not speak the protocol; its session, if it has one, ends with it."""
        if not connection.handshake_complete:
            await send({"type": "websocket.close"})
        connection.end(CloseCode.PROTOCOL_ERROR, "this is not Engine.IO")
        sessions: list[Session] = list(self._io.eio.sockets.values())
        for session in sessions:
            if self._connection(session) is connection:
                await session.close(wait=False, abort=True, reason=self._io.reason.TRANSPORT_ERROR)
                self._forget(session)

    async def _connect(self, sid: str, environ: dict[str, Any], auth: object = None) -> None:
        try:
            access = self._admit(_with_token(environ["asgi.scope"], auth))
        except RequestError as refusal:
            raise socketio.exceptions.ConnectionRefusedError(str(refusal), {"code": refusal.code}) from None
        session = self._io.eio.sockets[self._io.manager.eio_sid_from_sid(sid, "/")]
        self._connection(session)
        self._clients[sid] = session.session["client"] = SocketClient(self._live, session, access)

    async def _disconnect(self, sid: str, reason: str) -> None:
        client = self._clients.pop(sid, None)
        if client is not None:
            client.leave()
            client.session.session.pop("client", None)

    async def _subscribe(self, sid: str, *given: Any) -> dict[str, Any] | None:
        return self._answer(sid, lambda client: client.subscribe(*given[:1] or (None,)))

    async def _unsubscribe(self, sid: str, *given: Any) -> dict[str, Any] | None:
        return self._answer(sid, lambda client: client.unsubscribe(*given[:1]))

    async def _unknown(self, event: str, sid: str, *given: Any) -> dict[str, Any] | None:
        def refuse(client: SocketClient) -> None:
            raise SubscriptionError("unknown_event", "event is none of subscribe, unsubscribe")

        return self._answer(sid, refuse)

    def _answer(self, sid: str, do: Callable[[SocketClient], None]) -> dict[str, Any] | None:
        """What a client gets as the acknowledgement of what it asked for."""
        client = self._clients.get(sid)
        if client is None:
            return None
        if client.session.queue.qsize() > _MAX_ANSWERS:
            self._end_one(client.session, CloseCode.POLICY_VIOLATION, "asks without listening")
            return None
        try:
            do(client)
        except SubscriptionError as error:
            return {"ok": False, "code": error.code, "message": error.what}
        except Exception:  # python-socketio would keep it to itself
            logger.exception("something went wrong for a client of Socket.IO")
            return {"ok": False, "code": "failed", "message": "the server made a mistake; its log says more"}
        return {"ok": True, "topics": sorted(client.patterns)}

    def _follow(self, step: Step) -> None:
        """Once a second: end the sessions of those who may not be here any more."""
        if step.number % _BEAT:
            return
        now = time.monotonic()
        for session in list(self._io.eio.sockets.values()):
            if session.closed:
                self._forget(session)
            elif trouble := self._trouble_with(session, now):
                self._end_one(session, *trouble)

    def _forget(self, session: Session) -> None:
        """A session is over: whoever waits for its packets, to write them or to answer a poll, waits no longer."""
        session.queue.put_nowait(None)
        self._io.eio.sockets.pop(session.sid, None)

    def _trouble_with(self, session: Session, now: float) -> tuple[int, str] | None:
        if session.queue.qsize() > _MAX_ANSWERS:
            return CloseCode.POLICY_VIOLATION, "asks without listening"
        client: SocketClient | None = session.session.get("client")
        if client is not None:
            session.session.pop("stranger", None)
            return client.trouble(now)
        if now - session.session.setdefault("stranger", now) > STRANGER_SECONDS:
            return CloseCode.POLICY_VIOLATION, "did not connect"
        return None

    def _connection(self, session: Session) -> LiveProtocol | None:
        """The WebSocket of a session, which may have begun with it or come to it later."""
        connection: LiveProtocol | None = session.session.get("connection")
        if connection is None:
            scope = self._io.environ.get(session.sid, {}).get("asgi.scope")
            if scope is not None and scope["type"] == "websocket":
                connection = session.session["connection"] = connection_of(scope)
        return connection

    def _end_one(self, session: Session, code: int, reason: str) -> None:
        """End a session. Whoever is on a WebSocket is told why, whoever polls is told that it is over."""
        connection = self._connection(session)
        if connection is not None:
            connection.end(code, reason)
        if not session.upgraded:
            self._live.tend(session.close(wait=False))

    def _end(self) -> Sequence[Connection]:
        """The server stops."""
        self._over = True
        sessions: list[Session] = list(self._io.eio.sockets.values())
        connections = [found for session in sessions if (found := self._connection(session)) is not None]
        for session in sessions:
            self._end_one(session, CloseCode.GOING_AWAY, "the server stops")
        self._live.tend(self._io.shutdown())
        return connections


def _with_token(scope: Scope, auth: object) -> Scope:
    """A request's scope as if it had brought the token that came in the `auth` of the client."""
    match auth:
        case {"token": str(token)} if token.isascii():
            headers = [(name, value) for name, value in scope["headers"] if name != b"authorization"]
            return {**scope, "headers": [*headers, (b"authorization", b"Bearer " + token.encode())]}
        case _:
            return scope

"""A viewer's connection: uvicorn's protocols, with their transports within reach.

Frames for thousands of viewers are written straight to their transports; an ASGI send costs two to three times that.
And who stops reading an answer without end has to be cut off. This leans on parts of uvicorn that are no public API, so
uvicorn is pinned and tests/serve/test_connection.py holds what is assumed of it.
"""

from __future__ import annotations

import asyncio
import socket
import zlib
from typing import Any, Final, Protocol, cast

from starlette.types import Scope
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.extensions.permessage_deflate import PerMessageDeflate, ServerPerMessageDeflateFactory
from websockets.frames import CloseCode, Frame
from websockets.http11 import Request

from dynmap.serve.framing import text

MAX_MESSAGE: Final = 64 << 10
"""Bytes of a viewer's message; more closes it with 1009."""

SEND_BUFFER: Final = 128 << 10
"""Bytes that the kernel may hold for a viewer (Linux doubles them). It would take 4 MiB by itself: a minute of frames
that a viewer who does not read them seems to have got."""

MAX_WAITING: Final = 64 << 10
"""Bytes that may wait with us for a viewer before it is left to fall behind, until a quarter of that is left."""

FRAMES_A_SECOND: Final = 50
FRAMES_AT_ONCE: Final = 200
"""What a viewer may send, in WebSocket frames of any kind; more closes it with 1008."""

_FAREWELL_SECONDS: Final = 5.0
"""How long a viewer may take to read the end and answer it before it is cut off."""

_EXTENSION: Final = "dynmap"

_DEFLATE: Final = ServerPerMessageDeflateFactory(
    server_no_context_takeover=True, client_no_context_takeover=True
)


class Listener(Protocol):
    """Who listens to a connection."""

    def hear(self, message: str | bytes) -> None:
        """A whole message has come."""

    def takes(self, more: bool) -> None:
        """More may be written from now on, or not."""


class LiveProtocol(WebSocketsSansIOProtocol):
    """The protocol that uvicorn runs for each WebSocket; `connection_of` finds it from the scope.

    deflates   whether the viewer takes compressed messages, each on its own: they are made once for many viewers
    listener   who hears what the viewer says, and whether it takes more; without one, the application does
    """

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self.deflates = False
        self.listener: Listener | None = None
        self.conn.available_extensions = [_DEFLATE]
        self._debt = 0.0
        self._debt_at = 0.0

    def handle_connect(self, event: Request) -> None:
        """Make itself known to the application."""
        super().handle_connect(event)
        if self.response.status_code == 101:
            # A viewer that wants a smaller window than all others get is sent plain messages.
            self.deflates = any(
                isinstance(extension, PerMessageDeflate) and extension.local_max_window_bits == zlib.MAX_WBITS
                for extension in self.conn.extensions
            )
            self.transport.set_write_buffer_limits(high=MAX_WAITING)
            _hold_little(self.transport)
            self.scope["extensions"][_EXTENSION] = {"connection": self}

    def pause_writing(self) -> None:
        """Over `MAX_WAITING` bytes wait."""
        super().pause_writing()
        if self.listener is not None:
            self.listener.takes(False)

    def resume_writing(self) -> None:
        """A quarter of that is left."""
        super().resume_writing()
        if self.listener is not None and not self.close_sent:
            self.listener.takes(True)

    def handle_text(self, event: Frame) -> None:
        """The start of a message."""
        if self._may_send():
            super().handle_text(event)

    def handle_bytes(self, event: Frame) -> None:
        """The start of a message."""
        if self._may_send():
            super().handle_bytes(event)

    def handle_cont(self, event: Frame) -> None:
        """More of a message: empty ones without end would grow the list of its parts."""
        if self._may_send():
            super().handle_cont(event)

    def handle_pong(self, event: Frame) -> None:
        """A sign of life."""
        if self._may_send():
            super().handle_pong(event)

    def _may_send(self) -> bool:
        """Whether the viewer keeps to the limits (a leaky bucket: https://en.wikipedia.org/wiki/Leaky_bucket).

        One float a viewer; the libraries for it keep a lock and a queue for each.
        """
        if self.close_sent:
            return False
        now = self.loop.time()
        self._debt = max(0.0, self._debt - (now - self._debt_at) * FRAMES_A_SECOND) + 1
        self._debt_at = now
        if self._debt <= FRAMES_AT_ONCE:
            return True
        self.frames = []
        self.end(CloseCode.POLICY_VIOLATION, f"over {FRAMES_A_SECOND} messages a second")
        return False

    def send_receive_event_to_app(self) -> None:
        """Hand a message on, unless its text is none: that is the viewer's fault and no error of ours.

        Who listens hears it at once. By way of the application it would take a queue, a task's turn and a pause in
        reading: three times as much, which with an ack a second from each of thousands is more than all frames take.
        """
        data, is_text = b"".join(self.frames), self.curr_msg_data_type == "text"
        try:
            message = data.decode() if is_text else data
        except UnicodeDecodeError:
            self.frames = []
            self.end(CloseCode.INVALID_DATA, "text that is not UTF-8")
            return
        if self.listener is None:
            super().send_receive_event_to_app()
            return
        self.frames = []
        self.listener.hear(message)

    def handle_ping(self) -> None:
        """Answer, unless so much waits already that the viewer asks without listening."""
        if not self._may_send():
            return
        answer = b"".join(self.conn.data_to_send())
        if not self.is_clogged:
            self.transport.write(answer)

    @property
    def is_open(self) -> bool:
        """Whether frames may be written: after the handshake, before any close frame."""
        return not (
            self.close_sent or self.disconnected or not self.handshake_complete or self.transport.is_closing()
        )

    @property
    def is_clogged(self) -> bool:
        """Whether over `MAX_WAITING` bytes wait for a viewer who does not take them, or did until just now."""
        return not self.writable.is_set()

    def push(self, frames: bytes) -> None:
        """Write whole WebSocket frames at once, if it is still open."""
        if self.is_open:
            self.transport.write(frames)

    def say(self, message: bytes) -> None:
        """Write one text message, from UTF-8."""
        self.push(text(message))

    def end(self, code: int, reason: str) -> None:
        """Close with a code and a reason; who doesn't take them in time is cut off, whatever still waits."""
        if not self.is_open:
            return
        self.stop_keepalive()
        if self.listener is not None:
            self.listener.takes(False)
        self.conn.send_close(code, reason)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
        if self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()
        self.close_timer = self.loop.call_later(_FAREWELL_SECONDS, self.transport.abort)


class HttpProtocol(HttpToolsProtocol):
    """The protocol that uvicorn runs for other requests; `http_connection_of` finds it from the scope.

    disconnected  whether the connection is gone
    """

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self.disconnected = False

    def on_message_begin(self) -> None:
        """Make itself known to the application."""
        super().on_message_begin()
        self.scope["extensions"] = {_EXTENSION: {"connection": self}}

    def connection_lost(self, exc: Exception | None) -> None:
        """It is gone."""
        self.disconnected = True
        super().connection_lost(exc)

    def hold_little(self) -> None:
        """For an answer without end: have the kernel hold little of it, so that who doesn't read is noticed."""
        _hold_little(self.transport)


def _hold_little(transport: asyncio.Transport) -> None:
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)


def connection_of(scope: Scope) -> LiveProtocol:
    """The connection behind an accepted WebSocket."""
    return cast(LiveProtocol, scope["extensions"][_EXTENSION]["connection"])


def http_connection_of(scope: Scope) -> HttpProtocol:
    """The connection that an HTTP request came over."""
    return cast(HttpProtocol, scope["extensions"][_EXTENSION]["connection"])

"""A viewer's WebSocket: uvicorn's sans-IO protocol, with its transport within reach.

Frames for thousands of viewers are written straight to their transports; an ASGI send costs two to three times that.
This leans on parts of uvicorn that are no public API, so uvicorn is pinned and tests/serve/test_connection.py holds
what is assumed of it.
"""

from __future__ import annotations

from typing import Final, cast

from starlette.types import Scope
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import CloseCode
from websockets.http11 import Request

from dynmap.serve.framing import text

MAX_MESSAGE: Final = 64 << 10
"""Bytes of a viewer's message; more closes it with 1009."""

MAX_WAITING: Final = 64 << 10
"""Bytes that may wait for a viewer before it is left to fall behind."""

_FAREWELL_SECONDS: Final = 5.0
"""How long a viewer may take to read the end and answer it before it is cut off."""

_EXTENSION: Final = "dynmap"


class LiveProtocol(WebSocketsSansIOProtocol):
    """The protocol that uvicorn runs for each WebSocket; `connection_of` finds it from the scope."""

    def handle_connect(self, event: Request) -> None:
        """Make itself known to the application."""
        super().handle_connect(event)
        if self.response.status_code == 101:
            self.scope["extensions"][_EXTENSION] = {"connection": self}

    def send_receive_event_to_app(self) -> None:
        """Hand a message on, unless its text is none: that is the viewer's fault and no error of ours."""
        if self.curr_msg_data_type == "text":
            try:
                b"".join(self.frames).decode()
            except UnicodeDecodeError:
                self.frames = []
                self.end(CloseCode.INVALID_DATA, "text that is not UTF-8")
                return
        super().send_receive_event_to_app()

    def handle_ping(self) -> None:
        """Answer, unless so much waits already that the viewer asks without listening."""
        answer = b"".join(self.conn.data_to_send())
        if self.waiting <= MAX_WAITING:
            self.transport.write(answer)

    @property
    def is_open(self) -> bool:
        """Whether frames may be written: after the handshake, before any close frame."""
        return (
            self.handshake_complete
            and not self.close_sent
            and not self.disconnected
            and not self.transport.is_closing()
        )

    @property
    def waiting(self) -> int:
        """Bytes that the transport holds for a viewer who does not take them."""
        return self.transport.get_write_buffer_size()

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
        self.conn.send_close(code, reason)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
        if self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()
        self.close_timer = self.loop.call_later(_FAREWELL_SECONDS, self.transport.abort)


def connection_of(scope: Scope) -> LiveProtocol:
    """The connection behind an accepted WebSocket."""
    return cast(LiveProtocol, scope["extensions"][_EXTENSION]["connection"])

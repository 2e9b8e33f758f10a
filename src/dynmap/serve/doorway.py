"""Where connections come in: one after the other, so that thousands at once do not hold up those who are there."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import socket
from collections.abc import Callable
from typing import Final

_OUT_OF_FILES: Final = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
_BREATH_SECONDS: Final = 0.5
"""How long nobody is accepted when there are no descriptors left: some are bound to be closed."""

logger = logging.getLogger(__name__)


class Doorway:
    """Accepts on a listening socket and gives each connection a protocol, until it is closed.

    An event loop's own server accepts all that wait before it does anything else, and then hears all of them out in one
    turn: viewers who come back by the thousand after a restart hold up the steps of all others that way. Here each turn
    of the loop lets one in.
    """

    def __init__(self, listener: socket.socket, protocol: Callable[[], asyncio.Protocol]) -> None:
        listener.setblocking(False)
        self._listener = listener
        self._protocol = protocol
        self._accepting = asyncio.create_task(self._accept())

    def close(self) -> None:
        """Let nobody in any more."""
        self._accepting.cancel()

    async def wait_closed(self) -> None:
        """Wait until it is closed."""
        with contextlib.suppress(asyncio.CancelledError):
            await self._accepting

    async def _accept(self) -> None:
        complained = False
        while True:
            try:
                connection, _ = await asyncio.get_running_loop().sock_accept(self._listener)
            except OSError as error:  # who was gone before they were let in is none of our business
                if error.errno in _OUT_OF_FILES:
                    if not complained:
                        logger.warning("can't accept more connections: %s", error.strerror)
                    complained = True
                    await asyncio.sleep(_BREATH_SECONDS)
                continue
            complained = False
            await self._let_in(connection)

    async def _let_in(self, connection: socket.socket) -> None:
        try:
            connection.setblocking(False)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await asyncio.get_running_loop().connect_accepted_socket(self._protocol, connection)
        except OSError:
            connection.close()

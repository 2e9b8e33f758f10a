"""A TCP relay on the way to a server, at which connections can be cut, held up, or moved to another server."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from types import TracebackType
from typing import Self


class Relay:
    """Passes bytes on to a port of the loopback interface, from a port of its own."""

    def __init__(self, target: int) -> None:
        self.target = target
        """Where new connections go; 0 for nowhere."""
        self.connections = 0
        """How many there have been."""
        self._passing: dict[asyncio.Task[None], tuple[asyncio.StreamWriter, ...]] = {}
        self._may_pass = asyncio.Event()
        self._may_pass.set()

    @property
    def port(self) -> int:
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def cut(self) -> None:
        """Ends all connections at once, wherever they are in a message."""
        for writers in self._passing.values():
            for writer in writers:
                writer.transport.abort()

    def hold(self) -> None:
        """From now on nothing passes: connections look alive, but are silent."""
        self._may_pass.clear()

    def release(self) -> None:
        """Everything passes again."""
        self._may_pass.set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        self.cut()
        self.release()
        await asyncio.gather(*self._passing, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            there, back = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.transport.abort()
            return
        both = asyncio.gather(self._pass(reader, back), self._pass(there, writer))
        task = asyncio.current_task()
        assert task is not None
        self._passing[task] = (writer, back)
        try:
            await both
        finally:
            del self._passing[task]

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(700):  # small pieces, so that a cut falls inside of messages
                await self._may_pass.wait()
                writer.write(data)
                await writer.drain()
        writer.close()

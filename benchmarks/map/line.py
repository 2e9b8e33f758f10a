"""A line to a server that counts what comes over it. A browser doesn't tell what its workers load; this does."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections import defaultdict
from collections.abc import Iterator
from urllib.parse import urlsplit

_CHUNK = 1 << 16


@contextlib.contextmanager
def counted(url: str) -> Iterator[tuple[str, dict[str, int]]]:
    """Passes everything on to the server at `url`.

    Gives the address to use instead, and the bytes that have come from the server so far, headers included, by path.
    """
    parts = urlsplit(url)
    assert parts.hostname is not None
    assert parts.port is not None
    line = _Line(parts.hostname, parts.port)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        port = asyncio.run_coroutine_threadsafe(line.open(), loop).result()
        yield f"http://127.0.0.1:{port}", line.bytes
    finally:
        asyncio.run_coroutine_threadsafe(line.close(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


class _Line:
    def __init__(self, host: str, port: int) -> None:
        self.bytes: dict[str, int] = defaultdict(int)
        self._server = (host, port)
        self._calls: set[asyncio.Task[None]] = set()

    async def open(self) -> int:
        """Its port."""
        self._listening = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        port: int = self._listening.sockets[0].getsockname()[1]
        return port

    async def close(self) -> None:
        self._listening.close()
        for call in self._calls:
            call.cancel()
        await asyncio.gather(*self._calls, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        call = asyncio.current_task()
        assert call is not None
        self._calls.add(call)
        with contextlib.suppress(asyncio.CancelledError):
            await self._pass_on(reader, writer)
        self._calls.discard(call)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(*self._server)
        path = ""

        async def ask() -> None:
            nonlocal path
            while chunk := await reader.read(_CHUNK):
                # One request at a time: what comes is the answer to the last.
                if chunk.startswith(b"GET "):
                    path = urlsplit(chunk.split(b" ", 2)[1].decode("ascii", "replace")).path
                back.write(chunk)

        async def answer() -> None:
            while chunk := await there.read(_CHUNK):
                self.bytes[path] += len(chunk)
                writer.write(chunk)
                await writer.drain()

        try:
            with contextlib.suppress(ConnectionError):
                both = [asyncio.ensure_future(ask()), asyncio.ensure_future(answer())]
                try:
                    await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    for one in both:
                        one.cancel()
                    await asyncio.gather(*both, return_exceptions=True)
        finally:
            writer.close()
            back.close()

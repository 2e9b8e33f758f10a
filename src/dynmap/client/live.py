"""The connection: a socket for as long as it lasts, then another one."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Generator, Iterable
from contextlib import asynccontextmanager, suppress
from ssl import SSLContext
from types import TracebackType
from typing import Any, Final, Self, Unpack

from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as open_websocket
from websockets.client import backoff
from websockets.exceptions import ConnectionClosed

from dynmap.client import address
from dynmap.client.messages import Tile
from dynmap.client.session import Session, Wish, Wishes
from dynmap.client.steps import Step
from dynmap.errors import DynMapError, FrameError, MessageError, UnreachableError

SILENCE_SECONDS: Final = 12.0
"""The server says something every second; after so long a silence the connection counts as dead."""

_FIRST_SECONDS: Final = 1.0
_MOST_SECONDS: Final = 15.0
_PING_SECONDS: Final = 5.0
_FAREWELL_SECONDS: Final = 2.0
_MAX_MESSAGE: Final = 16 << 20
_MAX_QUEUE: Final = 64

logger = logging.getLogger(__name__)


def connect(
    url: str,
    *,
    topics: str | Iterable[str] = ">",
    tiles: Iterable[Tile] | None = None,
    rest: bool = False,
    every: int | None = None,
    window: float = 0,
    since: str | None = None,
    token: str | None = None,
    ssl: SSLContext | None = None,
) -> Live:
    """What happens, as it happens:

        async with connect("http://127.0.0.1:8080", topics=["web.>"]) as live:
            async for step in live:
                print(step.total, live.totals)

    url     of the page or of its `/api/live`
    topics  patterns: `*` is one token, a last `>` one or more
    tiles   XYZ tiles (z, x, y), none within another; None for the whole world
    rest    whether what lies outside the tiles is counted too, without its places
    every   ms from step to step, a multiple of 250; None for 250
    window  seconds of a warm picture to begin with: `Step.picture`
    since   a step's cursor, to take up where it left off; the totals then start at nothing
    token   a viewer's token
    ssl     for a server whose certificate this machine doesn't know

    Raises DynMapError when the address is none. Entering it raises UnreachableError when the server can't be reached
    and RefusedError when it refuses. Once it was there it is waited for, however long it is away.
    """
    wish = Wish().but(topics=topics, tiles=tiles, rest=rest, every=every, window=window)
    return Live(address.live_url(url), Session(wish, since), token, ssl)


class Live:
    """An async context manager, and an async iterator of steps.

    Nothing runs beside your loop: what came while it was busy is one step when it asks for the next. If that takes
    long the server notices, and merges what is missed. Nothing is lost. Iterating may be cancelled and taken up again.
    One task at a time may iterate; any may call `subscribe`.
    """

    def __init__(self, url: str, session: Session, token: str | None, ssl: SSLContext | None) -> None:
        self._url, self._shown = url, address.shown(url)
        self._session = session
        self._options: dict[str, Any] = {} if ssl is None else {"ssl": ssl}
        if token is not None:
            self._options["additional_headers"] = {"Authorization": f"Bearer {token}"}
        self._socket: ClientConnection | None = None
        self._delays: Generator[float] | None = None
        self._retry_at = 0.0
        self._silent = 0.0
        self._entered = False
        self._over = asyncio.Event()

    @property
    def totals(self) -> dict[str, int]:
        """All events by topic, up to the last step: the server's totals, and what the steps since have added."""
        return self._session.ledger.totals

    @property
    def located(self) -> int:
        """The sum of `totals`."""
        return self._session.ledger.located

    @property
    def topics(self) -> list[str]:
        """The names that the columns' topic numbers are places in. It grows; what is in it never changes."""
        return self._session.ledger.topics

    @property
    def cursor(self) -> str | None:
        """Up to where the steps have come."""
        return self._session.ledger.cursor

    @property
    def stats(self) -> dict[str, Any]:
        """What the server last said of itself, once a second: docs/live-protocol.md."""
        return self._session.stats

    @property
    def every(self) -> int | None:
        """Milliseconds from step to step, if the server said that it sends fewer than it was asked for."""
        return self._session.every

    @property
    def connected(self) -> bool:
        """Whether there is a connection; when not, another is made as you iterate."""
        return self._socket is not None

    async def __aenter__(self) -> Self:
        self._entered = True
        try:
            await self._open()
            while self._socket is not None and not self._session.answered:
                await self._advance(self._socket, self._session.ack_due())
            if self._socket is None:
                raise UnreachableError("the connection was lost before it answered", where=self._shown)
        except BaseException:
            self._drop()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """End the connection, and with it the iteration."""
        self._over.set()
        socket, self._socket = self._socket, None
        if socket is not None:
            await socket.close()

    async def subscribe(self, *, anew: bool = False, **wishes: Unpack[Wishes]) -> None:
        """Ask for something else from here on; what is not named stays as it was. See `connect` for the wishes.

        The steps go on without a gap, and totals of topics that were not asked for before count from here. With `anew`
        the totals are the server's own again, and what happened meanwhile is in them only. Should the server refuse,
        the iteration raises RefusedError; taken up again, it goes on with what was asked for before.
        """
        message = self._session.change(self._session.wish.but(**wishes), anew=anew)
        if self._socket is not None:
            await self._say(self._socket, message)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Step:
        if not self._entered:
            raise RuntimeError("there is no connection: iterate inside `async with connect(...) as live`")
        while not self._session.steps:
            if self._over.is_set():
                raise StopAsyncIteration
            if self._socket is None:
                await self._come_back()
            else:
                await self._advance(self._socket, self._session.ack_due())
        while self._socket is not None and await self._advance(self._socket, self._now()):
            pass  # what has come already, while the loop was busy, goes into the same step
        return self._session.next_step()

    async def _open(self) -> None:
        try:
            socket = await open_websocket(
                self._url,
                max_size=_MAX_MESSAGE,
                max_queue=_MAX_QUEUE,
                ping_interval=_PING_SECONDS,
                ping_timeout=SILENCE_SECONDS,
                close_timeout=_FAREWELL_SECONDS,
                **self._options,
            )
        except Exception as error:
            raise address.why_not(self._shown, error) from error
        self._socket, self._silent = socket, 0.0
        await self._say(socket, self._session.opened())

    async def _come_back(self) -> None:
        """Try to connect again once it is time to, unless it is over."""
        with suppress(TimeoutError):
            async with asyncio.timeout_at(self._retry_at):
                await self._over.wait()
                return
        try:
            await self._open()
        except UnreachableError as error:
            self._lose(str(error))
        if self._over.is_set():
            await self.close()

    async def _advance(self, socket: ClientConnection, until: float | None) -> bool:
        """Take in one message, if one comes until then; or find that the connection is lost. Whether one came."""
        if ack := self._session.acknowledge(self._now()):
            await self._say(socket, ack)
        try:
            async with self._impatience(until):
                message = await socket.recv()
        except TimeoutError:
            if self._silent >= SILENCE_SECONDS:
                self._lose(f"the server was silent for {SILENCE_SECONDS:.0f} seconds")
            return False
        except ConnectionClosed as error:
            if not self._over.is_set():
                self._lose(str(error))
            if refusal := address.end_of(self._shown, error):
                raise refusal from error
            return False
        self._silent = 0.0
        self._take(message)
        return True

    @asynccontextmanager
    async def _impatience(self, until: float | None) -> AsyncGenerator[None]:
        """Ends with TimeoutError then, or when there is silence for too long; adds that up."""
        start = self._now()
        end = start + SILENCE_SECONDS - self._silent
        try:
            async with asyncio.timeout_at(end if until is None else min(until, end)):
                yield
        finally:
            self._silent += self._now() - start

    def _take(self, message: str | bytes) -> None:
        try:
            self._session.take(message)
        except (FrameError, MessageError) as error:
            self._lose(str(error))
        except DynMapError:
            self._lose("refused")
            raise
        else:
            if self._session.steps:
                self._delays = None

    async def _say(self, socket: ClientConnection, message: str) -> None:
        try:
            await socket.send(message)
        except ConnectionClosed:
            pass  # reading finds that out, after what has come before the end
        except BaseException:
            self._lose("cancelled while it was told something")
            raise

    def _lose(self, why: str) -> None:
        """The connection is gone: set when the next is tried."""
        self._drop()
        self._delays = self._delays or _delays()
        delay = next(self._delays)
        self._retry_at = self._now() + delay
        logger.info("%s: %s; trying again in %.1f s", self._shown, why, delay)

    def _drop(self) -> None:
        if self._socket is not None:
            self._socket.transport.abort()
            self._socket = None
        self._session.lost()

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()


def _delays() -> Generator[float]:
    """Seconds before each attempt to come back: the first by chance, so that a thousand clients don't come at once."""
    return backoff(initial_delay=_FIRST_SECONDS, min_delay=_FIRST_SECONDS, max_delay=_MOST_SECONDS)

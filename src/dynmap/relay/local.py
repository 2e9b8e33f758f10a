"""The relay of one machine: messages over a Unix socket between the ingest and the serving process."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from pathlib import Path
from typing import Final, Self

from dynmap.errors import MessageError
from dynmap.relay import message
from dynmap.relay.base import (
    MAX_UNACKNOWLEDGED,
    AnswerLostError,
    OnBatch,
    OnGone,
    OnPost,
    OnStatus,
    RelayDownError,
)
from dynmap.relay.framing import READ_AHEAD, framed, read_message
from dynmap.relay.message import (
    Ack,
    BatchMessage,
    Drained,
    Message,
    Position,
    Positions,
    Post,
    PostAnswer,
    Status,
)
from dynmap.relay.positions import PositionTable, position_of

_RETRY_SECONDS: Final = 0.05
_FLUSH_SECONDS: Final = 5.0
_TURN_SECONDS: Final = 0.005
"""How long the hub takes batches in before it lets the rest of the serving process have a turn."""

logger = logging.getLogger(__name__)


class LocalLink:
    """The ingesting end: connects, and connects again when the serving process was restarted."""

    def __init__(self, path: Path, on_post: OnPost) -> None:
        self._path = path
        self._on_post = on_post
        self._writer: asyncio.StreamWriter | None = None
        self._connected = asyncio.Event()
        self._stored = PositionTable()
        self._status: Status | None = None
        self._unacknowledged: dict[tuple[str, int, int], tuple[bytes, Position]] = {}
        self._bytes = 0
        self._has_room = asyncio.Event()
        self._idle = asyncio.Event()
        self._account(0)
        self._acknowledged: asyncio.Future[None] | None = None
        self._answering: set[asyncio.Task[None]] = set()
        self._connection: asyncio.Task[None] | None = None

    @classmethod
    async def connect(cls, path: Path, on_post: OnPost) -> Self:
        """A link to whoever listens at `path`, waiting for them; its `positions` are theirs.

        `on_post` is awaited for each `POST /api/events`.
        """
        link = cls(path, on_post)
        link._connection = asyncio.create_task(link._stay_connected())
        await link._connected.wait()
        return link

    @property
    def positions(self) -> dict[tuple[str, int], Position]:
        """What is stored, by (producer, generation): from where sources go on after a restart."""
        return {(position.producer, position.generation): position for position in self._stored}

    def publish(self, batch: BatchMessage) -> None:
        """Send a batch, and send it again after every lost connection until it is acknowledged.

        Raises MessageError when the batch is empty (`first` must be below `last`) or too large for the relay.
        """
        if batch.first >= batch.last:
            raise MessageError(
                f"batch from {batch.first} to {batch.last} holds nothing", where=f"batch of {batch.producer}"
            )
        key = (batch.producer, batch.generation, batch.last)
        if key in self._unacknowledged:
            return
        data = framed(message.encode(batch))
        self._unacknowledged[key] = (data, position_of(batch))
        self._account(len(data))
        self._write(data)

    async def stored(self, producer: str, generation: int, last: int) -> None:
        """Wait until a producer's sequence is acknowledged up to `last`."""
        while (self._stored.stored(producer, generation) or 0) < last:
            self._acknowledged = self._acknowledged or asyncio.get_running_loop().create_future()
            await asyncio.shield(self._acknowledged)

    def say(self, status: Status) -> None:
        """Tell how ingest does; only the latest counts."""
        self._status = status
        self._write(framed(message.encode(status)))

    async def room(self) -> None:
        """Wait while more than `MAX_UNACKNOWLEDGED` bytes are unacknowledged."""
        await self._has_room.wait()

    async def drain(self) -> None:
        """Wait until all that was published is acknowledged, then say that nothing more will come."""
        await self._idle.wait()
        await self._connected.wait()
        self._write(framed(message.encode(Drained())))

    async def close(self) -> None:
        """Disconnect. What was written is still delivered if the other side is there."""
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.close()
            with contextlib.suppress(ConnectionError, TimeoutError):
                await asyncio.wait_for(writer.wait_closed(), _FLUSH_SECONDS)
        tasks = [*self._answering, *([self._connection] if self._connection else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _write(self, data: bytes) -> None:
        if self._writer is not None and not self._writer.is_closing():
            self._writer.write(data)

    def _account(self, added: int) -> None:
        self._bytes += added
        for event, state in (
            (self._has_room, self._bytes <= MAX_UNACKNOWLEDGED),
            (self._idle, self._bytes == 0),
        ):
            (event.set if state else event.clear)()

    async def _stay_connected(self) -> None:
        while True:
            try:
                reader, writer = await asyncio.open_unix_connection(self._path, limit=READ_AHEAD)
            except OSError:
                await asyncio.sleep(_RETRY_SECONDS)
                continue
            try:
                await self._talk(reader, writer)
            except (MessageError, ConnectionError) as error:
                logger.error("relay: %s; connecting again", error)
            finally:
                self._writer = None
                self._connected.clear()
                writer.close()
            await asyncio.sleep(_RETRY_SECONDS)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        greeting = await read_message(reader)
        if greeting is None:
            return
        if not isinstance(greeting, Positions):
            raise MessageError("the serving side did not begin with its positions")
        known = Positions(list(self._stored))
        self._stored.update(greeting.positions)
        self._wake()
        self._writer = writer
        self._write(framed(message.encode(known)))
        if self._status is not None:
            self.say(self._status)
        for data, _ in self._unacknowledged.values():
            self._write(data)
        self._connected.set()
        while (received := await read_message(reader)) is not None:
            self._receive(received)

    def _receive(self, received: Message) -> None:
        match received:
            case Ack(producer, generation, last):
                sent = self._unacknowledged.pop((producer, generation, last), None)
                if sent is not None:
                    data, position = sent
                    self._stored.store(position)
                    self._account(-len(data))
                    self._wake()
            case Post():
                task = asyncio.create_task(self._answer(received))
                self._answering.add(task)
                task.add_done_callback(self._answering.discard)
            case _:
                raise MessageError(f"a serving side does not send {type(received).__name__}")

    def _wake(self) -> None:
        """Let those who wait for an acknowledgement look again."""
        woken, self._acknowledged = self._acknowledged, None
        if woken is not None:
            woken.set_result(None)

    async def _answer(self, post: Post) -> None:
        try:
            answer = await self._on_post(post)
        except Exception:
            logger.exception("POST /api/events failed")
            answer = PostAnswer(
                post.id, 500, {"detail": "the events could not be taken in; see the server's log"}
            )
        self._write(framed(message.encode(answer)))


class LocalHub:
    """The serving end: hands each batch on once, acknowledges it, and passes posts to whoever ingests."""

    def __init__(
        self, path: Path, on_batch: OnBatch, on_status: OnStatus, on_gone: OnGone, stored: PositionTable
    ) -> None:
        self._path = path
        self._on_batch = on_batch
        self._on_status = on_status
        self._on_gone = on_gone
        self._server: asyncio.Server | None = None
        self._ingest: asyncio.StreamWriter | None = None
        self._stored = stored
        self._posts: dict[int, asyncio.Future[PostAnswer]] = {}
        self._post_id = 0
        self._talking: set[asyncio.Task[None]] = set()
        self._one_at_a_time = asyncio.Lock()
        self.batches = 0
        self.duplicates = 0
        self.overlaps = 0
        self.invalid = 0

    @classmethod
    async def listen(
        cls,
        path: Path,
        on_batch: OnBatch,
        on_status: OnStatus,
        on_gone: OnGone,
        stored: PositionTable | None = None,
    ) -> Self:
        """A hub that listens at `path`.

        `on_batch` takes a batch in before it returns (MessageError: it is counted as invalid and dropped);
        `on_gone` is told whether the ingest process had said that nothing more would come. `stored` is what was taken
        in before; the hub keeps it.
        """
        hub = cls(path, on_batch, on_status, on_gone, PositionTable() if stored is None else stored)
        hub._server = await asyncio.start_unix_server(hub._accept, path, limit=READ_AHEAD)
        return hub

    @property
    def connected(self) -> bool:
        """Whether somebody ingests."""
        return self._ingest is not None

    async def post(self, post: Post) -> PostAnswer:
        """Have a body taken in under an id of the hub's own, and wait for the answer.

        Raises RelayDownError when nobody ingests, AnswerLostError when they go away meanwhile.
        """
        if self._ingest is None:
            raise RelayDownError("nobody takes events in just now", hint="try again in a second")
        self._post_id += 1
        identity = self._post_id
        answer: asyncio.Future[PostAnswer] = asyncio.get_running_loop().create_future()
        self._posts[identity] = answer
        try:
            data = message.encode(
                Post(identity, post.body, post.content_type, key=post.key, source=post.source)
            )
            self._ingest.write(framed(data))
            return await answer
        finally:
            del self._posts[identity]

    async def close(self) -> None:
        """Stop listening and disconnect."""
        if self._server is not None:
            self._server.close()
        for task in list(self._talking):
            task.cancel()
        await asyncio.gather(*self._talking, return_exceptions=True)
        self._path.unlink(missing_ok=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer))
        self._talking.add(task)
        task.add_done_callback(self._talking.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # A new ingest process learns the positions only when the last word of the one before has been read:
        # what is still on its way would otherwise be sent again with other boundaries.
        async with self._one_at_a_time:
            await self._talk(reader, writer)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        drained = False
        self._ingest = writer
        writer.write(framed(message.encode(Positions(list(self._stored)))))
        loop = asyncio.get_running_loop()
        turn = loop.time()
        try:
            while (received := await read_message(reader)) is not None:
                self._receive(received, writer)
                drained = drained or isinstance(received, Drained)
                if loop.time() - turn > _TURN_SECONDS:
                    await asyncio.sleep(0)
                    turn = loop.time()
        except MessageError as error:
            logger.error("relay: %s; disconnecting", error)
        finally:
            writer.close()
            self._forget(drained)

    def _forget(self, drained: bool) -> None:
        for answer in self._posts.values():
            if not answer.done():
                answer.set_exception(AnswerLostError("whoever took the events in went away before answering"))
        self._ingest = None
        self._on_gone(drained)

    def _receive(self, received: Message, writer: asyncio.StreamWriter) -> None:
        match received:
            case BatchMessage():
                self._take(received)
                ack = Ack(received.producer, received.generation, received.last)
                writer.write(framed(message.encode(ack)))
            case Status():
                self._on_status(received)
            case PostAnswer(id=identity):
                answer = self._posts.get(identity)
                if answer is not None and not answer.done():
                    answer.set_result(received)
            case Positions(positions):
                self._stored.update(positions)
            case Drained():
                pass
            case _:
                raise MessageError(f"an ingest process does not send {type(received).__name__}")

    def _take(self, batch: BatchMessage) -> None:
        if self._stored.holds(batch):
            self.duplicates += 1
            return
        stored = self._stored.stored(batch.producer, batch.generation)
        if stored is not None and batch.first < stored:
            self.overlaps += 1
            logger.error(
                "relay: batch of %s from %d to %d overlaps what is stored up to %d; part of it counts twice",
                *(batch.producer, batch.first, batch.last, stored),
            )
        try:
            self._on_batch(batch)
        except MessageError as error:
            self.invalid += 1
            logger.error("relay: %s; its events are not counted", error)
        else:
            self.batches += 1
        self._stored.store(position_of(batch))

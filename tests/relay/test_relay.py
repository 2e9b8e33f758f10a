"""What every relay promises, over each implementation in `RELAYS`."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Protocol

import numpy as np
import pytest

from dynmap.errors import MessageError
from dynmap.relay import base
from dynmap.relay.base import AnswerLostError, Hub, Link, OnBatch, OnGone, OnPost, OnStatus, RelayDownError
from dynmap.relay.local import LocalHub, LocalLink
from dynmap.relay.message import BatchMessage, Post, PostAnswer, Status


class Relay(Protocol):
    """An implementation: both ends of it, at a place of the test's own."""

    async def listen(self, on_batch: OnBatch, on_status: OnStatus, on_gone: OnGone) -> Hub: ...

    async def connect(self, on_post: OnPost) -> Link: ...


class Local:
    """The relay of one machine."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "relay.sock"

    async def listen(self, on_batch: OnBatch, on_status: OnStatus, on_gone: OnGone) -> LocalHub:
        return await LocalHub.listen(self.path, on_batch, on_status, on_gone)

    async def connect(self, on_post: OnPost) -> LocalLink:
        return await LocalLink.connect(self.path, on_post)


RELAYS: dict[str, Callable[[Path], Relay]] = {"local": Local}


@pytest.fixture(params=RELAYS)
def relay(request: pytest.FixtureRequest, tmp_path: Path) -> Relay:
    return RELAYS[request.param](tmp_path)


def batch(
    first: int, last: int, producer: str = "log", generation: int = 0, padding: int = 0
) -> BatchMessage:
    none = np.empty(0, np.uint16)
    wide = np.empty(0, np.uint32)
    return BatchMessage(
        source="web",
        producer=producer,
        generation=generation,
        first=first,
        last=last,
        arrival=0,
        topics=["web"],
        ticks=[0],
        **BatchMessage.columns(none, none, wide, wide, wide),
        located=0,
        unlocated={0: last - first},
        rejected=0,
        reasons={},
        examples=[],
        checkpoint={"offset": last, "padding": "x" * padding},
    )


class Serving:
    """A serving side that notes what it is handed."""

    def __init__(self, relay: Relay) -> None:
        self.relay = relay
        self.batches: list[BatchMessage] = []
        self.statuses: list[Status] = []
        self.gone: list[bool] = []
        self.refuse: Callable[[BatchMessage], bool] = lambda _: False
        self.hub: Hub

    def take(self, message: BatchMessage) -> None:
        if self.refuse(message):
            raise MessageError("columns differ in length")
        self.batches.append(message)

    async def start(self) -> None:
        self.hub = await self.relay.listen(self.take, self.statuses.append, self.gone.append)

    @property
    def spans(self) -> list[tuple[int, int]]:
        return [(message.first, message.last) for message in self.batches]


async def echo(post: Post) -> PostAnswer:
    return PostAnswer(post.id, 202, {"received": len(post.body.split()), "key": post.key})


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.002)


@pytest.fixture
async def serving(relay: Relay) -> AsyncIterator[Serving]:
    side = Serving(relay)
    await side.start()
    yield side
    await side.hub.close()


@pytest.fixture
async def link(serving: Serving) -> AsyncIterator[Link]:
    end = await serving.relay.connect(echo)
    yield end
    await end.close()


async def test_batches_arrive_in_order_and_once(serving: Serving, link: Link) -> None:
    for first in range(0, 100, 10):
        link.publish(batch(first, first + 10))
    link.publish(batch(90, 100))
    await link.drain()
    link.publish(batch(90, 100))
    await until(lambda: serving.hub.duplicates == 1)
    assert serving.spans == [(first, first + 10) for first in range(0, 100, 10)]
    assert (serving.hub.batches, serving.hub.overlaps, serving.hub.invalid) == (10, 0, 0)
    await link.close()
    await until(lambda: serving.gone == [True])


async def test_generations_and_producers_have_their_own_positions(serving: Serving, link: Link) -> None:
    for producer, generation in itertools.product(("a", "b"), (0, 1)):
        link.publish(batch(0, 5, producer, generation))
    await link.drain()
    await until(lambda: serving.hub.batches == 4)
    positions = {key: position.last for key, position in link.positions.items()}
    assert positions == dict.fromkeys(itertools.product(("a", "b"), (0, 1)), 5)


async def test_an_ingest_process_that_comes_back_learns_where_to_go_on(serving: Serving, link: Link) -> None:
    link.publish(batch(0, 7))
    await link.drain()
    await link.close()
    again = await serving.relay.connect(echo)
    position = again.positions["log", 0]
    assert (position.last, position.checkpoint) == (7, {"offset": 7, "padding": ""})
    await again.close()


async def test_a_crash_is_told_from_an_end(serving: Serving, link: Link) -> None:
    link.publish(batch(0, 1))
    await until(lambda: serving.hub.batches == 1)
    await link.close()
    await until(lambda: serving.gone == [False])
    assert not serving.hub.connected


async def test_unacknowledged_batches_survive_a_restart_of_the_serving_side(
    serving: Serving, link: Link
) -> None:
    link.say(Status("ready"))
    link.publish(batch(0, 10))
    await until(lambda: len(serving.statuses) == 1 and link.positions != {})
    await serving.hub.close()
    link.publish(batch(10, 20))
    link.publish(batch(20, 30))
    await serving.start()
    await link.drain()
    assert serving.spans == [(0, 10), (10, 20), (20, 30)]
    assert [status.state for status in serving.statuses] == ["ready", "ready"]
    link.publish(batch(0, 10))
    await link.drain()
    assert serving.hub.duplicates == 1, "what the serving side before had stored is not known to the new one"


async def test_a_link_waits_for_the_serving_side(relay: Relay) -> None:
    serving = Serving(relay)
    connecting = asyncio.create_task(relay.connect(echo))
    await asyncio.sleep(0.1)
    assert not connecting.done()
    await serving.start()
    link = await connecting
    link.publish(batch(0, 1))
    await link.drain()
    await link.close()
    await serving.hub.close()


async def test_room_holds_sources_back_until_batches_are_acknowledged(serving: Serving, link: Link) -> None:
    await link.room()
    half = base.MAX_UNACKNOWLEDGED // 2
    link.publish(batch(0, 1, padding=half))
    await link.room()
    link.publish(batch(1, 2, padding=half))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(asyncio.shield(link.room()), 0)
    await link.room()
    await link.drain()
    assert serving.spans == [(0, 1), (1, 2)]


async def test_posts_are_answered(serving: Serving, link: Link) -> None:
    posts = [serving.hub.post(Post(0, b"line\n" * n, "text/plain", key=str(n))) for n in range(1, 4)]
    answers = await asyncio.gather(*posts)
    assert [answer.body for answer in answers] == [{"received": n, "key": str(n)} for n in range(1, 4)]


async def test_a_post_fails_when_nobody_ingests(serving: Serving) -> None:
    with pytest.raises(RelayDownError):
        await serving.hub.post(Post(0, b"", "text/plain"))


async def test_a_post_fails_when_ingest_goes_away(serving: Serving) -> None:
    async def never(post: Post) -> PostAnswer:
        return await asyncio.Future()

    link = await serving.relay.connect(never)
    await until(lambda: serving.hub.connected)
    waiting = asyncio.create_task(serving.hub.post(Post(0, b"", "text/plain")))
    await asyncio.sleep(0.02)
    await link.close()
    with pytest.raises(AnswerLostError):
        await waiting


async def test_a_post_that_fails_is_a_500_and_harms_nothing(
    serving: Serving, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(post: Post) -> PostAnswer:
        raise RuntimeError("disk on fire")

    link = await serving.relay.connect(fail)
    await until(lambda: serving.hub.connected)
    answer = await serving.hub.post(Post(0, b"", "text/plain"))
    assert answer.status == 500
    assert "disk on fire" not in str(answer.body)
    assert "disk on fire" in caplog.text
    await link.close()


async def test_an_invalid_batch_is_counted_and_not_sent_for_ever(serving: Serving, link: Link) -> None:
    serving.refuse = lambda message: message.first == 10
    for first in (0, 10, 20):
        link.publish(batch(first, first + 10))
    await link.drain()
    assert serving.spans == [(0, 10), (20, 30)]
    assert (serving.hub.batches, serving.hub.invalid) == (2, 1)


async def test_an_overlap_is_said_and_counted(
    serving: Serving, link: Link, caplog: pytest.LogCaptureFixture
) -> None:
    link.publish(batch(0, 10))
    link.publish(batch(5, 15))
    await link.drain()
    assert serving.hub.overlaps == 1
    assert "overlaps" in caplog.text


async def test_an_empty_batch_is_refused(link: Link) -> None:
    with pytest.raises(MessageError, match="holds nothing"):
        link.publish(batch(3, 3))


async def test_the_next_ingest_process_waits_for_the_last_word_of_the_one_before(
    serving: Serving, link: Link
) -> None:
    connecting = asyncio.create_task(serving.relay.connect(echo))
    await asyncio.sleep(0.05)
    assert not connecting.done()
    link.publish(batch(0, 10))
    await link.close()
    again = await connecting
    assert again.positions["log", 0].last == 10
    await again.close()


@pytest.mark.parametrize(
    "garbage", [b"\xff\xff\xff\xff", b"\x03\0\0\0abc", b"GET / HTTP/1.1\r\n\r\n", b"\x01"]
)
async def test_garbage_on_the_socket_ends_that_connection_only(
    garbage: bytes, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    relay = Local(tmp_path)
    serving = Serving(relay)
    await serving.start()
    reader, writer = await asyncio.open_unix_connection(relay.path)
    writer.write(garbage)
    writer.write_eof()
    await reader.read()
    writer.close()
    link = await relay.connect(echo)
    link.publish(batch(0, 1))
    await link.drain()
    await link.close()
    assert serving.spans == [(0, 1)]
    assert "Traceback" not in caplog.text
    await serving.hub.close()

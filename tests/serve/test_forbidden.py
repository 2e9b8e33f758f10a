"""No byte of a topic reaches who may not see it: everything that a real server sent is searched for its name."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import random
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import jwt
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from dynmap.config import Settings
from dynmap.relay.message import SourceStatus, Status
from dynmap.serve.access import Access

SECRET = "a secret of at least 32 bytes, as HS256 wants it"
INGEST = "an-ingest-token-of-a-log-shipper"
HIDDEN = b"zebra"
"""Is in every name that may not be seen: topics, sources, notices, examples."""

STATUS = Status(
    "ready",
    sources=[
        SourceStatus("zebra", "tail", "combined", "open", "zebra.log is read"),
        SourceStatus("mail", "tcp", "json", "open"),
    ],
    notices=["zebra: nearly all addresses are private"],
)

pytestmark = pytest.mark.parametrize(
    "served_settings",
    [Settings.model_validate({"auth": {"secret": SECRET, "ingest_tokens": [INGEST]}})],
    indirect=True,
    ids=[""],
)


def token(*topics: str, seconds: float = 86_400, secret: str = SECRET) -> str:
    return jwt.encode({"topics": list(topics), "exp": int(time.time() + seconds)}, secret, "HS256")


REFUSED = {
    "none": "",
    "nonsense": "nonsense",
    "forged": token(">", secret="another secret of at least 32 bytes, of a forger"),
    "expired": token(">", seconds=-1),
    "unsigned": jwt.encode({"topics": [">"], "exp": int(time.time()) + 86_400}, "", "none"),
    "ingest": INGEST,
}


class Wire:
    """A port of its own that passes all on to the server, and keeps every byte that comes back."""

    def __init__(self, port: int) -> None:
        self.port = 0
        self.heard = bytearray()
        self._target = port
        self._tasks: set[asyncio.Task[None]] = set()

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[Wire]:
        server = await asyncio.start_server(self._connect, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        yield self
        server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", self._target)
        for source, sink, kept in ((reader, back, None), (there, writer, self.heard)):
            task = asyncio.create_task(self._pass_on(source, sink, kept))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _pass_on(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, kept: bytearray | None
    ) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await source.read(65536):
                if kept is not None:
                    kept += data
                sink.write(data)
                await sink.drain()
        sink.close()


@pytest.fixture
async def wire(serving: Any) -> AsyncIterator[Wire]:
    async with Wire(serving.port).open() as opened:
        yield opened


@pytest.fixture
async def busy(ingest: Any) -> AsyncIterator[Any]:
    """Events come in all the time, of topics that may be seen and of others, good and bad."""
    ingest.link.say(STATUS)
    ingest.sent = {}
    flowing = asyncio.create_task(flow(ingest))
    while len(ingest.sent) < 60:
        await asyncio.sleep(0.01)
    yield ingest
    flowing.cancel()
    await asyncio.gather(flowing, return_exceptions=True)


async def flow(ingest: Any) -> None:
    rng = random.Random(3)
    for number in itertools.count():
        topics = [
            f"mail.open.{number % 40}",
            f"mail.zebra{number % 40}",
            "zebra.stripes",
            f"zebra.herd{number % 300}",
        ]
        rows = [(topic, rng.uniform(-70, 70), rng.uniform(-170, 170), 1 + number % 3) for topic in topics]
        await ingest.send(
            rows,
            unlocated={"zebra.lost": 1, "mail.open.lost": 1},
            rejected={"not a zebra": 1},
            source="zebra" if number % 2 else "mail",
        )
        for topic, *_, weight in rows:
            ingest.sent[topic] = ingest.sent.get(topic, 0) + weight
        await asyncio.sleep(0.005)


async def get(wire: Wire, path: str, given: str, *, in_query: bool) -> httpx.Response:
    """An answer, or what of one that never ends comes in a second."""
    headers = {"Accept-Encoding": "identity"}
    if given and not in_query:
        headers["Authorization"] = f"Bearer {given}"
    async with (
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{wire.port}", trust_env=False) as http,
        http.stream("GET", path, params={"token": given} if in_query else {}, headers=headers) as answer,
    ):
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(1 if "text/event-stream" in answer.headers["content-type"] else 30):
                await answer.aread()
        return answer


WISHES = (["mail.open.*"], ["mail.open.>", "other.>"], ["*.open.7", "mail.*.8"], ["nothing"])
PATHS = ("/api/stats", "/api/topics", "/api/live", "/api/events", "/api/live.sse", "/api/history", "/api/zzz")
OPEN_PATHS = ("/", "/healthz", "/readyz", "/docs", "/api/openapi.json")


@pytest.mark.parametrize("kind", REFUSED)
async def test_without_a_good_token(wire: Wire, busy: Any, kind: str) -> None:
    given = REFUSED[kind]
    for path, in_query in itertools.product((*PATHS, *OPEN_PATHS), (False, True)):
        answer = await get(wire, path, given, in_query=in_query)
        assert (answer.status_code in (401, 403)) is (path in PATHS), path
    for path in ("/api/live", f"/api/live?token={given}", "/api/other"):
        headers = {"Authorization": f"Bearer {given}"} if given else {}
        with pytest.raises(InvalidStatus) as caught:
            await connect(f"ws://127.0.0.1:{wire.port}{path}", additional_headers=headers, proxy=None)
        assert caught.value.response.status_code in (401, 403, 404)
    assert len(wire.heard) > 5000
    assert HIDDEN not in wire.heard


@pytest.mark.parametrize("patterns", WISHES)
async def test_with_a_token_for_other_topics(wire: Wire, busy: Any, played: Any, patterns: list[str]) -> None:
    """It asks for everything, in every way there is, and gets its own, all of it, and nothing else."""
    given, access = token(*patterns), Access(tuple(sorted(patterns)))
    for path, in_query in itertools.product((*PATHS, *OPEN_PATHS), (False, True)):
        answer = await get(wire, path, given, in_query=in_query)
        assert answer.status_code in (200, 404, 405, 503), path
    headers = {"Authorization": f"Bearer {given}"}
    asked: list[dict[str, Any]] = [
        {"topics": [">"], "window": 60},
        {"topics": ["*.>", "*", "*.*", "*.*.*"], "window": 5},
        {"topics": [">"], "tiles": [[1, x, y] for x in (0, 1) for y in (0, 1)], "rest": True, "window": 60},
        {"topics": [">"], "tiles": [[3, 4, 2]], "rest": True, "every": 500},
        {"topics": ["zeb.>"], "window": 60},
        {"topics": ["mail.>"], "since": None},
        {"topics": [">"], "since": "nonsense"},
    ]
    url = f"ws://127.0.0.1:{wire.port}/api/live"
    for compression in (None, "deflate"):
        async with connect(
            url, additional_headers=headers, compression=compression, max_size=None, proxy=None
        ) as connection:
            watcher = played.Watcher(connection)
            for wish in asked:
                await watcher.subscribe(**wish)
                with contextlib.suppress(TimeoutError):
                    await watcher.until(lambda: False, 0.4)
                watcher.names = {
                    number: name
                    for number, name in watcher.names.items()
                    if access.shows(name) or name == "other"
                }  # a frame or a name of another topic fails in the watcher from here on
            said = repr(watcher.texts).encode()
            assert HIDDEN not in said
            shown = {
                name for text in watcher.texts if text["type"] == "topics" for name in text["topics"].values()
            }
            assert all(access.shows(name) for name in shown - {"other"})
            assert shown >= {name for name in busy.sent if access.shows(name)}
            codes = {text["code"] for text in watcher.texts if text["type"] == "error"}
            assert codes == {"forbidden"}
            for text in watcher.texts:
                if text["type"] == "stats":
                    assert (text["sources"], text["notices"], text["ingest"]["detail"]) == ([], [], "")
                    assert text["events"]["rejected"] == 0
    assert HIDDEN not in wire.heard


@pytest.mark.parametrize("patterns", WISHES)
async def test_over_socket_io_with_a_token_for_other_topics(
    wire: Wire, busy: Any, patterns: list[str]
) -> None:
    """Likewise, by way of Socket.IO (its packets by hand: https://socket.io/docs/v4/socket-io-protocol/)."""
    access = Access(tuple(sorted(patterns)))
    url = f"ws://127.0.0.1:{wire.port}/socket.io/?EIO=4&transport=websocket&token={token(*patterns)}"
    heard: list[str] = []
    async with connect(url, compression=None, max_size=None, proxy=None) as connection:
        await connection.send("40")
        for number, wish in enumerate((">", "*.*", "zeb.>", "mail.>")):
            await connection.send(f'42{number}["subscribe","{wish}"]')
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(2):
                while True:
                    heard.append(str(await connection.recv()))
    shown = {name for name in busy.sent if access.shows(name)}
    assert all(any(f'"{name}"' in said for said in heard) for name in shown)
    assert any('"forbidden"' in said for said in heard)
    assert HIDDEN not in wire.heard


async def test_counts_are_those_of_its_own_topics(wire: Wire, busy: Any, played: Any) -> None:
    access = Access(("mail.open.*",))
    url = f"ws://127.0.0.1:{wire.port}/api/live?token={token('mail.open.*')}"
    async with connect(url, compression=None, max_size=None, proxy=None) as connection:
        watcher = played.Watcher(connection)
        await watcher.subscribe()
        await watcher.until(lambda: watcher.located > 100)
        sent = sum(weight for topic, weight in busy.sent.items() if access.shows(topic))
        await watcher.until(lambda: watcher.located >= sent)
        stats = (await get(wire, "/api/stats", token("mail.open.*"), in_query=False)).json()
        topics = (await get(wire, "/api/topics", token("mail.open.*"), in_query=False)).json()["topics"]
    assert set(watcher.by_topic) == {topic for topic in busy.sent if access.shows(topic)}
    assert (
        set(stats["topics"])
        == set(watcher.by_topic) | {"mail.open.lost"}
        == {topic["name"] for topic in topics}
    )
    events = stats["events"]
    assert events["located"] == sum(topic["located"] for topic in stats["topics"].values()) >= sent
    assert events["unlocated"] == stats["topics"]["mail.open.lost"]["unlocated"] > 0
    assert events["received"] == events["located"] + events["unlocated"]
    assert (events["rejected"], stats["sources"], stats["notices"]) == (0, [], [])
    assert (stats["reasons"], stats["examples"], stats["relay"], stats["latency"]) == ({}, [], None, None)


async def test_a_token_for_everything_sees_everything(wire: Wire, busy: Any) -> None:
    """The search finds what is there."""
    stats: dict[str, Any] = {"topics": {}}
    async with asyncio.timeout(5):
        while not stats["topics"]:
            stats = (await get(wire, "/api/stats", token(">"), in_query=False)).json()
    assert stats["events"]["rejected"] > 0
    assert "zebra.stripes" in stats["topics"]
    assert [source["name"] for source in stats["sources"]] == ["zebra", "mail"]
    assert HIDDEN in wire.heard


async def test_a_token_that_expires_ends_its_viewer(wire: Wire, busy: Any, played: Any) -> None:
    given = token("mail.open.*", seconds=2)
    url = f"ws://127.0.0.1:{wire.port}/api/live?token={given}"
    async with connect(url, compression=None, max_size=None, proxy=None) as connection:
        watcher = played.Watcher(connection)
        await watcher.subscribe()
        await watcher.until(lambda: watcher.located > 0)
        assert await watcher.until_closed() == (4401, "the token has expired")
    assert (await get(wire, "/api/stats", given, in_query=False)).json()["code"] == "expired_token"
    assert HIDDEN not in wire.heard

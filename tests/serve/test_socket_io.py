"""Socket.IO: with the real client for JavaScript, over WebSockets and long-polling, and with clients that are none."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator
from importlib.metadata import version
from typing import Any

import engineio
import pytest
import socketio
from node.driver import EITHER, FOLDER, POLLING, TRANSPORTS, WEBSOCKET, needs_node, node_client
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from dynmap.serve import line, socket_io
from dynmap.serve.access import Access
from dynmap.serve.body import RequestError
from dynmap.serve.socket_client import MAX_QUEUED
from dynmap.serve.socket_io import SocketIO, TextPacket

BERLIN = (52.52, 13.405)
PARIS = (48.8566, 2.3522)

MANY = [("web.ok", lat / 4, lon / 4, 1) for lat in range(-120, 120, 4) for lon in range(-600, 600, 20)]
"""Rows that make an event of over 64 KiB."""


async def until(condition: Any, seconds: float = 10) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


def application(serving: Any) -> SocketIO:
    owners = (getattr(ending, "__self__", None) for ending in serving.live.endings)
    (found,) = (owner for owner in owners if isinstance(owner, SocketIO))
    return found


def sessions(serving: Any) -> dict[str, Any]:
    return dict(application(serving)._io.eio.sockets)


def connections(serving: Any) -> list[Any]:
    return [session.session["connection"] for session in sessions(serving).values()]


def url_of(serving: Any) -> str:
    return f"http://127.0.0.1:{serving.port}"


def test_the_lock_file_names_no_registry() -> None:
    locked = (FOLDER / "package-lock.json").read_text()
    assert "://" not in locked
    assert '"resolved"' not in locked


@needs_node
class TestRealClient:
    @TRANSPORTS
    async def test_it_gets_what_it_subscribed_to(
        self, serving: Any, ingest: Any, options: dict[str, Any]
    ) -> None:
        async with node_client(url_of(serving), **options) as client:
            await client.connected()
            answer = await client.emit("subscribe", ["email.>", "web.*"])
            assert answer == {"ok": True, "topics": ["email.>", "web.*"]}
            for _ in range(5):
                rows = [
                    ("web.ok", *BERLIN, 3),
                    ("web.ok.de", *BERLIN, 10),
                    ("email.a.b", *PARIS, 2),
                    ("dns", *PARIS, 5),
                ]
                await ingest.send(rows)
                await asyncio.sleep(0.3)
            await client.until(lambda: client.total >= 25)
            assert client.counts == {"web.ok": 15, "email.a.b": 10}
            points = client.all("events")[0]["points"]
            assert sorted(points) == [[2.3523, 48.8567, "email.a.b", 2], [13.4049, 52.5201, "web.ok", 3]]
            assert client.all("events")[0]["tick"] % 250 == 0
            transports = client.all("transport")
            assert transports == (options.get("transports") or ["polling", "websocket"])
            assert (await serving.stats())["viewers"] == 1
        await until(lambda: not serving.live.streams)

    @TRANSPORTS
    async def test_patterns_that_overlap_count_once(
        self, serving: Any, ingest: Any, options: dict[str, Any]
    ) -> None:
        async with node_client(url_of(serving), **options) as client:
            await client.connected()
            await client.emit("subscribe", "web.>")
            await client.emit("subscribe", ["web.*", "*.ok"])
            answer = await client.emit("subscribe", {"topics": ["web.ok", "email.ok"]})
            assert answer == {"ok": True, "topics": ["*.ok", "email.ok", "web.*", "web.>", "web.ok"]}
            await ingest.send([("web.ok", *BERLIN, 3), ("email.ok", *BERLIN, 4), ("email.no", *BERLIN, 5)])
            await client.until(lambda: client.total >= 7)
            await asyncio.sleep(0.6)
            assert client.counts == {"web.ok": 3, "email.ok": 4}

    @TRANSPORTS
    async def test_what_it_unsubscribes_from_stops(
        self, serving: Any, ingest: Any, options: dict[str, Any]
    ) -> None:
        async with node_client(url_of(serving), **options) as client:
            await client.connected()
            await client.emit("subscribe", [">", "web.>"])
            await ingest.send([("web.ok", *BERLIN, 1), ("email", *BERLIN, 1)])
            await client.until(lambda: client.total == 2)
            assert await client.emit("unsubscribe", ">") == {"ok": True, "topics": ["web.>"]}
            await ingest.send([("web.ok", *BERLIN, 1), ("email", *BERLIN, 1)])
            await client.until(lambda: client.total == 3)
            assert await client.emit("unsubscribe") == {"ok": True, "topics": []}
            assert not serving.live.streams
            await ingest.send([("web.ok", *BERLIN, 1), ("email", *BERLIN, 1)])
            await asyncio.sleep(0.6)
            assert client.counts == {"web.ok": 2, "email": 1}

    async def test_what_is_no_pattern_is_refused_and_changes_nothing(self, serving: Any, ingest: Any) -> None:
        async with node_client(url_of(serving), **WEBSOCKET) as client:
            await client.connected()
            await client.emit("subscribe", "web.>")
            too_many = [f"a{number}" for number in range(65)]
            for given in (
                "a..b",
                ["ok", ""],
                [],
                None,
                7,
                {"topic": "a"},
                {"topics": [7]},
                too_many,
                too_many[:64],
            ):
                answer = await client.emit("subscribe", given)
                assert answer["ok"] is False, given
                assert answer["code"] == "bad_topics", given
                assert answer["message"]
            assert (await client.emit("subscribe"))["code"] == "bad_topics"
            assert (await client.emit("dance"))["code"] == "unknown_event"
            await ingest.send([("web.ok", *BERLIN, 1), ("ok", *BERLIN, 1)])
            await client.until(lambda: client.total == 1)

    async def test_many_get_what_is_made_once(self, serving: Any, ingest: Any) -> None:
        async with contextlib.AsyncExitStack() as stack:
            kinds = [WEBSOCKET, POLLING, EITHER, WEBSOCKET]
            clients = [
                await stack.enter_async_context(node_client(url_of(serving), again=[">"], **kind))
                for kind in kinds
            ]
            for client in clients:
                await client.until(lambda: bool(client.all("ack")))  # noqa: B023
            for _ in range(8):
                await ingest.send([("web.ok", *BERLIN, 3)])
                await asyncio.sleep(0.25)
            for client in clients:
                await client.until(lambda: client.total == ingest.located)  # noqa: B023


class Raw:
    """Engine.IO over a WebSocket, by hand: for what no client does."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.packets: list[str] = []

    async def say(self, packet: str | bytes) -> None:
        await self.connection.send(packet)

    async def next(self) -> str:
        packet = str(await self.connection.recv())
        self.packets.append(packet)
        return packet

    async def until(self, start: str) -> str:
        async with asyncio.timeout(10):
            while not (packet := await self.next()).startswith(start):
                pass
        return packet

    async def subscribe(self, *patterns: str) -> None:
        await self.say(f'420["subscribe",{json.dumps(patterns)}]')
        await self.until('430[{"ok":true')

    def total(self) -> int:
        events = [json.loads(packet[2:])[1] for packet in self.packets if packet.startswith('42["events"')]
        return sum(count for event in events for *_, count in event["points"])

    async def until_closed(self) -> tuple[int | None, str]:
        with contextlib.suppress(ConnectionClosed):
            async with asyncio.timeout(10):
                while True:
                    await self.next()
        return self.connection.close_code, self.connection.close_reason or ""


@contextlib.asynccontextmanager
async def raw(serving: Any, *, connected: bool = True, **options: Any) -> AsyncIterator[Raw]:
    url = f"ws://127.0.0.1:{serving.port}/socket.io/?EIO=4&transport=websocket"
    async with connect(url, **{"compression": None, "max_size": None, **options}) as connection:
        client = Raw(connection)
        await client.until("0")
        if connected:
            await client.say("40")
            await client.until("40")
        yield client


class Polled:
    """Engine.IO by polling, by hand."""

    def __init__(self, serving: Any) -> None:
        self._http = serving.http
        self._query: dict[str, str] = {"EIO": "4", "transport": "polling"}

    async def open(self) -> Polled:
        opened = json.loads((await self.poll()).removeprefix("0"))
        self._query["sid"] = opened["sid"]
        assert opened["upgrades"] == ["websocket"]
        assert opened["maxPayload"] == 64 << 10
        await self.say("40")
        assert (await self.poll()).startswith("40")
        return self

    async def poll(self) -> str:
        answer = await self._http.get("/socket.io/", params=self._query)
        assert answer.status_code == 200, answer.text
        assert "set-cookie" not in answer.headers
        return str(answer.text)

    async def say(self, *packets: str, status: int = 200) -> None:
        answer = await self._http.post("/socket.io/", params=self._query, content="\x1e".join(packets))
        assert answer.status_code == status, answer.text


async def test_it_works_by_hand_too(serving: Any, ingest: Any) -> None:
    client = await Polled(serving).open()
    await client.say('420["subscribe","web.>"]')
    assert await client.poll() == '430[{"ok":true,"topics":["web.>"]}]'
    await ingest.send([("web.ok", *BERLIN, 1), ("email", *BERLIN, 1)])
    name, event = json.loads((await client.poll()).removeprefix("42"))
    assert (name, event["points"]) == ("events", [[13.4049, 52.5201, "web.ok", 1]])


async def test_events_come_compressed_to_who_takes_that(serving: Any, ingest: Any) -> None:
    async with raw(serving, compression="deflate") as client:
        await client.subscribe(">")
        (session,) = sessions(serving).values()
        connection = session.session["connection"]
        assert connection.deflates
        written: list[int] = []
        push = connection.push

        def noted(frames: bytes) -> None:
            written.append(len(frames))
            push(frames)

        connection.push = noted
        await ingest.send(MANY)
        packet = await client.until('42["events"')
        assert client.total() == ingest.located
        assert written[0] < len(packet) / 2


@pytest.mark.parametrize(
    "garbage", ["x", "", "9", b"", b"\0", "b#", "3.5", "4x", "45", "4", "42", "42[", "42{}"]
)
async def test_garbage_harms_only_who_sends_it(
    serving: Any, ingest: Any, caplog: pytest.LogCaptureFixture, garbage: str | bytes
) -> None:
    async with raw(serving) as client, raw(serving) as other:
        await client.subscribe(">")
        await other.subscribe(">")
        await client.say(garbage)
        await ingest.send([("web.ok", *BERLIN, 1)])
        await other.until('42["events"')
        try:
            await client.until('42["events"')
        except ConnectionClosed:
            assert client.connection.close_code == 1002
            await until(lambda: len(serving.live.streams) == 1)
            await until(lambda: len(sessions(serving)) == 1)
    await until(lambda: not sessions(serving))
    assert not caplog.records


async def test_garbage_in_the_middle_of_an_upgrade(serving: Any, caplog: pytest.LogCaptureFixture) -> None:
    client = await Polled(serving).open()
    url = f"ws://127.0.0.1:{serving.port}/socket.io/?EIO=4&transport=websocket&sid={client._query['sid']}"
    async with connect(url) as connection:
        await connection.send("x")
        with pytest.raises(ConnectionClosed):
            await connection.recv()
        assert connection.close_code == 1002
    await until(lambda: not sessions(serving))
    assert not caplog.records


@pytest.mark.parametrize(
    "packet",
    [
        '451-["subscribe",{"_placeholder":true,"num":0}]',
        '459999999999-["subscribe"]',
        '450-["subscribe"]',
        '42["connect",{"asgi.scope":{}},{}]',
        '42["disconnect","transport close"]',
        "44{}",
        "42[]",
        "42[7]",
        "43",
        "40/other,",
        "40",
    ],
)
async def test_packets_of_no_use_change_nothing(
    serving: Any, ingest: Any, caplog: pytest.LogCaptureFixture, packet: str
) -> None:
    async with raw(serving) as client:
        await client.subscribe(">")
        await client.say(packet)
        await client.subscribe("web.>")
        await ingest.send([("web.ok", *BERLIN, 1)])
        await client.until('42["events"')
        assert not application(serving)._io._binary_packet
    assert not caplog.records


async def test_what_is_too_large_is_refused(serving: Any) -> None:
    client = await Polled(serving).open()
    await client.say("4" + "x" * (64 << 10), status=413)
    async with raw(serving) as large:
        await large.say("4" + "x" * (64 << 10))
        assert (await large.until_closed())[0] == 1009


@pytest.mark.parametrize(
    "query", ["", "EIO=3&transport=polling", "EIO=4&transport=flash", "EIO=4&transport=polling&sid=nobody"]
)
async def test_requests_that_are_none_are_refused(
    serving: Any, caplog: pytest.LogCaptureFixture, query: str
) -> None:
    assert (await serving.http.get(f"/socket.io/?{query}")).status_code == 400
    assert (await serving.http.post(f"/socket.io/?{query}", content="40")).status_code == 400
    with pytest.raises(Exception, match="403"):
        await connect(f"ws://127.0.0.1:{serving.port}/socket.io/?{query.replace('polling', 'websocket')}")
    assert not caplog.records


async def test_no_page_can_read_it_as_a_script(serving: Any) -> None:
    answer = await serving.http.get("/socket.io/?EIO=4&transport=polling&j=0")
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")


async def test_who_does_not_poll_does_without(serving: Any, ingest: Any) -> None:
    client = await Polled(serving).open()
    await client.say('420["subscribe",">"]')
    await client.poll()
    (session,) = sessions(serving).values()
    while not serving.live.streams.dropped:
        await ingest.send([("web.ok", *BERLIN, 1)])
        await asyncio.sleep(0.1)
        assert session.queue.qsize() <= MAX_QUEUED
    packets = (await client.poll()).split("\x1e")
    assert len(packets) == MAX_QUEUED
    await ingest.send([("email", *BERLIN, 77)])
    assert "77" in await client.poll()


async def test_who_reads_slowly_does_without_and_holds_up_nobody(serving: Any, ingest: Any) -> None:
    async with raw(serving) as slow, raw(serving) as quick:
        await slow.subscribe("web.>")
        await quick.subscribe(">")
        slow.connection.transport.pause_reading()
        async with asyncio.timeout(30):
            while not serving.live.streams.dropped:
                await ingest.send(MANY)
                await quick.until('42["events"')
        (connection,) = (found for found in connections(serving) if found.is_clogged)
        assert connection.transport.get_write_buffer_size() < (64 << 10) + 2 * len(quick.packets[-1])
        while quick.total() < ingest.located:
            await quick.next()
        slow.connection.transport.resume_reading()
        await until(lambda: not connection.is_clogged)
        await ingest.send([("web.last", *BERLIN, 1)])
        await slow.until('42["events"')
        while "web.last" not in slow.packets[-1]:
            await slow.next()
        assert slow.total() < ingest.located


async def test_who_reads_nothing_for_long_is_closed(
    serving: Any, ingest: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(line, "STALLED_SECONDS", 0.5)
    async with raw(serving) as stalled:
        await stalled.subscribe(">")
        stalled.connection.transport.pause_reading()
        async with asyncio.timeout(40):
            while sessions(serving):
                await ingest.send(MANY)
                await asyncio.sleep(0.25)
        assert not serving.live.streams
        stalled.connection.transport.resume_reading()
        assert (await stalled.until_closed())[0] in (1006, 1013)


async def test_who_asks_without_listening_is_closed(serving: Any) -> None:
    client = await Polled(serving).open()
    with contextlib.suppress(AssertionError):
        for _ in range(20):
            await client.say(*(f'42{number}["subscribe","a.b"]' for number in range(16)))
            (session,) = sessions(serving).values()
            assert session.queue.qsize() < 100
    await until(lambda: not sessions(serving))
    assert not serving.live.streams


async def test_who_does_not_connect_is_closed(serving: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket_io, "STRANGER_SECONDS", 0.5)
    async with raw(serving, connected=False) as stranger, raw(serving) as other:
        assert await stranger.until_closed() == (1008, "did not connect")
        await until(lambda: len(sessions(serving)) == 1)
        await other.subscribe(">")
    await serving.http.get("/socket.io/?EIO=4&transport=polling")
    await until(lambda: not sessions(serving))


async def test_who_may_not_come_in_is_told_why(serving: Any) -> None:
    def admit(scope: Any) -> Access:
        headers = dict(scope["headers"])
        if headers.get(b"authorization") == b"Bearer good":
            return Access(("web.>",))
        raise RequestError(401, "no_token", "this needs a viewer token")

    application(serving)._admit = admit
    async with raw(serving, connected=False) as client:
        for auth in ("", '{"token":7}', '{"token":"bad"}', '{"token":"\u00e4"}', "[]"):
            await client.say(f"40{auth}")
            said = await client.until("44")
            assert said == '44{"message":"this needs a viewer token","data":{"code":"no_token"}}'
        await client.say('40{"token":"good"}')
        await client.until("40")
        await client.say('420["subscribe","email.>"]')
        assert json.loads((await client.until("430"))[3:])[0]["code"] == "forbidden"
        await client.subscribe(">", "web.*")


async def test_a_token_that_expires_ends_it(serving: Any, ingest: Any) -> None:
    application(serving)._admit = lambda _: Access(("web.>",), time.time() + 0.7)
    async with raw(serving) as client:
        await client.subscribe(">")
        assert await client.until_closed() == (4401, "the token has expired")
    polled = await Polled(serving).open()
    assert "1" in (await polled.poll()).split("\x1e")
    await until(lambda: not sessions(serving))
    assert not serving.live.streams


async def test_a_stopping_server_ends_all_sessions(
    serving: Any, ingest: Any, caplog: pytest.LogCaptureFixture
) -> None:
    async with raw(serving) as client, raw(serving, connected=False) as stranger:
        await client.subscribe(">")
        polled = await Polled(serving).open()
        await polled.say('420["subscribe",">"]')
        await polled.poll()
        polling = asyncio.create_task(polled.poll())
        await asyncio.sleep(0.2)  # it is on its way
        await ingest.send([("web.ok", *BERLIN, 4)])
        await until(lambda: serving.hub.batches == 1)
        ending = await serving.live.end()
        assert len(ending) == 2
        assert await client.until_closed() == (1001, "the server stops")
        assert await stranger.until_closed() == (1001, "the server stops")
        assert client.total() == 4, "the last step is sent before the end"
        assert (await polling).startswith('42["events"')
        await until(lambda: all(connection.disconnected for connection in ending))
    assert (await serving.http.get("/socket.io/?EIO=4&transport=polling")).status_code == 503
    with pytest.raises(Exception, match="503"):
        await connect(f"ws://127.0.0.1:{serving.port}/socket.io/?EIO=4&transport=websocket")
    await until(lambda: not busy())
    assert not caplog.records


def busy() -> list[asyncio.Task[Any]]:
    """The tasks of the library, but for those that only wait until it is time for a ping to somebody who is gone."""
    tasks = [task for task in asyncio.all_tasks() if "engineio" in repr(task)]
    return [task for task in tasks if "_send_ping" not in repr(task)]


def test_what_is_used_of_the_library_is_there() -> None:
    assert version("python-socketio").startswith("5.")
    server = engineio.AsyncServer(async_mode="asgi")
    session = engineio.async_socket.AsyncSocket(server, "x")
    assert (session.upgraded, session.closing, session.closed, session.session) == (False, False, False, {})
    assert session.queue.empty()
    assert server.sockets == {}
    assert set(socketio.AsyncServer.reserved_events) == {"connect", "disconnect"}


@pytest.mark.parametrize("text", ["0", '0{"token":"a"}', "1", '2["subscribe",">"]', '27["a"]', "37[1]"])
def test_packets_of_use_are_understood(text: str) -> None:
    assert TextPacket(encoded_packet=text).encode() == text

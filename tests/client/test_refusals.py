"""What a server, or something in front of it, refuses: one clear error, and no more attempts."""

from __future__ import annotations

import asyncio
import http
import json
import logging
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest
import trustme
from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response

from dynmap.client import DynMapError, RefusedError, UnreachableError, connect, live
from dynmap.client.address import live_url

Handler = Callable[[ServerConnection], Awaitable[None]]
Serve = Callable[..., AbstractAsyncContextManager[str]]


@asynccontextmanager
async def serving(handler: Handler, **options: Any) -> AsyncIterator[str]:
    async with serve(handler, "127.0.0.1", 0, **options) as server:
        port = server.sockets[0].getsockname()[1]
        yield f"{'https' if 'ssl' in options else 'http'}://127.0.0.1:{port}"


async def greet(connection: ServerConnection) -> None:
    """Says what a server says to a viewer who asks for everything, when nothing has happened."""
    await connection.send(json.dumps({"type": "hello", "protocol": 1}))
    request = json.loads(await connection.recv())
    for kind in ("subscribed", "mark"):
        said = {"type": kind, "id": request["id"], "cursor": "1.0", "tick": 0, "located": 0, "topics": {}}
        await connection.send(json.dumps(said))


async def stay(connection: ServerConnection) -> None:
    await greet(connection)
    await connection.wait_closed()


def answering(status: int, body: str) -> Callable[[ServerConnection, Request], Response]:
    def answer(connection: ServerConnection, request: Request) -> Response:
        response = connection.respond(http.HTTPStatus(status), body)
        answer.requests.append(request)  # type: ignore[attr-defined]
        return response

    answer.requests = []  # type: ignore[attr-defined]
    return answer


@pytest.mark.parametrize(
    ("status", "body", "code", "message"),
    [
        (401, '{"code":"expired","message":"it has expired"}', "expired", r"/api/live: it has expired \(pass token"),
        (401, "go away", "unauthorized", r"/api/live: Unauthorized \(pass token=...\)"),
        (403, '{"code":"origin","message":"not from here"}', "origin", "/api/live: not from here"),
        (400, "[]", "http_400", "Bad Request"),
    ],
)  # fmt: skip
async def test_a_refusal_is_one_clear_error(status: int, body: str, code: str, message: str) -> None:
    answer = answering(status, body)
    async with serving(stay, process_request=answer) as url:
        with pytest.raises(RefusedError, match=message) as refused:
            async with connect(url, token="secret"):
                pass
    assert refused.value.code == code
    assert "\n" not in str(refused.value)
    assert "secret" not in str(refused.value)
    [request] = answer.requests  # type: ignore[attr-defined]
    assert request.headers["Authorization"] == "Bearer secret"


async def test_a_server_that_is_busy_is_not_reached(caplog: pytest.LogCaptureFixture) -> None:
    async with serving(stay, process_request=answering(503, "busy")) as url:
        with pytest.raises(UnreachableError, match="answers 503: Service Unavailable"):
            async with connect(url):
                pass


@pytest.mark.parametrize(
    ("end", "code"), [(4401, "unauthorized"), (4403, "forbidden"), (4429, "closed_4429")]
)
async def test_an_end_that_means_no_is_an_error(end: int, code: str) -> None:
    async def expire(connection: ServerConnection) -> None:
        await greet(connection)
        await connection.close(end, "the token has expired")

    async with serving(expire) as url, connect(url) as live:
        with pytest.raises(RefusedError, match="the token has expired") as refused:
            _ = [step async for step in live]
        assert refused.value.code == code


async def test_a_refusal_when_it_comes_back_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "_FIRST_SECONDS", 0.05)
    answer = answering(401, "")
    first = True

    def only_once(connection: ServerConnection, request: Request) -> Response | None:
        nonlocal first
        was_first, first = first, False
        return None if was_first else answer(connection, request)

    async with serving(greet, process_request=only_once) as url, connect(url) as live_map:
        with pytest.raises(RefusedError, match="Unauthorized"):
            _ = [step async for step in live_map]


async def test_a_server_that_makes_no_sense_is_left_and_tried_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(live, "_FIRST_SECONDS", 0.05)
    visits = 0

    async def babble(connection: ServerConnection) -> None:
        nonlocal visits
        visits += 1
        await greet(connection)
        await connection.send(b"DYN2" if visits == 1 else "nonsense")
        await connection.wait_closed()

    caplog.set_level(logging.INFO, "dynmap.client")
    async with serving(babble) as url, connect(url) as live_map, asyncio.timeout(10):
        while visits < 3:
            await anext(live_map)
    assert "not a DYN1 frame; trying again in" in caplog.text
    assert "makes no sense" in caplog.text


async def test_tls_is_checked() -> None:
    authority = trustme.CA()
    there = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(there)
    here = ssl.create_default_context()
    async with serving(stay, ssl=there) as url:
        with pytest.raises(UnreachableError, match=r"certificate verify failed.* \(if it is a certificate"):
            async with connect(url):
                pass
        authority.configure_trust(here)
        async with connect(url, ssl=here) as live:
            assert live.cursor == "1.0"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://127.0.0.1:8080", "ws://127.0.0.1:8080/api/live"),
        ("https://example.org/map/", "wss://example.org/map/api/live"),
        ("ws://[::1]:8080/api/live", "ws://[::1]:8080/api/live"),
        ("wss://example.org/api/live/?token=x", "wss://example.org/api/live?token=x"),
    ],
)
def test_the_page_or_the_socket_says_where_it_is(url: str, expected: str) -> None:
    assert live_url(url) == expected


@pytest.mark.parametrize(
    "url", ["", "127.0.0.1:8080", "ftp://example.org", "http://", "http://x:y/", "localhost"]
)
def test_what_is_no_address_is_said_at_once(url: str) -> None:
    with pytest.raises(DynMapError, match="not an address of a DynMap server"):
        connect(url)

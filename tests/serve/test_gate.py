"""Who is let in, over the real port: by host, by origin, by token, and how many at a time."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import jwt
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Subprotocol

from dynmap.config import Settings
from dynmap.serve.gate import Gate

BERLIN = (52.52, 13.40)
PLAIN = {"Content-Type": "text/plain"}
SECRET = "a secret of at least 32 bytes, as HS256 wants it"
INGEST = "an-ingest-token-of-a-log-shipper"


def made(**auth: Any) -> Settings:
    limits = auth.pop("limits", {})
    return Settings.model_validate({"auth": auth, "limits": limits})


def set_to(**auth: Any) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("served_settings", [made(**auth)], indirect=True, ids=[""])


WITH_TOKENS = set_to(secret=SECRET, ingest_tokens=[INGEST])


def token(*topics: str, seconds: float = 86_400, secret: str = SECRET) -> str:
    return jwt.encode({"topics": list(topics), "exp": int(time.time() + seconds)}, secret, "HS256")


def bearer(given: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {given}"}


def code(answer: httpx.Response) -> tuple[int, str]:
    told = answer.json()
    assert set(told) == {"code", "message"}
    assert told["message"]
    return answer.status_code, told["code"]


@contextlib.asynccontextmanager
async def live(serving: Any, path: str = "/api/live", **options: Any) -> AsyncIterator[ClientConnection]:
    url = f"ws://127.0.0.1:{serving.port}{path}"
    async with connect(url, compression=None, max_size=None, proxy=None, **options) as connection:
        yield connection


async def refused(serving: Any, path: str = "/api/live", **options: Any) -> tuple[int, str]:
    """Status and code of a handshake that must not succeed."""
    with pytest.raises(InvalidStatus) as caught:
        async with live(serving, path, **options):
            pass
    response = caught.value.response
    return code(httpx.Response(response.status_code, content=bytes(response.body or b"")))


async def until_ready(serving: Any) -> None:
    async with asyncio.timeout(5):
        while serving.live.ingest.state != "ready":
            await asyncio.sleep(0.005)


# --- without tokens: whoever reaches the port, under its own name


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "LOCALHOST:80", "dev.localhost:9", "[::1]:80", "192.168.1.7", "8.8.8.8:80"],
)
async def test_addresses_and_localhost_are_names_of_this_server(serving: Any, host: str) -> None:
    for path in ("/api/stats", "/readyz", "/docs"):
        assert (await serving.http.get(path, headers={"Host": host})).status_code in (200, 503)
    async with live(serving, additional_headers={"X": "y"}) as connection:
        await connection.recv()


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:80",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "x",
        "a b",
    ],
)
async def test_a_name_that_a_stranger_made_up_is_none(serving: Any, host: str) -> None:
    """DNS rebinding: a page of evil.example has its name lead here, and then asks as its own."""
    headers = {"Host": host, "Origin": f"http://{host}"}
    for path in ("/", "/api/stats", "/api/topics", "/healthz"):
        answer = await serving.http.get(path, headers=headers)
        assert code(answer) == (403, "bad_host")
        assert "auth.origins" in answer.json()["message"]
    assert code(await serving.http.post("/api/events", headers=headers | PLAIN, content=b"x")) == (
        403,
        "bad_host",
    )
    assert await raw_handshake(serving, headers) == 403


async def raw_handshake(serving: Any, headers: dict[str, str]) -> int:
    """The status of a handshake with a Host header of the test's own."""
    reader, writer = await asyncio.open_connection("127.0.0.1", serving.port)
    fixed = {
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }
    lines = [f"{name}: {value}" for name, value in (headers | fixed).items()]
    writer.write("\r\n".join(["GET /api/live HTTP/1.1", *lines, "", ""]).encode())
    status = int((await reader.readline()).split()[1])
    writer.close()
    return status


@pytest.mark.parametrize(
    "served_settings",
    [
        made(origins=["https://map.example.com"]),
        made(open=True),
        made(secret=SECRET),
        Settings.model_validate({"serve": {"host": "Map.example.com"}}),
    ],
    indirect=True,
    ids=["origin", "open", "tokens", "its-own"],
)
async def test_other_names_are_fine_where_they_are_meant_or_of_no_use(serving: Any) -> None:
    assert (await serving.http.get("/healthz", headers={"Host": "map.example.com"})).status_code == 200


async def test_a_client_without_a_host_is_no_browser(serving: Any) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", serving.port)
    writer.write(b"GET /healthz HTTP/1.0\r\n\r\n")
    assert b" 200 " in await reader.readline()
    writer.close()


# --- origins


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost:1", "file://", "x", ""])
async def test_other_sites_pages_are_refused(serving: Any, ingest: Any, origin: str) -> None:
    await until_ready(serving)
    headers = {"Origin": origin}
    assert await refused(serving, origin=origin) == (403, "bad_origin")
    assert code(await serving.http.get("/api/stats", headers=headers)) == (403, "bad_origin")
    answer = await serving.http.post("/api/events", headers=headers | PLAIN, content=b"8.8.8.8\n")
    assert code(answer) == (403, "bad_origin")
    assert ingest.posts == []
    assert "access-control-allow-origin" not in answer.headers


async def test_its_own_page_and_what_is_no_browser_are_let_in(serving: Any, ingest: Any) -> None:
    await until_ready(serving)
    own = f"http://127.0.0.1:{serving.port}"
    for headers in ({}, {"Origin": own}):
        assert (await serving.http.get("/api/stats", headers=headers)).status_code == 200
        answer = await serving.http.post("/api/events", headers=headers | PLAIN, content=b"8.8.8.8\n")
        assert answer.status_code == 202
    async with live(serving, origin=own) as connection:
        await connection.recv()


async def test_a_proxy_that_ends_tls_passes_the_host_on(serving: Any) -> None:
    for host in ("127.0.0.1", "127.0.0.1:443"):
        headers = {"Origin": "https://127.0.0.1", "Host": host}
        assert (await serving.http.get("/api/stats", headers=headers)).status_code == 200


@set_to(origins=["https://board.example"], secret=SECRET)
async def test_origins_that_are_named_may_ask_and_read(serving: Any) -> None:
    headers = {"Origin": "https://board.example"}
    answer = await serving.http.get("/api/stats", headers=headers | bearer(token(">")))
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == "https://board.example"
    assert "Origin" in answer.headers["vary"]
    assert "access-control-allow-credentials" not in answer.headers
    refusal = await serving.http.get("/api/stats", headers=headers)
    assert code(refusal) == (401, "no_token")
    assert refusal.headers["access-control-allow-origin"] == "https://board.example"
    asked = {
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type",
    }
    preflight = await serving.http.options("/api/events", headers=headers | asked)
    assert preflight.status_code == 200
    assert preflight.headers["access-control-allow-origin"] == "https://board.example"
    stranger = await serving.http.options("/api/events", headers={"Origin": "https://evil.example"} | asked)
    assert stranger.status_code == 400
    assert "access-control-allow-origin" not in stranger.headers
    async with live(
        serving, origin="https://board.example", additional_headers=bearer(token(">"))
    ) as connection:
        await connection.recv()


# --- tokens


@WITH_TOKENS
async def test_a_token_is_taken_from_where_it_fits(serving: Any) -> None:
    good = token(">")
    for headers in (bearer(good), {"Authorization": f"bearer   {good}"}):
        assert (await serving.http.get("/api/stats", headers=headers)).status_code == 200
    assert (await serving.http.get("/api/stats", params={"token": good})).status_code == 200
    other = {"Authorization": "Basic bWU6bWU="}
    assert (await serving.http.get("/api/stats", params={"token": good}, headers=other)).status_code == 200
    async with live(serving, additional_headers=bearer(good)) as connection:
        assert connection.subprotocol is None
    async with live(serving, f"/api/live?token={good}") as connection:
        await connection.recv()
    offered = [Subprotocol("dynmap"), Subprotocol(f"bearer.{good}")]
    async with live(serving, subprotocols=offered) as connection:
        assert connection.subprotocol == "dynmap"
        await connection.recv()
    assert await refused(serving, subprotocols=[Subprotocol("dynmap")]) == (401, "no_token")


@WITH_TOKENS
@pytest.mark.parametrize(
    ("given", "status", "expected"),
    [
        ("", 401, "no_token"),
        ("nonsense", 401, "bad_token"),
        (token(">", secret="another secret of at least 32 bytes for the rotation"), 401, "forged_token"),
        (token(">", seconds=-1), 401, "expired_token"),
        (token(), 401, "bad_claims"),
        (INGEST, 403, "forbidden"),
    ],
)
async def test_what_is_no_good_token_sees_nothing(
    serving: Any, ingest: Any, given: str, status: int, expected: str, caplog: pytest.LogCaptureFixture
) -> None:
    await ingest.send([("secret.topic", *BERLIN, 1)])
    headers = bearer(given) if given else {}
    for path in ("/api/stats", "/api/topics", "/api/nothing", "/api/live", "/api/events", "/api/history?x=1"):
        answer = await serving.http.get(path, headers=headers)
        assert code(answer) == (status, expected)
        assert ("www-authenticate" in answer.headers) is (status == 401)
        assert "secret.topic" not in answer.text
        assert (await serving.http.head(path, headers=headers)).status_code == status
        assert code(await serving.http.delete(path, headers=headers)) == (status, expected)
    assert await refused(serving, additional_headers=headers) == (status, expected)
    assert await refused(serving, f"/api/live?token={given}") == (status, expected)
    challenge = (await serving.http.get("/api/stats", headers=headers)).headers.get("www-authenticate", "")
    assert ('error="invalid_token"' in challenge) is (status == 401 and bool(given))
    assert caplog.text == ""


@WITH_TOKENS
async def test_what_tells_nothing_is_open(serving: Any) -> None:
    for path in ("/healthz", "/docs", "/docs/start.js", "/api/openapi.json"):
        assert (await serving.http.get(path)).status_code == 200
    assert (await serving.http.get("/readyz")).json() == {"status": "starting", "detail": "", "progress": 0.0}
    assert (await serving.http.get("/")).status_code == 503  # the map is not built here
    twice = f"http://127.0.0.1:{serving.port}//api/stats"
    assert code(await serving.http.get(twice)) == (401, "no_token")


@WITH_TOKENS
async def test_who_may_post_and_who_may_not(serving: Any, ingest: Any) -> None:
    await until_ready(serving)

    async def post(headers: dict[str, str]) -> Any:
        return await serving.http.post("/api/events", headers=headers | PLAIN, content=b"8.8.8.8\n")

    assert code(await post({})) == (401, "no_token")
    assert code(await post(bearer("another-ingest-token-of-somebody"))) == (401, "bad_token")
    assert code(await post(bearer(INGEST[:-1]))) == (401, "bad_token")
    assert code(await post(bearer(token(">")))) == (403, "forbidden")
    assert code(await post(bearer(token(">", seconds=-1)))) == (401, "bad_token")
    assert ingest.posts == []
    assert (await post(bearer(INGEST))).status_code == 202
    assert len(ingest.posts) == 1


@set_to(secret=SECRET)
async def test_where_viewers_have_tokens_nobody_posts_without(serving: Any, ingest: Any) -> None:
    for headers in ({}, bearer(token(">")), bearer(INGEST)):
        answer = await serving.http.post("/api/events", headers=headers | PLAIN, content=b"8.8.8.8\n")
        assert code(answer) == (403, "forbidden")
        assert "auth.ingest_tokens" in answer.json()["message"]
    assert ingest.posts == []


@set_to(ingest_tokens=["first-ingest-token-0", "second-ingest-token-0"])
async def test_where_only_posts_have_tokens_everybody_sees(serving: Any, ingest: Any) -> None:
    await until_ready(serving)
    assert (await serving.http.get("/api/stats")).status_code == 200
    assert (await serving.http.get("/api/stats", headers=bearer("whatever"))).status_code == 200
    assert code(await serving.http.post("/api/events", headers=PLAIN, content=b"x")) == (401, "no_token")
    for good in ("first-ingest-token-0", "second-ingest-token-0"):
        headers = bearer(good) | PLAIN
        assert (
            await serving.http.post("/api/events", headers=headers, content=b"8.8.8.8\n")
        ).status_code == 202


@WITH_TOKENS
async def test_a_long_body_of_who_may_not_post_is_not_read(serving: Any) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", serving.port)
    writer.write(
        b"POST /api/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\n"
        b"Content-Length: 99999999999\r\n\r\n" + b"x" * 1000
    )
    answer = await reader.read()
    assert answer.startswith(b"HTTP/1.1 401 ")
    assert b"connection: close" in answer.lower()
    writer.close()


@WITH_TOKENS
@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(raw=st.binary(max_size=80), where=st.sampled_from(["header", "query", "protocol"]))
async def test_random_bytes_give_no_access_and_no_500(serving: Any, raw: bytes, where: str) -> None:
    printable = bytes(33 + byte % 94 for byte in raw)
    line = {
        "header": b"GET /api/stats HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer "
        + raw.translate(None, b"\r\n\0"),
        "query": b"GET /api/stats?token=" + printable.replace(b"#", b"") + b" HTTP/1.1\r\nHost: localhost",
        "protocol": b"GET /api/live HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        b"Sec-WebSocket-Protocol: dynmap, bearer." + printable,
    }[where]
    reader, writer = await asyncio.open_connection("127.0.0.1", serving.port)
    writer.write(line + b"\r\n\r\n")
    status = int((await reader.readline()).split()[1])
    writer.close()
    assert status in (400, 401)


# --- limits


FEW = {"connections_per_address": 2, "failures_per_address": 3}


def through_proxy(address: str) -> dict[str, str]:
    return {"X-Forwarded-For": address}


@set_to(limits=FEW)
async def test_an_address_has_so_many_live_connections(serving: Any) -> None:
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(2):
            await stack.enter_async_context(live(serving, additional_headers=through_proxy("203.0.113.7")))
        assert await refused(serving, additional_headers=through_proxy("203.0.113.7")) == (
            429,
            "too_many_connections",
        )
        async with live(serving, additional_headers=through_proxy("203.0.113.8")) as connection:
            await connection.recv()
        assert (await serving.http.get("/api/stats", headers=through_proxy("203.0.113.7"))).status_code == 200
    async with asyncio.timeout(5):
        while serving.live.viewers:
            await asyncio.sleep(0.01)
    async with live(serving, additional_headers=through_proxy("203.0.113.7")) as connection:
        await connection.recv()


@set_to(limits=FEW)
async def test_this_machine_may_have_as_many_as_it_likes(serving: Any) -> None:
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(5):
            await stack.enter_async_context(live(serving))


@pytest.mark.parametrize(
    "served_settings",
    [Settings.model_validate({"limits": FEW, "serve": {"proxies": ["192.0.2.1"]}})],
    indirect=True,
    ids=[""],
)
async def test_who_is_no_proxy_is_not_believed(serving: Any) -> None:
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(5):
            await stack.enter_async_context(live(serving, additional_headers=through_proxy("203.0.113.7")))


@set_to(secret=SECRET, ingest_tokens=[INGEST], limits=FEW)
async def test_an_address_has_so_many_wrong_tokens(serving: Any, ingest: Any) -> None:
    here, there = through_proxy("203.0.113.7"), through_proxy("203.0.113.8")
    for _ in range(5):  # who made these could make others: no guesses
        old = bearer(token(">", seconds=-1))
        assert code(await serving.http.get("/api/stats", headers=here | old)) == (401, "expired_token")
    for number in range(3):
        guess = bearer(f"guess-{number}")
        assert code(await serving.http.get("/api/stats", headers=here | guess)) == (401, "bad_token")
    for path in ("/api/stats", "/api/topics"):
        answer = await serving.http.get(path, headers=here | bearer(token(">")))
        assert code(answer) == (429, "too_many_failures")
        assert 0 < int(answer.headers["retry-after"]) <= 61
    answer = await serving.http.post("/api/events", headers=here | bearer(INGEST) | PLAIN, content=b"x")
    assert code(answer) == (429, "too_many_failures")
    assert await refused(serving, additional_headers=here | bearer(token(">"))) == (429, "too_many_failures")
    assert (await serving.http.get("/api/stats", headers=there | bearer(token(">")))).status_code == 200


async def test_addresses_are_nowhere_but_in_counts(served_settings: Settings) -> None:
    gate = Gate(served_settings)
    scope: Any = {"type": "websocket", "headers": [], "client": ("203.0.113.7", 1)}
    crowd = gate._crowd
    with gate.connection(scope):
        crowd.failed("203.0.113.7")
        [known] = crowd._connected
        assert known in crowd._failed
        assert known != Gate(served_settings)._crowd._known_as("203.0.113.7")
    assert not crowd._connected

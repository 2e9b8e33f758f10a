"""The HTTP interface over a real port."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import json
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynmap.relay.message import Post, PostAnswer, Status
from dynmap.serve import body, intake, schema
from dynmap.serve.body import MAX_BODY
from dynmap.serve.refusal import RequestError

BERLIN = (52.52, 13.40)
PLAIN = {"Content-Type": "text/plain"}


async def until_located(serving: Any, located: int) -> dict[str, Any]:
    async with asyncio.timeout(5):
        while (stats := await serving.stats())["events"]["located"] < located:
            await asyncio.sleep(0.02)
    return dict(stats)


async def test_stats_tell_the_state(serving: Any, ingest: Any) -> None:
    await ingest.send(
        [("web.ok", *BERLIN, 3), ("mail", *BERLIN, 2)], unlocated={"web.ok": 4}, rejected={"no address": 1}
    )
    stats = await until_located(serving, 5)
    assert stats["events"] == {"received": 10, "located": 5, "unlocated": 4, "rejected": 1}
    assert stats["topics"] == {
        "web.ok": {"located": 3, "unlocated": 4},
        "mail": {"located": 2, "unlocated": 0},
    }
    assert stats["reasons"] == {"no address": 1}
    assert stats["examples"] == [{"reason": "no address", "line": "x.x.x.x bad"}]
    assert stats["relay"] == {"connected": True, "batches": 1, "duplicates": 0}
    assert stats["ingest"] == {"state": "ready", "detail": "", "progress": 0.0}
    assert stats["geo"] == {
        "attribution": "IP geolocation by DB-IP",
        "link": "https://db-ip.com",
        "places": 3,
    }
    assert stats["store"] is None
    assert 0 <= stats["latency"]["p50"] <= stats["latency"]["p99"] < 5000
    assert stats["memory"] > 1 << 20
    assert [source["name"] for source in stats["sources"]] == ["web"]


async def test_stats_of_a_server_to_which_nothing_has_happened(serving: Any) -> None:
    stats = await serving.stats()
    assert stats["events"] == {"received": 0, "located": 0, "unlocated": 0, "rejected": 0}
    assert stats["latency"] == {"p50": None, "p90": None, "p99": None}
    assert stats["ingest"]["state"] == "starting"
    assert stats["topics"] == {}


async def test_topics_busiest_first(serving: Any, ingest: Any) -> None:
    await ingest.send([("web.ok", *BERLIN, 3), ("mail", *BERLIN, 5)], unlocated={"shop": 1})
    await until_located(serving, 8)
    topics = (await serving.http.get("/api/topics")).json()["topics"]
    assert [(topic["name"], topic["located"], topic["unlocated"]) for topic in topics] == [
        ("mail", 5, 0), ("web.ok", 3, 0), ("shop", 0, 1),
    ]  # fmt: skip
    assert len({topic["number"] for topic in topics}) == 3


async def test_health_and_readiness(serving: Any, ingest: Any) -> None:
    assert (await serving.http.get("/healthz")).json()["status"] == "ok"
    for status, code in (
        (Status("compiling", "kernel 2 of 5", 0.4), 503),
        (Status("ready"), 200),
        (Status("draining"), 503),
    ):
        ingest.link.say(status)
        await until_ingest_is(serving, status.state)
        answer = await serving.http.get("/readyz")
        assert (answer.status_code, answer.json()) == (
            code,
            {"status": status.state, "detail": status.detail, "progress": status.progress},
        )
    await ingest.link.close()
    await until_ingest_is(serving, "down")
    answer = await serving.http.get("/readyz")
    assert (answer.status_code, answer.json()["status"]) == (503, "down")


async def until_ingest_is(serving: Any, state: str) -> None:
    async with asyncio.timeout(5):
        while serving.live.ingest.state != state:
            await asyncio.sleep(0.005)


@pytest.mark.parametrize("path", ["/api/stats", "/api/topics", "/healthz", "/docs", "/api/openapi.json"])
async def test_head_is_get_without_the_body(serving: Any, path: str) -> None:
    head = await serving.http.head(path)
    assert head.status_code == 200
    assert head.content == b""
    assert head.headers["content-type"] == (await serving.http.get(path)).headers["content-type"]


async def test_what_is_not_there_is_said_in_json(serving: Any) -> None:
    missing = await serving.http.get("/api/nothing")
    assert missing.status_code == 404
    assert missing.json() == {"code": "not_found", "message": "there is nothing at /api/nothing"}
    wrong = await serving.http.delete("/api/stats")
    assert (wrong.status_code, wrong.json()["code"]) == (405, "bad_method")
    assert wrong.headers["allow"] == "GET"


async def test_events_are_passed_to_ingest_and_answered(serving: Any, ingest: Any) -> None:
    await until_ingest_is(serving, "ready")
    answer = await serving.http.post(
        "/api/events", content=b"1.2.3.4\n", headers={**PLAIN, "Idempotency-Key": "k1"}
    )
    assert answer.status_code == 202
    assert answer.json() == {
        "received": 1, "located": 1, "unlocated": 0, "rejected": 0, "errors": [], "durable": False
    }  # fmt: skip
    (post,) = ingest.posts
    assert (post.body, post.content_type, post.key) == (b"1.2.3.4\n", "text/plain", "k1")


@pytest.mark.parametrize("kind", [*body.CONTENT_TYPES, "Text/Plain; charset=utf-8"])
async def test_the_content_types(serving: Any, ingest: Any, kind: str) -> None:
    await until_ingest_is(serving, "ready")
    answer = await serving.http.post("/api/events", content=b"[]", headers={"Content-Type": kind})
    assert answer.status_code == 202
    assert ingest.posts[0].content_type == kind.lower().partition(";")[0]


async def test_gzip_is_unzipped(serving: Any, ingest: Any) -> None:
    await until_ingest_is(serving, "ready")
    plain = b"1.2.3.4\n" * 1000
    zipped = gzip.compress(plain[:3000]) + gzip.compress(plain[3000:])
    answer = await serving.http.post(
        "/api/events", content=zipped, headers={**PLAIN, "Content-Encoding": "gzip"}
    )
    assert answer.status_code == 202
    assert ingest.posts[0].body == plain


@pytest.mark.parametrize(
    ("content", "headers", "status", "code"),
    [
        (b"x", {}, 415, "unsupported_type"),
        (b"x", {"Content-Type": "application/x-www-form-urlencoded"}, 415, "unsupported_type"),
        (b"x", {**PLAIN, "Content-Encoding": "br"}, 415, "unsupported_encoding"),
        (b"x", {**PLAIN, "Content-Encoding": "gzip"}, 400, "bad_gzip"),
        (gzip.compress(b"x" * 9999)[:-9], {**PLAIN, "Content-Encoding": "gzip"}, 400, "bad_gzip"),
        (b"x", {**PLAIN, "Idempotency-Key": "k" * 256}, 400, "bad_key"),
        (b"x" * (MAX_BODY + 1), PLAIN, 413, "too_large"),
        (gzip.compress(bytes(MAX_BODY + 1), 1), {**PLAIN, "Content-Encoding": "gzip"}, 413, "too_large"),
    ],
)
async def test_a_body_that_is_not_taken_is_explained(
    serving: Any, ingest: Any, content: bytes, headers: dict[str, str], status: int, code: str
) -> None:
    await until_ingest_is(serving, "ready")
    answer = await serving.http.post("/api/events", content=content, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.json()["message"]
    assert ingest.posts == []


async def test_a_body_without_a_length_is_bounded_too(serving: Any, ingest: Any) -> None:
    await until_ingest_is(serving, "ready")

    reader, writer = await asyncio.open_connection("127.0.0.1", serving.port)
    writer.write(
        b"POST /api/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n"
    )
    answer = asyncio.create_task(reader.readuntil(b"\r\n\r\n"))
    chunk = b"100000\r\n" + b"x" * (1 << 20) + b"\r\n"
    sent = 0
    with contextlib.suppress(ConnectionError):
        while not answer.done():
            writer.write(chunk)
            await writer.drain()
            sent += 1
    assert sent <= 2 * MAX_BODY >> 20, "who sends without end is cut off"
    with contextlib.suppress(
        ConnectionError, asyncio.IncompleteReadError
    ):  # the answer may be lost in the cut
        assert (await answer).startswith(b"HTTP/1.1 413 ")
    writer.transport.abort()
    assert ingest.posts == []


@pytest.mark.parametrize("state", ["starting", "compiling", "draining"])
async def test_events_wait_until_ingest_is_ready(serving: Any, ingest: Any, state: str) -> None:
    await until_ingest_is(serving, "ready")
    ingest.link.say(Status(state, "kernel 2 of 5"))
    await until_ingest_is(serving, state)
    answer = await serving.http.post("/api/events", content=b"1.2.3.4\n", headers=PLAIN)
    assert (answer.status_code, answer.json()["code"]) == (503, state)
    assert answer.headers["retry-after"] == "1"
    assert "kernel 2 of 5" in answer.json()["message"]


async def test_events_are_refused_while_nobody_takes_them(serving: Any) -> None:
    answer = await serving.http.post("/api/events", content=b"1.2.3.4\n", headers=PLAIN)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")


async def test_an_ingest_process_that_dies_meanwhile_is_a_502(serving: Any, ingest: Any) -> None:
    async def die(post: Post) -> PostAnswer:
        asyncio.get_running_loop().call_soon(ingest.link._writer.transport.abort)
        return await asyncio.Future()

    ingest.answer = die
    await until_ingest_is(serving, "ready")
    answer = await serving.http.post("/api/events", content=b"1.2.3.4\n", headers=PLAIN)
    assert (answer.status_code, answer.json()["code"]) == (502, "lost")


async def test_an_ingest_process_that_never_answers_is_a_504(
    serving: Any, ingest: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "_ANSWER_SECONDS", 0.1)

    async def never(post: Post) -> PostAnswer:
        return await asyncio.Future()

    ingest.answer = never
    await until_ingest_is(serving, "ready")
    answer = await serving.http.post("/api/events", content=b"1.2.3.4\n", headers=PLAIN)
    assert (answer.status_code, answer.json()["code"]) == (504, "timeout")


async def test_what_ingest_says_is_passed_on(serving: Any, ingest: Any) -> None:
    async def full(post: Post) -> PostAnswer:
        return PostAnswer(post.id, 503, {"code": "full", "message": "the disk is full"})

    ingest.answer = full
    await until_ingest_is(serving, "ready")
    answer = await serving.http.post("/api/events", content=b"1.2.3.4\n", headers=PLAIN)
    assert (answer.status_code, answer.json()["code"], answer.headers["retry-after"]) == (503, "full", "1")


async def test_bodies_share_a_bound(serving: Any, ingest: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "MAX_HELD", 10_000)
    held: list[asyncio.Future[None]] = []

    async def wait(post: Post) -> PostAnswer:
        held.append(asyncio.get_running_loop().create_future())
        await held[-1]
        return PostAnswer(post.id, 202, {})

    ingest.answer = wait
    await until_ingest_is(serving, "ready")
    first = asyncio.create_task(serving.http.post("/api/events", content=b"x" * 9000, headers=PLAIN))
    while not held:
        await asyncio.sleep(0.01)
    second = await serving.http.post("/api/events", content=b"x" * 9000, headers=PLAIN)
    assert (second.status_code, second.json()["code"]) == (503, "busy")
    held[0].set_result(None)
    assert (await first).status_code == 202
    third = asyncio.create_task(serving.http.post("/api/events", content=b"x" * 9000, headers=PLAIN))
    while len(held) < 2:
        await asyncio.sleep(0.01)
    held[1].set_result(None)
    assert (await third).status_code == 202


async def read(data: bytes, size: int) -> bytes:
    async def chunks() -> Any:
        for start in range(0, len(data), size):
            yield data[start : start + size]

    return await body.read({"content-encoding": "gzip"}, chunks(), lambda more: None)


@given(st.lists(st.binary(max_size=2000), min_size=1, max_size=3), st.integers(1, 500))
def test_gzip_in_any_chunks_and_members(members: list[bytes], size: int) -> None:
    zipped = b"".join(gzip.compress(member) for member in members)
    assert asyncio.run(read(zipped, size)) == b"".join(members)


@given(st.binary(min_size=1, max_size=200))
def test_what_is_not_gzip_is_refused(data: bytes) -> None:
    try:
        expected = gzip.decompress(data)
    except (OSError, EOFError, zlib.error):
        with pytest.raises(RequestError):
            asyncio.run(read(data, 64))
    else:
        assert asyncio.run(read(data, 64)) == expected


async def test_the_interface_is_documented(serving: Any) -> None:
    document = (await serving.http.get("/api/openapi.json")).json()
    paths = {"/api/stats", "/api/topics", "/api/events", "/api/live.sse", "/healthz", "/readyz"}
    assert set(document["paths"]) == paths
    post = document["paths"]["/api/events"]["post"]
    assert set(post["requestBody"]["content"]) == set(body.CONTENT_TYPES)
    assert {"202", "400", "413", "415", "502", "503", "504"} <= set(post["responses"])
    assert post["security"] == [{"ingest-token": []}]
    assert document["paths"]["/api/stats"]["get"]["security"] == [{"viewer-token": []}]
    assert set(document["components"]["securitySchemes"]) == {"ingest-token", "viewer-token"}
    types = document["components"]["schemas"]
    assert set(types["Stats"]["properties"]) == set(await serving.stats())
    of_fastapi = {"HTTPValidationError", "ValidationError"}
    assert set(types) - of_fastapi <= set(schema.http_answers()["$defs"])


async def test_the_documentation_asks_no_other_host(serving: Any) -> None:
    page = await serving.http.get("/docs")
    assert page.status_code == 200
    assert "default-src 'self'" in page.headers["content-security-policy"]
    assert "//" not in page.text.replace("<!doctype", "")
    for path in ("docs/start.js", "docs/assets/swagger-ui-bundle.js", "docs/assets/swagger-ui.css"):
        assert path in page.text
        part = await serving.http.get(f"/{path}")
        assert part.status_code == 200
        assert len(part.content) > 50
    assert "SwaggerUIBundle" in (await serving.http.get("/docs/start.js")).text


async def test_a_mistake_of_the_server_is_a_500_in_json(
    serving: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(type(serving.live), "stats", lambda self, access: 1 / 0)
    answer = await serving.http.get("/api/stats")
    monkeypatch.undo()
    assert answer.status_code == 500
    assert json.loads(answer.content)["code"] == "failed"
    assert "ZeroDivisionError" in caplog.text

"""deploy/nginx.conf in a real nginx, before two real servers: what docs/nginx.md promises."""

from __future__ import annotations

import asyncio
import gzip
import re
from collections import Counter
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import psutil
from deploy.front import EVENT, Front, located, port, post

from dynmap.client import Live, Step, connect
from dynmap.testing import Server, run_server


def fill(server: Server, times: int) -> None:
    post(server, EVENT * times)
    assert server.wait_until(lambda: located(server) == 3 * times)


def kill(server: Server) -> None:
    """The whole of it at once: nobody says goodbye."""
    supervisor = psutil.Process(server.pid)
    for process in [supervisor, *supervisor.children(recursive=True)]:
        process.kill()


def test_nginx_finds_nothing_to_complain_of(front: Front) -> None:
    assert re.fullmatch(r"nginx: .* syntax is ok\nnginx: .* test is successful\n", front.check())


def test_the_plain_port_leads_to_the_other(front: Front) -> None:
    answer = httpx.get(
        f"http://127.0.0.1:{front.plain_port}/docs?a=1", headers={"Host": "localhost"}, trust_env=False
    )
    assert (answer.status_code, answer.headers["Location"]) == (308, "https://localhost/docs?a=1")


def test_the_page_comes_over_https_with_each_header_once(http: httpx.Client) -> None:
    answer = http.get("/")
    assert answer.status_code == 200
    assert "<title>" in answer.text
    names = Counter(name.decode().lower() for name, _ in answer.headers.raw)
    for name in (
        "content-security-policy", "x-content-type-options", "referrer-policy", "cache-control",
        "strict-transport-security", "vary",
    ):  # fmt: skip
        assert names[name] == 1, name
    assert "x-cache-status" not in names
    assert answer.headers["Server"] == "nginx"
    assert http.get("/", headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304


def test_what_is_named_by_its_content_is_cached(http: httpx.Client) -> None:
    [script] = re.findall(r'src="\./(assets/[\w.-]+\.js)"|src="/?(assets/[\w.-]+\.js)"', http.get("/").text)
    path = "/" + next(filter(None, script))
    for encoding in ("gzip, deflate, br", "identity"):
        found = [http.get(path, headers={"Accept-Encoding": encoding}) for _ in range(2)]
        assert [answer.status_code for answer in found] == [200, 200]
        assert [answer.headers["X-Cache-Status"] for answer in found] == ["MISS", "HIT"]
        assert found[0].content == found[1].content
        for answer in found:
            assert answer.headers.get("Content-Encoding") == ("gzip" if "gzip" in encoding else None)
            assert "immutable" in answer.headers["Cache-Control"]
            assert "Strict-Transport-Security" in answer.headers
    other = http.get(path, headers={"Accept-Encoding": "br, gzip;q=0.8, *;q=0.1"})
    assert other.headers["X-Cache-Status"] == "HIT", "however a browser writes it"
    missing = [http.get("/assets/none.js") for _ in range(2)]
    assert [(answer.status_code, answer.headers["X-Cache-Status"]) for answer in missing] == [
        (404, "MISS")
    ] * 2


def test_events_can_be_posted(front: Front, servers: list[Server], http: httpx.Client) -> None:
    before = sum(map(located, servers))
    headers = {"Content-Type": "application/x-ndjson"}
    answer = http.post("/api/events", content=EVENT * 10, headers=headers)
    assert (answer.status_code, answer.json()["located"]) == (202, 30)
    zipped = http.post(
        "/api/events", content=gzip.compress(EVENT.encode()), headers=headers | {"Content-Encoding": "gzip"}
    )
    assert zipped.status_code == 202
    large = http.post("/api/events", content=b" " * (32 << 20), headers=headers)
    assert large.status_code == 202, large.text
    too_large = http.post("/api/events", content=b" " * ((32 << 20) + 1), headers=headers)
    assert (too_large.status_code, too_large.json()["code"]) == (413, "too_large")
    assert servers[0].wait_until(lambda: sum(map(located, servers)) == before + 33)
    assert not any((front.folder / "client_body").rglob("*")), "no address on nginx' disk"


def test_answers_of_the_interface_are_zipped_on_the_way(http: httpx.Client) -> None:
    answer = http.get("/api/openapi.json")
    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.json()["info"]["title"] == "DynMap"


async def until(live: Live, total: int) -> list[Step]:
    steps: list[Step] = []
    async with asyncio.timeout(30):
        while live.located < total or not steps:
            steps.append(await anext(live))
    assert live.located == total
    return steps


async def test_frames_come_over_tls(front: Front, servers: list[Server]) -> None:
    async with connect(front.url, ssl=front.tls) as live:
        at = live.located
        for number in range(1, 6):
            for server in servers:
                await asyncio.to_thread(post, server, EVENT * number)
        steps = await until(live, at + 45)
        assert sum(int(step.columns().count.sum()) for step in steps) == 45


async def test_viewers_are_spread_over_the_servers(front: Front, servers: list[Server]) -> None:
    async with AsyncExitStack() as stack:
        for _ in range(10):
            await stack.enter_async_context(connect(front.url, ssl=front.tls))
        viewers = [(await asyncio.to_thread(server.stats))["viewers"] for server in servers]
        assert viewers == [5, 5]


def test_no_token_gets_into_the_log(front: Front, http: httpx.Client) -> None:
    assert http.get("/healthz?token=secret").status_code == 200
    assert '"GET /healthz HTTP/' in front.requests()
    assert "secret" not in front.requests()


async def test_viewers_of_a_server_that_dies_go_on_at_the_other(tmp_path: Path) -> None:
    with run_server() as first, run_server() as second:
        await asyncio.to_thread(fill, first, 1)
        await asyncio.to_thread(fill, second, 2)
        with Front(tmp_path, [port(first), port(second)]) as front:
            async with AsyncExitStack() as stack:
                viewers = [
                    await stack.enter_async_context(connect(front.url, ssl=front.tls)) for _ in range(4)
                ]
                assert sorted(live.located for live in viewers) == [3, 3, 6, 6]
                moved = [live for live in viewers if live.located == 3]
                kill(first)
                for live in moved:
                    steps = await until(live, 6)
                    [reason] = [step.reset for step in steps if step.reset]
                    assert "not one of this server's" in reason
                await asyncio.to_thread(post, second, EVENT)
                for live in viewers:
                    steps = await until(live, 9)
                    assert sum(step.total for step in steps) == 3

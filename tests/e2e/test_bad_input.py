"""Bad input is counted and explained, with addresses masked; the server and its memory are unmoved."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator

import httpx
import psutil
import pytest
from e2e.viewer import Viewer

from dynmap.testing import Server, run_server

ADDRESS = "83.149.9.216"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with run_server(
        *("--tcp", "127.0.0.1:0,name=ip,format=ip"),
        *("--tcp", "127.0.0.1:0,name=events,format=json,time=event"),
        *("--tcp", "127.0.0.1:0,name=templated,format=json,topic=user.{user}"),
    ) as running:
        yield running


def _send(server: Server, name: str, *lines: bytes) -> dict[str, int]:
    """Sends lines and tells by how much each of the counts grew."""
    before = server.stats()["events"]
    with socket.create_connection(("127.0.0.1", server.tcp_ports[name])) as connection:
        for line in lines:
            connection.sendall(line + b"\n")
    end = time.monotonic() + 20
    while True:
        now = server.stats()["events"]
        gained = {key: now[key] - before[key] for key in ("received", "located", "unlocated", "rejected")}
        if gained["received"] >= len(lines) or time.monotonic() > end:
            return gained
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        (b"1.2.3.4:5678", "located"),
        (b"[2a00:1450:4001:81b::200e]:80", "located"),
        (b"[::1]:80", "unlocated"),
        (b"a.b.c.d", "rejected"),
        (b"83.149.9.216, 10.0.0.1", "located"),
        (b"10.0.0.1, 83.149.9.216", "located"),
        (b"83.149.9.216\0", "rejected"),
        (b"\xff\xfe\x00\x80", "rejected"),
    ],
    ids=repr,
)
def test_addresses(server: Server, line: bytes, kind: str) -> None:
    gained = _send(server, "ip", line)
    assert gained == {"received": 1, "located": 0, "unlocated": 0, "rejected": 0} | {kind: 1}


@pytest.mark.parametrize(
    ("event", "kind", "weight"),
    [
        (b'{"ip":"83.149.9.216","n":1000}', "located", 1000),
        (b'{"ip":"83.149.9.216","n":-1}', "rejected", 1),
        (b'{"ip":"83.149.9.216","n":0}', "rejected", 1),
        (b'{"ip":"83.149.9.216","n":1000001}', "rejected", 1),
        (b'{"ip":"83.149.9.216"', "rejected", 1),
        (b'{"lat":91,"lon":0}', "rejected", 1),
        (b'{"lat":89,"lon":0}', "located", 1),
        (b'{"lat":0,"lon":181}', "rejected", 1),
        (b'{"ip":"83.149.9.216","ts":1}', "located", 1),
        (b'{"ip":"83.149.9.216","ts":4102444800000}', "located", 1),
        (b'{"ip":"83.149.9.216","ts":"yesterday"}', "located", 1),
        (b'{"ip":"83.149.9.216","topic":"a b"}', "rejected", 1),
        (b'{"ip":"83.149.9.216","topic":"203.0.113.7"}', "rejected", 1),
        (b'{"nested":{"ip":1},"ip":"83.149.9.216"}', "located", 1),
        (b"[1,2,3]", "rejected", 1),
        (b'{"ip":"\xff\xfe"}', "rejected", 1),
        (b'{"ip":"8\x00"}', "rejected", 1),
    ],
    ids=repr,
)
def test_events(server: Server, event: bytes, kind: str, weight: int) -> None:
    gained = _send(server, "events", event)
    assert gained == {"received": weight, "located": 0, "unlocated": 0, "rejected": 0} | {kind: weight}


def test_a_topic_template_never_holds_an_address(server: Server) -> None:
    events = [json.dumps({"ip": ADDRESS, "user": user}).encode() for user in (ADDRESS, "2001:db8::7", "anna")]
    assert _send(server, "templated", *events) == {"received": 3, "located": 1, "unlocated": 0, "rejected": 2}
    everything = httpx.get(f"{server.url}/api/stats").text + httpx.get(f"{server.url}/api/topics").text
    assert "user.anna" in everything
    for leak in (ADDRESS, "83-149-9-216", "2001:db8", "2001-db8"):
        assert leak not in everything


def test_a_line_of_100_mb_without_a_newline(server: Server) -> None:
    before, events = _resident(server), server.stats()["events"]
    with socket.create_connection(("127.0.0.1", server.tcp_ports["ip"])) as connection:
        for _ in range(100):
            connection.sendall(b"7" * (1 << 20))
        assert _resident(server) - before < 50e6
        connection.sendall(b"\n83.149.9.216\n")
    end = time.monotonic() + 20
    while (now := server.stats()["events"])["received"] < events["received"] + 2 and time.monotonic() < end:
        time.sleep(0.05)
    assert now["rejected"] == events["rejected"] + 1
    assert now["located"] == events["located"] + 1
    assert any("longer than 65536 bytes" in reason for reason in server.stats()["reasons"])


def _resident(server: Server) -> int:
    return sum(child.memory_info().rss for child in psutil.Process(server.pid).children())


def test_examples_are_kept_and_masked(server: Server) -> None:
    _send(server, "ip", f"x {ADDRESS} and more".encode())
    stats = server.stats()
    assert stats["examples"]
    assert all(example["reason"] and ADDRESS not in example["line"] for example in stats["examples"])


def test_an_endless_list_of_topics_is_bounded() -> None:
    count = 6000
    with run_server("--tcp", "127.0.0.1:0,name=many,format=json") as server, Viewer(server.url) as viewer:
        lines = "".join(f'{{"ip":"{ADDRESS}","topic":"shop.item{n}"}}\n' for n in range(count))
        with socket.create_connection(("127.0.0.1", server.tcp_port)) as connection:
            connection.sendall(lines.encode())
        assert viewer.read_until(lambda: viewer.total == count)
        topics = httpx.get(f"{server.url}/api/topics").json()
        names = {topic["name"] for topic in topics["topics"]}
        assert "shop.other" in names
        assert len(names) <= 4096 + 64

        def said() -> int:
            return sum("4,096" in notice for notice in server.stats()["notices"])

        assert server.wait_until(lambda: said() == 1, 5), server.stats()["notices"]

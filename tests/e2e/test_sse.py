"""Server-sent events as docs/sse.md has them: with curl, and with EventSource in a real browser."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import httpx
import psutil
import pytest
from playwright.sync_api import Browser

from dynmap.testing import Server, run_server

DOCUMENT = (Path(__file__).parents[2] / "docs" / "sse.md").read_text()
WHERE = "http://127.0.0.1:8080"
EVENTS = [
    {"lat": 52.52, "lon": 13.405, "topic": "web.ok", "n": 3},
    {"lat": 48.8566, "lon": 2.3522, "topic": "web.bad", "n": 4},
    {"lat": 0, "lon": 0, "topic": "dns", "n": 100},
]

Eventually = Callable[[Callable[[], bool], str], None]


def example(language: str) -> str:
    found = re.search(rf"^```{language}\n(.*?)^```$", DOCUMENT, re.M | re.S)
    assert found
    return found[1]


@pytest.fixture
def server() -> Iterator[Server]:
    with run_server() as running:
        yield running


def send(server: Server) -> None:
    answer = httpx.post(f"{server.url}/api/events", json=EVENTS)
    assert answer.json()["located"] == 107


def sum_of(stream: str) -> int:
    events = [json.loads(data) for data in re.findall(r"^data: (.*)\n\n", stream, re.M)]
    return sum(count for event in events for *_, count in event.get("points", ()))


def read_until(stream: IO[str], text: str, holds: Callable[[str], bool]) -> str:
    """What a process writes, line by line, until it holds something."""
    while not holds(text):
        line = stream.readline()
        assert line, f"it ended after: {text}"
        text += line
    return text


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
def test_curl_as_documented(server: Server) -> None:
    command = example("sh").replace(WHERE, server.url).replace("curl -N", "exec curl -sN --noproxy '*'")
    with subprocess.Popen(["sh", "-c", command], stdout=subprocess.PIPE, text=True) as curl:
        assert curl.stdout
        text = read_until(curl.stdout, "", lambda text: "id: " in text)
        for times in range(1, 4):
            send(server)
            text = read_until(curl.stdout, text, lambda text: sum_of(text) == 7 * times)  # noqa: B023
        assert "dns" not in text
        assert server.stop() == 0
        text += curl.stdout.read()
        assert text.endswith('event: end\ndata: {"code":"stopping","message":"the server stops"}\n\n')
        assert curl.wait(10) == 0, "the stream was cut off"
    assert "rror" not in server.log()


def test_event_source_as_documented(server: Server, browser: Browser, eventually: Eventually) -> None:
    page = browser.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.extend(re.findall(r"web\.\w+ \d+", message.text)))
    page.goto(f"{server.url}/healthz")
    page.evaluate(f"(() => {{ {example('js').replace(WHERE, server.url)} }})()")
    eventually(lambda: server.stats()["viewers"] == 1, "the page listens")
    send(server)

    def heard() -> bool:
        page.wait_for_timeout(50)
        return len(said) == 2

    eventually(heard, "the page has got its events")
    assert sorted(said) == ["web.bad 4", "web.ok 3"]
    page.close()
    eventually(lambda: server.stats()["viewers"] == 0, "the page is forgotten")


def test_a_killed_server_is_resumed_exactly(server: Server, eventually: Eventually) -> None:
    """What was sent, and what was only taken in, before the serving process is killed comes once."""
    total, cursor = 0, ""
    for _ in range(3):
        with httpx.stream(
            "GET", f"{server.url}/api/live.sse?topics=web.*", headers={"Last-Event-ID": cursor}, timeout=30
        ) as answer:
            text = ""
            send(server)
            with contextlib.suppress(httpx.RemoteProtocolError, httpx.ReadError):
                for chunk in answer.iter_text():
                    text += chunk
                    if sum_of(text) >= 7:
                        serving_process(server).kill()
            assert "event: end" not in text
        whole = text[: text.rindex("\n\n") + 2]
        assert "event: reset" not in whole
        total += sum_of(whole)
        cursor = re.findall(r"^id: (.*)$", whole, re.M)[-1]
        eventually(lambda: is_up(server), "the server is up again")
        assert total == server.stats()["events"]["located"] * 7 // 107


def serving_process(server: Server) -> psutil.Process:
    """The one that answers."""
    port = int(server.url.rpartition(":")[2])
    for child in psutil.Process(server.pid).children():
        if any(c.laddr.port == port and c.status == "ESTABLISHED" for c in child.net_connections("tcp")):
            return child
    raise AssertionError("nobody serves")


def is_up(server: Server) -> bool:
    try:
        return httpx.get(f"{server.url}/readyz", timeout=1).status_code == 200
    except httpx.HTTPError:
        time.sleep(0.1)
        return False

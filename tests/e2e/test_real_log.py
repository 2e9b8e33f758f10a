"""Ten thousand lines of a web server's log, by every way in: all received, and a viewer's frames sum to located."""

from __future__ import annotations

import gzip
import subprocess
import time
from pathlib import Path

import httpx
import pytest
from e2e.viewer import Viewer

from dynmap.testing import Server, run_server

LINES = 10_000


def _check(server: Server, viewer: Viewer) -> None:
    assert viewer.read_until(lambda: bool(server.stats()["events"]["received"] >= LINES)), server.stats()[
        "events"
    ]
    time.sleep(0.5)  # for a line too many to show itself
    events = server.stats()["events"]
    assert events["received"] == LINES
    assert events["received"] == events["located"] + events["unlocated"] + events["rejected"]
    assert events["located"] > 0
    assert viewer.read_until(lambda: viewer.total >= events["located"]), (viewer.total, events)
    assert viewer.total == events["located"]


def test_by_tail_from_the_start(web_log: Path) -> None:
    with run_server("--tail", f"{web_log},from=start,name=web") as server, Viewer(server.url) as viewer:
        _check(server, viewer)
        assert set(viewer.committed) <= {"web"}


def test_by_tail_with_the_lines_own_times(web_log: Path) -> None:
    """Years old, and running backwards: counted exactly, drawn as old additions."""
    with (
        run_server("--tail", f"{web_log},from=start,name=web,time=event") as server,
        Viewer(server.url) as viewer,
    ):
        _check(server, viewer)


def test_by_stdin(web_log: Path) -> None:
    with web_log.open("rb") as log, run_server("--stdin", stdin=log) as server, Viewer(server.url) as viewer:
        _check(server, viewer)


def test_by_tcp(web_log: Path) -> None:
    with run_server("--tcp", "127.0.0.1:0") as server, Viewer(server.url) as viewer:
        with web_log.open("rb") as log:
            subprocess.run(["nc", "-N", "127.0.0.1", str(server.tcp_port)], stdin=log, check=True, timeout=30)
        _check(server, viewer)


def test_by_exec(web_log: Path) -> None:
    command = f"cat {web_log}; sleep 60"
    with run_server("--exec", command) as server, Viewer(server.url) as viewer:
        _check(server, viewer)


@pytest.mark.parametrize("zipped", [False, True], ids=["plain", "gzip"])
def test_by_http(web_log: Path, zipped: bool) -> None:
    with run_server() as server, Viewer(server.url) as viewer:
        body, headers = web_log.read_bytes(), {"Content-Type": "text/plain"}
        if zipped:
            body, headers = gzip.compress(body), headers | {"Content-Encoding": "gzip"}
        answer = httpx.post(f"{server.url}/api/events", content=body, headers=headers, timeout=30)
        assert answer.status_code == 202
        told = answer.json()
        assert told["received"] == LINES == told["located"] + told["unlocated"] + told["rejected"]
        assert told["durable"] is False
        _check(server, viewer)


def test_2013s_two_addresses_light_two_points_and_anycast_is_coarse() -> None:
    with run_server("--tcp", "127.0.0.1:0") as server, Viewer(server.url) as viewer:
        _netcat(server, b"83.149.9.216\n66.249.73.135\n")
        assert viewer.read_until(lambda: viewer.total == 2)
        points = {(int(x), int(y)) for frame in viewer.frames for x, y in zip(frame.x, frame.y, strict=True)}
        assert len(points) == 2
        assert viewer.coarse == 0
        _netcat(server, b"8.8.8.8\n1.1.1.1")
        assert viewer.read_until(lambda: viewer.total == 4)
        assert viewer.coarse == 2


def _netcat(server: Server, data: bytes) -> None:
    subprocess.run(["nc", "-N", "127.0.0.1", str(server.tcp_port)], input=data, check=True, timeout=10)


def test_several_sources_at_once(tmp_path: Path) -> None:
    """Each with a name, a format, a topic and a precision of its own."""
    log, events = tmp_path / "a.log", tmp_path / "b.ndjson"
    with (
        run_server(
            *("--tail", f"{log},name=web,from=start,format=combined,topic=web.{{status}}"),
            *(
                "--tail",
                f"{events},name=mail,from=start,format=json,topic=email.{{event}}.{{campaign}},precision=8",
            ),
        ) as server,
        Viewer(server.url) as viewer,
    ):
        # Written once the viewer is there, so that it is sent frames of both and not a total that holds them already.
        assert viewer.read_until(lambda: viewer.base == 0)
        log.write_text('83.149.9.216 - - [17/May/2015:10:05:03 +0000] "GET / HTTP/1.1" 404 1 "-" "-"\n')
        events.write_text('{"lat":52.5,"lon":13.4,"event":"open","campaign":"may"}\n')
        assert viewer.read_until(lambda: viewer.total == 2)
        assert viewer.committed == {"web.404": 1, "email.open.may": 1}
        assert {frame.bits for frame in viewer.frames} == {16, 8}

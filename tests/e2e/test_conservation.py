"""Nothing lost, nothing doubled: random lines in random chunks, a stop in mid-stream, a crash of the ingest process."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import random
import re
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from e2e.viewer import Viewer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dynmap.testing import Server, run_server

GOOD = st.sampled_from(
    [b"83.149.9.216", b"66.249.73.135", b"2a00:1450:4001:81b::200e", b"::ffff:83.149.9.216", b"8.8.8.8"]
)
LOST = st.sampled_from([b"10.1.2.3", b"192.168.0.1", b"fd00::1", b"127.0.0.1"])
BAD = st.one_of(
    st.binary(min_size=1, max_size=40).map(lambda raw: b"x" + raw.replace(b"\n", b"").replace(b"\r", b"")),
    st.just(b"999.1.1.1"),
    st.just(b"z" * 70_000),
)
EMPTY = st.sampled_from([b"", b" ", b"\r"])
KIND = st.one_of(
    GOOD.map(lambda line: ("located", line)),
    LOST.map(lambda line: ("unlocated", line)),
    BAD.map(lambda line: ("rejected", line)),
    EMPTY.map(lambda line: ("blank", line)),
)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with run_server("--tcp", "127.0.0.1:0,name=mix,format=ip") as running:
        yield running


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(lines=st.lists(KIND, max_size=60), cuts=st.lists(st.integers(0, 10_000), max_size=8))
def test_random_lines_in_random_chunks(
    server: Server, lines: list[tuple[str, bytes]], cuts: list[int]
) -> None:
    before = server.stats()["events"]
    wanted = {kind: sum(k == kind for k, _ in lines) for kind in ("located", "unlocated", "rejected")}
    data = b"".join(line + b"\n" for _, line in lines)
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    with socket.create_connection(("127.0.0.1", server.tcp_port)) as connection:
        for start, end in itertools.pairwise(edges):
            connection.sendall(data[start:end])
            time.sleep(0.002)

    def gained() -> dict[str, int]:
        now = server.stats()["events"]
        return {kind: now[kind] - before[kind] for kind in wanted}

    server.wait_until(lambda: gained() == wanted, 10)
    assert gained() == wanted
    events = server.stats()["events"]
    assert events["received"] == events["located"] + events["unlocated"] + events["rejected"]


def test_a_viewer_that_joined_late_agrees_with_the_server(server: Server) -> None:
    with Viewer(server.url) as viewer:
        assert viewer.read_until(lambda: viewer.total == server.stats()["events"]["located"])


@pytest.mark.parametrize("everybody", [False, True], ids=["supervisor", "whole-service"])
def test_stopped_with_sigterm_in_mid_stream(everybody: bool) -> None:
    """What the last mark and the last stats say agrees: all that was received is on the map or accounted for.

    A service manager sends the signal to all processes of the service at once.
    """
    with run_server("--tcp", "127.0.0.1:0,name=web,format=ip") as server, Viewer(server.url) as viewer:
        stop = threading.Event()
        sender = threading.Thread(target=_send_until, args=(server.tcp_port, stop))
        sender.start()
        try:
            assert viewer.read_until(lambda: viewer.total > 20_000)
            for process in psutil.Process(server.pid).children() if everybody else ():
                process.send_signal(signal.SIGTERM)
            os.kill(server.pid, signal.SIGTERM)
            viewer.read_to_the_end()
        finally:
            stop.set()
            sender.join()
        assert server.wait() == 0
    events = viewer.stats["events"]
    assert events["received"] == events["located"] + events["unlocated"] + events["rejected"]
    assert viewer.total == events["located"]


def _send_until(port: int, stop: threading.Event) -> None:
    lines = b"83.149.9.216\n10.0.0.1\n66.249.73.135\nnonsense\n" * 100
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)) as connection:
        while not stop.is_set():
            connection.sendall(lines)
            time.sleep(0.005)


def test_a_crash_of_the_ingest_process_is_seen_said_and_healed(tmp_path: Path) -> None:
    """Killed in the middle of a file: no line is lost, none counted twice."""
    log = tmp_path / "web.log"
    log.touch()
    with run_server("--tail", f"{log},name=web,format=ip") as server, Viewer(server.url) as viewer:
        with log.open("ab", buffering=0) as writer:
            for number in range(3000):
                writer.write(b"83.149.9.216\n")
                if number == 1500:
                    assert viewer.read_until(lambda: viewer.total > 500)
                    _ingest_process(server).kill()
                time.sleep(random.Random(number).random() * 0.001)
        assert viewer.read_until(lambda: viewer.total >= 3000, 60), (viewer.total, server.stats())
        viewer.read_until(lambda: False, 1)
        assert viewer.total == 3000
        assert server.stats()["events"]["received"] == 3000
        assert re.search("ingest.*restart", server.log())


def _ingest_process(server: Server) -> psutil.Process:
    [ingest] = [p for p in psutil.Process(server.pid).children() if "_ingest" in p.cmdline()]
    return ingest


def test_a_viewer_that_reconnects_with_since_misses_and_doubles_nothing() -> None:
    with run_server("--tcp", "127.0.0.1:0,name=web,format=ip") as server:
        stop = threading.Event()
        sender = threading.Thread(target=_send_until, args=(server.tcp_port, stop))
        sender.start()
        try:
            total, cursor, base = 0, None, 0
            for patience in (0.7, 0.3, 1.1, 0.5, 0.9):
                with Viewer(server.url, since=cursor) as viewer:
                    viewer.read_until(lambda: False, patience)
                    base = viewer.base if cursor is None and viewer.base is not None else base
                    total += sum(viewer.committed.values())
                    cursor = viewer.cursor
                time.sleep(patience / 2)
        finally:
            stop.set()
            sender.join()
        with Viewer(server.url, since=cursor) as viewer:
            time.sleep(1)
            viewer.read_until(lambda: False, 2)
            total += sum(viewer.committed.values())
        assert base + total == server.stats()["events"]["located"]


def test_weights_are_what_is_counted() -> None:
    lines = [{"lat": 1, "lon": 2, "n": 1000}, {"ip": "10.0.0.1", "n": 7}, {"lat": 1, "lon": 2, "n": -1}]
    with run_server("--tcp", "127.0.0.1:0") as server, Viewer(server.url) as viewer:
        with socket.create_connection(("127.0.0.1", server.tcp_port)) as connection:
            connection.sendall("".join(json.dumps(line) + "\n" for line in lines).encode())
        assert viewer.read_until(lambda: viewer.total == 1000)
        events = server.stats()["events"]
        assert events == events | {"received": 1008, "located": 1000, "unlocated": 7, "rejected": 1}


def test_a_crash_of_the_serving_process_leaves_viewers_their_account(tmp_path: Path) -> None:
    """Killed in mid-stream, twice: who comes back with `since` goes on where it was, and nothing is lost or doubled."""
    log = tmp_path / "web.log"
    log.touch()
    with run_server("--tail", f"{log},name=web,format=ip") as server:
        total, cursor, written = 0, None, 0
        for kills in range(3):
            with Viewer(server.url, since=cursor) as viewer, log.open("ab", buffering=0) as writer:
                for _ in range(2000):
                    writer.write(b"83.149.9.216\n")
                    time.sleep(0.0003)
                written += 2000
                assert viewer.read_until(_has(viewer, written // 3 - total))
                if kills < 2:
                    _serving_process(server).kill()
                    viewer.read_to_the_end()
                else:
                    viewer.read_until(_has(viewer, written - total))
                assert viewer.resets == 0
                total, cursor = total + viewer.total, viewer.cursor
            assert server.wait_until(lambda: _is_up(server))
        assert total == written
        assert server.stats()["events"]["located"] == written


def _is_up(server: Server) -> bool:
    try:
        return bool(server.get("/readyz")["status"] == "ready")
    except OSError:
        return False


def _has(viewer: Viewer, events: int) -> Callable[[], bool]:
    return lambda: viewer.total >= events


def _serving_process(server: Server) -> psutil.Process:
    [serving] = [p for p in psutil.Process(server.pid).children() if "_serve" in p.cmdline()]
    return serving

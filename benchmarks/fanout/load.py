"""Runs the load client (load.c) and reads what it found."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from benchmarks.fanout import cores


@dataclass(frozen=True, slots=True)
class Target:
    """A server that viewers connect to.

    pids     of the processes whose CPU time and memory count
    wishes   the subscriptions: the first viewer sends the first, and so on, round and round
    stamp    how a frame tells when it was sent (see load.c)
    """

    port: int
    pids: Sequence[int]
    wishes: Sequence[str] = ("watch",)
    path: str = "/"
    protocol: Literal["plain", "socketio", "nats"] = "plain"
    stamp: Literal["none", "tick", "monotonic"] = "monotonic"


@dataclass(frozen=True, slots=True)
class Result:
    """What viewers got and what the server spent, while it was measured.

    failed           viewers who could not subscribe
    closed           viewers who lost the connection
    connect_seconds  until the last viewer had subscribed; connect_cpu: what that cost the server
    frames           by all viewers; least, most: by a viewer who is not stalled
    texts            messages that are no frames
    bytes            of everything, headers too
    p50_ms ...       delays after the frame's stamp, None without stamps
    cpu              seconds that the server spent
    resident_before  bytes of the server before the first viewer came; resident_after: at the end
    own_cpu          seconds that the load client spent
    """

    viewers: int
    stalled: int
    failed: int
    closed: int
    connect_seconds: float
    connect_cpu: float
    seconds: float
    frames: int
    least: int
    most: int
    texts: int
    acks: int
    bytes: int
    p50_ms: float | None
    p99_ms: float | None
    max_ms: float | None
    cpu: float
    resident_before: int
    resident_after: int
    own_cpu: float

    @property
    def cost(self) -> float:
        """CPU-seconds per million frames."""
        return self.cpu / self.frames * 1e6 if self.frames else float("inf")


class LoadError(RuntimeError):
    """The load client found nothing to measure; the text says why."""


def load(
    program: Path,
    target: Target,
    viewers: int,
    *,
    seconds: float,
    warm: float = 1.5,
    stalled: int = 0,
    ack: bool = False,
    in_flight: int = 100,
) -> Result:
    """Opens viewers, `in_flight` at a time, and measures for some seconds after `warm` ones; `stalled` of them never read.

    `ack`: whether they acknowledge DynMap's marks about once a second. Raises LoadError.
    """
    wishes = program.with_name("wishes.txt")
    wishes.write_text("".join(f"{wish}\n" for wish in target.wishes))
    options = {
        "port": target.port,
        "path": target.path,
        "protocol": target.protocol,
        "stamp": target.stamp,
        "pids": ",".join(map(str, target.pids)),
        "subscribe": wishes,
        "viewers": viewers,
        "stalled": stalled,
        "seconds": seconds,
        "warm": warm,
        "in-flight": in_flight,
    }
    arguments = [f"--{name}={value}" for name, value in options.items()]
    with cores.children_on(cores.OTHERS):
        done = subprocess.run(
            [str(program), *arguments, *(["--ack"] if ack else [])], stdout=subprocess.PIPE, text=True
        )
    if done.returncode:
        raise LoadError(f"no viewer could subscribe at port {target.port}")
    return Result(**json.loads(done.stdout))

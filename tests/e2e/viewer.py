"""A viewer over the real socket that keeps the contract's books: totals are committed at marks."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Self

import numpy as np
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from dynmap import wire


class Viewer:
    """Subscribes to everything (or `topics`) and counts what it is sent."""

    def __init__(self, url: str, *, topics: tuple[str, ...] = (">",), since: str | None = None) -> None:
        self._url = url.replace("http", "ws", 1) + "/api/live"
        self._topics, self.since = topics, since
        self.base: int | None = None
        self.committed: Counter[str] = Counter()
        self.coarse = 0
        self.frames: list[wire.WireFrame] = []
        self.names: dict[int, str] = {}
        self.cursor: str | None = since
        self.stats: dict[str, Any] = {}
        self.resets = 0
        self._pending: list[wire.WireFrame] = []
        self._open = ExitStack()

    def __enter__(self) -> Self:
        self._socket: ClientConnection = self._open.enter_context(connect(self._url, max_size=None))
        request = {"type": "subscribe", "id": 0, "topics": self._topics, "since": self.since}
        self._socket.send(json.dumps(request))
        if self.since is None:
            # From here on, what comes in comes as frames: the total before them is known.
            assert self.read_until(lambda: self.base is not None)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    @property
    def total(self) -> int:
        """What was committed at marks, on top of what the server had counted before this viewer came."""
        return (self.base or 0) + sum(self.committed.values())

    def read_until(self, done: Callable[[], bool], seconds: float = 30) -> bool:
        """Reads until `done`, the server closes, or time is up; whether `done` holds."""
        end = time.monotonic() + seconds
        while not done() and (left := end - time.monotonic()) > 0:
            try:
                self._take(self._socket.recv(timeout=min(left, 0.1)))
            except TimeoutError:
                continue
            except ConnectionClosed:
                break
        return done()

    def read_to_the_end(self, seconds: float = 30) -> None:
        """Reads until the server closes the connection."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                self._take(self._socket.recv(timeout=1))
            except TimeoutError:
                continue
            except ConnectionClosed:
                return
        raise AssertionError(f"the server did not close within {seconds} s")

    def _take(self, message: str | bytes) -> None:
        if isinstance(message, bytes):
            self._pending.append(wire.decode(message))
            return
        told = json.loads(message)
        match told["type"]:
            case "topics":
                self.names.update({int(number): name for number, name in told["topics"].items()})
            case "subscribed":
                self.base = told["located"]
            case "reset":
                self.resets += 1
            case "stats":
                self.stats = told
            case "mark":
                self._commit(told["cursor"])
            case "error":
                raise AssertionError(told)

    def _commit(self, cursor: str) -> None:
        self.cursor = cursor
        for frame in self._pending:
            if frame.kind is wire.Kind.PICTURE:
                continue
            if frame.bits < wire.TILE_BITS:
                self.coarse += frame.total
            for topic in np.unique(frame.topic).tolist():
                self.committed[self.names[topic]] += int(frame.count[frame.topic == topic].sum())
            self.frames.append(frame)
        self._pending.clear()

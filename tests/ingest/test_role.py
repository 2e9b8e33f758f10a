"""The ingest process as a whole: real processes, a real relay, real kills."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
from pathlib import Path
from typing import Any

from dynmap.relay.message import Post

from .harness import Ingesting, Serving, until

ADDRESS = b"83.149.9.216"


async def test_all_kinds_of_sources_at_once(tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    log.write_bytes(ADDRESS + b"\n")
    sources: list[dict[str, Any]] = [
        {"kind": "tail", "name": "web", "path": str(log), "from": "start"},
        {"kind": "exec", "name": "shell", "command": "printf '8.8.8.8\\n10.0.0.1\\nnope\\n'; sleep 60"},
        {"kind": "stdin", "name": "in"},
        {"kind": "tcp", "name": "wire", "address": "127.0.0.1:1"},
        {"kind": "demo", "name": "world", "rate": 200},
    ]
    async with Serving(tmp_path) as serving, Ingesting(tmp_path, serving, sources) as ingest:
        assert ingest.process.stdin is not None
        ingest.process.stdin.write(ADDRESS + b"\n" * 3 + b"last one without its end")
        ingest.process.stdin.close()
        _, writer = await asyncio.open_connection("127.0.0.1", ingest.port("wire"))
        writer.write(ADDRESS + b"\r\n")
        await until(lambda: serving.by_source["wire"] == 1)
        await until(lambda: serving.by_source["world"] > 100)
        await until(lambda: serving.by_source["web"] == 1 and serving.by_source["in"] == 2)
        await until(lambda: serving.status("in").state == "ended")
        answer = await serving.hub.post(Post(0, b'{"ip":"1.2.3.4"}', "application/json"))
        assert (answer.status, answer.body["received"]) == (202, 1)
        shell = [batch for batch in serving.batches if batch.source == "shell"]
        assert [
            sum(each)
            for each in zip(*((b.located, sum(b.unlocated.values()), b.rejected) for b in shell), strict=True)
        ] == [1, 1, 1]
        assert serving.statuses[-1].geo["attribution"]
        assert await ingest.stop() == 0
        writer.close()
    assert serving.drained == [True]
    assert serving.status("world").state == "ended"


async def test_kill_9_of_a_tail_loses_and_doubles_nothing(tmp_path: Path) -> None:
    rng = random.Random(9)
    log = tmp_path / "access.log"
    written = 0

    def write(lines: int) -> None:
        nonlocal written
        with log.open("ab") as file:
            for _ in range(lines):
                written += 1
                file.write(b"%s - - [x] %d\n" % (ADDRESS, written))

    log.touch()
    sources = [{"kind": "tail", "name": "web", "path": str(log), "format": "ip"}]
    async with Serving(tmp_path) as serving, Ingesting(tmp_path, serving, sources) as ingest:
        for round_ in range(4):
            for _ in range(rng.randrange(5, 15)):
                write(rng.randrange(400))
                await asyncio.sleep(rng.random() * 0.03)
            await ingest.kill()
            write(300)
            if round_ == 1:
                log.rename(log.with_name("access.log.1"))
            if round_ == 2:
                shutil.copy2(log, log.with_name("access.log.2"))
                os.truncate(log, 0)
            write(300)
            await ingest.start()
        await until(lambda: serving.received >= written)
        assert await ingest.stop() == 0
    assert serving.received == written
    assert serving.hub.overlaps == 0


async def test_sigterm_in_the_middle_of_a_stream_keeps_all_that_was_sent(tmp_path: Path) -> None:
    sources = [{"kind": "tcp", "name": "wire", "address": "127.0.0.1:1"}]
    async with Serving(tmp_path) as serving, Ingesting(tmp_path, serving, sources) as ingest:
        _, writer = await asyncio.open_connection("127.0.0.1", ingest.port("wire"))
        lines = (ADDRESS + b"\n") * 5000
        for _ in range(20):
            writer.write(lines)
            await writer.drain()
        assert await ingest.stop() == 0
        writer.close()
    assert serving.received == 100_000
    assert serving.drained == [True]


async def test_an_orphan_ends(tmp_path: Path) -> None:
    async with Serving(tmp_path) as serving, Ingesting(tmp_path, serving, []) as ingest:
        assert await ingest.orphan() == 0


async def test_the_operator_is_told_of_a_proxy(tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    log.write_bytes(b"10.0.0.7\n" * 2000)
    sources = [{"kind": "tail", "name": "web", "path": str(log), "from": "start"}]
    async with Serving(tmp_path) as serving, Ingesting(tmp_path, serving, sources):
        await until(lambda: bool(serving.statuses[-1].notices))
    assert "set_real_ip_from" in serving.statuses[-1].notices[0]

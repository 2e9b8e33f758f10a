"""A real nginx, rotated while requests arrive: what the tail hands in is what nginx logged."""

from __future__ import annotations

import asyncio
import random
import shutil
import time
from collections import Counter
from pathlib import Path

import pytest
from e2e.nginx import Nginx

from dynmap.config import SourceSettings
from dynmap.ingest.lines import ReadBuffer
from dynmap.ingest.tail import Tail
from dynmap.testing import free_port

from .recording import RecordingIntake, Until

pytestmark = pytest.mark.skipif(
    shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin") is None, reason="needs Debian's nginx"
)


async def test_rename_and_copytruncate_while_requests_arrive(
    tmp_path: Path, intake: RecordingIntake, until: Until
) -> None:
    rng = random.Random(1)
    with Nginx(tmp_path / "nginx", free_port()) as nginx:
        settings = SourceSettings.model_validate({"kind": "tail", "name": "log", "path": nginx.log})
        source = Tail(settings, ReadBuffer(), quiet=0.5)
        source.begin({})
        reading = asyncio.create_task(source.run(intake))
        sent: Counter[bytes] = Counter()

        def request(seconds: float) -> None:
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                address = f"{rng.randrange(1, 200)}.{rng.randrange(256)}.{rng.randrange(256)}.7"
                nginx.get(address)
                sent[address.encode()] += 1

        await asyncio.to_thread(request, 0.3)
        requesting = asyncio.create_task(asyncio.to_thread(request, 1.2))
        await asyncio.sleep(0.2)
        nginx.rotate_by_rename()
        await requesting
        # Between copy and truncation no request may arrive: those lines are lost by logrotate, not by us.
        nginx.rotate_by_copytruncate()
        await asyncio.to_thread(request, 0.3)
        await until(lambda: len(intake.lines) >= nginx.requests)
        source.stop()
        await reading
    assert Counter(line.split(b" ")[0] for line in intake.lines) == sent
    assert len(intake.lines) == nginx.requests == nginx.lines()

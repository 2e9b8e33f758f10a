"""What docs/python-client.md and the example show works, against a whole server."""

from __future__ import annotations

import asyncio
import inspect
import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from dynmap.client import Columns, Live, Step, connect
from dynmap.testing import Server, run_server

ROOT = Path(__file__).parents[2]
DOCUMENT = (ROOT / "docs" / "python-client.md").read_text(encoding="utf-8")
FIRST, STORE = re.findall(r"^```python\n(.*?)^```$", DOCUMENT, re.M | re.S)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with run_server("--rate", "5000", command="demo") as running:
        assert running.wait_until(lambda: running.stats()["events"]["located"] > 1000)
        yield running


def test_the_first_program_runs(server: Server) -> None:
    script = FIRST.replace("http://127.0.0.1:8080", server.url)
    assert script != FIRST
    running = subprocess.Popen([sys.executable, "-u", "-c", script], stdout=subprocess.PIPE, text=True)
    assert running.stdout is not None
    with running.stdout:
        totals = running.stdout.readline()
        step = running.stdout.readline()
        running.kill()
        running.wait()
    assert re.match(r"\{'(web|email)\.\w+': \d+", totals)
    assert re.match(r"\d+ \[", step)


async def test_what_is_stored_is_there_once_though_the_program_is_cancelled(
    server: Server, tmp_path: Path
) -> None:
    names: dict[str, Any] = {"sqlite3": sqlite3, "connect": connect}
    exec(STORE, names)
    async with connect(server.url) as live:
        before, start = live.located, live.cursor
    database = sqlite3.connect(tmp_path / "events.db")
    database.execute("CREATE TABLE position (cursor)")
    database.execute("INSERT INTO position VALUES (?)", (start,))
    database.commit()
    for seconds in (1.1, 0.4, 0.7, 1.3):
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await names["store"](database, server.url)
    [(stored,)] = database.execute("SELECT sum(n) FROM events")
    [(cursor,)] = database.execute("SELECT cursor FROM position")
    database.close()
    async with connect(server.url, since=cursor) as rest, connect(server.url) as now:
        while int(rest.cursor.partition(".")[2]) < int(now.cursor.partition(".")[2]):  # type: ignore[union-attr]
            await anext(rest)
        assert rest.cursor == now.cursor
        assert before + stored + rest.located == now.located
    assert stored > 0


def test_every_wish_and_column_is_in_the_document() -> None:
    assert set(re.findall(r"^\| `(\w+)` \|", section("What to ask for"), re.M)) == set(
        inspect.signature(connect).parameters
    )
    columns = re.findall(r"^\| (`.*?`) \| \w+\d+ \|", section("What comes"), re.M)
    assert {name for row in columns for name in re.findall(r"`(\w+)`", row)} == {
        field.name for field in fields(Columns)
    } - {"topics"}
    steps = section("What comes").partition("**Columns**")[0]
    named = set(re.findall(r"`(\w+)(?:\(\))?`", "".join(re.findall(r"^\| (`.*?) \|", steps, re.M))))
    assert named <= set(dir(Step))
    for name in re.findall(r"`live\.(\w+)`", DOCUMENT):
        assert hasattr(Live, name)


def section(title: str) -> str:
    return DOCUMENT.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def test_the_example_draws_the_world(server: Server, tmp_path: Path) -> None:
    picture = tmp_path / "density.png"
    done = subprocess.run(
        [sys.executable, ROOT / "examples" / "density.py", server.url, "--seconds", "4", "--png", picture],
        env=os.environ | {"MPLBACKEND": "agg", "MPLCONFIGDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert re.search(r"^[\d,]+ events in ", done.stdout, re.M)
    pixels = np.asarray(Image.open(picture).convert("RGB"), np.int32)
    height, width = pixels.shape[:2]
    assert (width, height) == (2400, 1236)
    assert int(np.median(pixels.sum(axis=2))) < 60, "the sea is dark"
    world = pixels[: int(height * 0.8)]
    glowing = (world[..., 0] > 150) & (world[..., 0] > world[..., 1])
    for part in np.array_split(glowing, 3, axis=1):
        assert part.sum() > 50, "something glows in the Americas, Europe and Africa, Asia and Australia"
    land = (world[..., 2] > 40) & ~glowing
    assert 0.01 < land.mean() < 0.4


def test_the_example_says_in_a_line_when_there_is_no_server(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "examples" / "density.py", "http://127.0.0.1:1"],
        env=os.environ | {"MPLBACKEND": "agg", "MPLCONFIGDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr == "density: ws://127.0.0.1:1/api/live: can't connect: Connection refused\n"

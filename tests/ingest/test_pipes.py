"""Standard input and commands, with real pipes and processes."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from dynmap.children import Backoff
from dynmap.config import SourceSettings
from dynmap.ingest.exec import Exec
from dynmap.ingest.lines import ReadBuffer
from dynmap.ingest.stdin import Stdin

from .recording import RecordingIntake, Until


def stdin(fd: int) -> Stdin:
    return Stdin(SourceSettings(kind="stdin", name="log"), ReadBuffer(1 << 16), fd=fd)


def command(text: str) -> Exec:
    settings = SourceSettings(kind="exec", name="log", command=text)
    return Exec(settings, ReadBuffer(1 << 16), backoff=Backoff(random=lambda: -0.4))


async def test_a_pipe_is_read_to_its_end(intake: RecordingIntake) -> None:
    read_end, write_end = os.pipe()
    source = stdin(read_end)
    running = asyncio.create_task(source.run(intake))
    os.write(write_end, b"one\ntw")
    await asyncio.sleep(0.02)
    assert source.status.state == "open"
    os.write(write_end, b"o\r\nlast")
    os.close(write_end)
    await asyncio.wait_for(running, 5)
    os.close(read_end)
    assert intake.lines == [b"one", b"two\r", b"last"]
    assert source.status.state == "ended"


async def test_a_file_as_standard_input(intake: RecordingIntake, tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"line of a log\n" * 50_000)
    with path.open("rb") as file:
        await asyncio.wait_for(stdin(file.fileno()).run(intake), 10)
    assert len(intake.lines) == 50_000


async def test_a_terminal_as_standard_input(intake: RecordingIntake, until: Until) -> None:
    leader, follower = os.openpty()
    source = stdin(follower)
    running = asyncio.create_task(source.run(intake))
    os.write(leader, b"typed\n")
    await until(lambda: intake.lines == [b"typed"])
    os.write(leader, b"\x04")  # Ctrl-D
    await asyncio.wait_for(running, 5)
    os.close(leader)
    os.close(follower)


async def test_stopping_while_nothing_comes(intake: RecordingIntake) -> None:
    read_end, write_end = os.pipe()
    source = stdin(read_end)
    running = asyncio.create_task(source.run(intake))
    await asyncio.sleep(0.01)
    source.stop()
    await asyncio.wait_for(running, 2)
    os.close(read_end)
    os.close(write_end)


async def test_no_standard_input_at_all(intake: RecordingIntake) -> None:
    read_end, write_end = os.pipe()
    os.close(read_end)
    os.close(write_end)
    source = stdin(read_end)
    await source.run(intake)
    assert source.status.state == "ended"


async def test_a_command_is_started_again(intake: RecordingIntake, until: Until) -> None:
    source = command("echo line; echo from 203.0.113.9: no >&2; exit 3")
    running = asyncio.create_task(source.run(intake))
    await until(lambda: len(intake.lines) >= 2)
    await until(lambda: source.status.state == "down")
    assert "ended with exit code 3; starting it again in" in source.status.detail
    assert "it said: from x.x.x.x: no" in source.status.detail
    source.stop()
    await asyncio.wait_for(running, 5)


@pytest.mark.parametrize(
    ("text", "said"), [("kill -9 $$", "was killed by SIGKILL"), ("/no/such/thing", "exit code 127")]
)
async def test_a_command_that_is_killed_or_does_not_exist_is_said(
    intake: RecordingIntake, until: Until, text: str, said: str
) -> None:
    source = command(text)
    running = asyncio.create_task(source.run(intake))
    await until(lambda: said in source.status.detail)
    source.stop()
    await asyncio.wait_for(running, 5)


async def test_its_children_end_with_the_source(
    intake: RecordingIntake, until: Until, tmp_path: Path
) -> None:
    pids = tmp_path / "pids"
    source = command(f"trap '' TERM; sleep 1000 & echo $! $$ > {pids}; echo up; wait; wait")
    running = asyncio.create_task(source.run(intake))
    await until(lambda: intake.lines == [b"up"])
    source.stop()
    await asyncio.wait_for(running, 8)

    def gone(pid: str) -> bool:
        stat = Path(f"/proc/{pid}/stat")
        return not stat.exists() or " Z " in stat.read_text()

    await until(lambda: all(gone(pid) for pid in pids.read_text().split()))


async def test_what_a_command_wrote_last_is_taken_when_stopping(
    intake: RecordingIntake, until: Until
) -> None:
    source = command("trap 'echo farewell; exit' TERM; echo up; while :; do sleep 0.05; done")
    running = asyncio.create_task(source.run(intake))
    await until(lambda: intake.lines == [b"up"])
    source.stop()
    await asyncio.wait_for(running, 5)
    assert intake.lines == [b"up", b"farewell"]


async def test_a_flood_waits_while_the_relay_holds_back(intake: RecordingIntake, until: Until) -> None:
    source = command("yes 203.0.113.7")
    running = asyncio.create_task(source.run(intake))
    await until(lambda: len(intake.lines) > 1000)
    intake.crowded = True
    await asyncio.sleep(0.05)
    held = len(intake.lines)
    await asyncio.sleep(0.1)
    assert len(intake.lines) == held
    intake.crowded = False
    await until(lambda: len(intake.lines) > held)
    source.stop()
    await asyncio.wait_for(running, 5)


def test_an_exec_without_a_command_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="command"):
        Exec(SourceSettings(kind="stdin", name="log"), ReadBuffer(1 << 16))

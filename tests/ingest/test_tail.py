"""The tail reader against real files: what is written, however it is rotated, is handed in once."""

from __future__ import annotations

import asyncio
import os
import shutil
from pathlib import Path
from typing import Self

import pytest

from dynmap.config import SourceSettings
from dynmap.ingest.lines import ReadBuffer
from dynmap.ingest.tail import Tail

from .recording import RecordingIntake, Until


def tail(path: Path, start: str = "now", quiet: float = 60.0) -> Tail:
    settings = SourceSettings.model_validate({"kind": "tail", "name": "log", "path": path, "from": start})
    return Tail(settings, ReadBuffer(1 << 17), quiet=quiet)


def append(path: Path, text: bytes) -> None:
    with path.open("ab") as file:
        file.write(text)


class Follower:
    """A tail that runs until `stop`."""

    def __init__(self, source: Tail, intake: RecordingIntake) -> None:
        self.source, self.intake = source, intake

    async def __aenter__(self) -> Self:
        self.source.begin(self.intake.positions)
        self._task = asyncio.create_task(self.source.run(self.intake))
        return self

    async def __aexit__(self, *error: object) -> None:
        self.source.stop()
        await self._task


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "access.log"


async def test_from_now_begins_after_the_last_whole_line(
    log: Path, intake: RecordingIntake, until: Until
) -> None:
    log.write_bytes(b"old\nhalf")
    async with Follower(tail(log), intake):
        append(log, b" line\nnew\n")
        await until(lambda: len(intake.lines) == 2)
    assert intake.lines == [b"half line", b"new"]


async def test_from_the_start(log: Path, intake: RecordingIntake) -> None:
    log.write_bytes(b"one\r\ntwo\npart")
    async with Follower(tail(log, "start"), intake) as follower:
        await asyncio.sleep(0.02)
        assert follower.source.status.lag_bytes == 4
    assert intake.lines == [b"one\r", b"two"]


async def test_a_file_that_is_not_there_yet_is_read_from_its_start(
    log: Path, intake: RecordingIntake, until: Until
) -> None:
    async with Follower(tail(log), intake) as follower:
        await asyncio.sleep(0.01)
        assert follower.source.status.state == "waiting"
        assert str(log) in follower.source.status.detail
        log.write_bytes(b"first\n")
        await until(lambda: intake.lines == [b"first"])
        assert follower.source.status.state == "open"


async def test_a_renamed_file_is_read_on_while_the_new_one_is_read(
    log: Path, intake: RecordingIntake, until: Until
) -> None:
    log.write_bytes(b"")
    old = log.with_name("access.log.1")
    async with Follower(tail(log, quiet=0.1), intake) as follower:
        append(log, b"a\n")
        log.rename(old)
        append(old, b"b\n")
        append(log, b"c\n")
        await until(lambda: len(intake.lines) == 3)
        append(old, b"d\nlast")
        append(log, b"e\n")
        await until(lambda: len(intake.lines) == 6)
        assert follower.source.status.producers == 1
    assert sorted(intake.lines) == [b"a", b"b", b"c", b"d", b"e", b"last"]


async def test_copytruncate_loses_nothing_that_was_copied(
    log: Path, intake: RecordingIntake, until: Until
) -> None:
    log.write_bytes(b"")
    async with Follower(tail(log), intake):
        append(log, b"1\n2\n")
        await until(lambda: len(intake.lines) == 2)
        append(log, b"3\n4 is cut")  # not read yet
        shutil.copy2(log, log.with_name("access.log.1"))
        os.truncate(log, 0)
        append(log, b" in two\n5\n")
        await until(lambda: len(intake.lines) == 5)
    assert intake.lines == [b"1", b"2", b"3", b"4 is cut in two", b"5"]


async def test_truncation_is_seen_when_the_file_has_grown_past_the_old_offset(
    log: Path, intake: RecordingIntake, until: Until
) -> None:
    log.write_bytes(b"")
    async with Follower(tail(log), intake):
        append(log, b"short\nunfinished")
        await until(lambda: len(intake.lines) == 1)
        await asyncio.sleep(0.02)
        os.truncate(log, 0)
        append(log, b"a longer line than before\n" * 3)
        await until(lambda: len(intake.lines) == 5)
    assert intake.lines == [b"short", b"unfinished", *[b"a longer line than before"] * 3]


async def test_a_switched_symlink_and_back(tmp_path: Path, intake: RecordingIntake, until: Until) -> None:
    one, two, link = tmp_path / "one", tmp_path / "two", tmp_path / "current"
    one.write_bytes(b"1\n")
    two.write_bytes(b"2\n")
    link.symlink_to(one)
    async with Follower(tail(link, "start", quiet=0.02), intake):
        await until(lambda: intake.lines == [b"1"])
        for target, text in ((two, b"2b\n"), (one, b"1b\n"), (two, b"2c\n")):
            link.unlink()
            link.symlink_to(target)
            await asyncio.sleep(0.06)  # long enough for the other one to be given up
            append(target, text)
            await asyncio.sleep(0.02)
    assert intake.lines == [b"1", b"2", b"2b", b"1b", b"2c"]


async def test_a_directory_and_a_forbidden_file_are_said_and_retried(
    log: Path, intake: RecordingIntake, until: Until
) -> None:
    log.mkdir()
    async with Follower(tail(log), intake) as follower:
        await asyncio.sleep(0.01)
        status = follower.source.status
        assert (status.state, status.detail) == ("down", f"{log} is a directory, not a file; retrying")
        log.rmdir()
        log.write_bytes(b"now a file\n")
        await until(lambda: intake.lines == [b"now a file"])
        assert follower.source.status.state == "open"


async def test_a_pipe_is_refused_without_blocking(log: Path, intake: RecordingIntake) -> None:
    os.mkfifo(log)
    source = tail(log)
    source.begin({})
    assert source.status.state == "down"
    assert "--exec" in source.status.detail


async def test_a_line_over_the_limit_is_given_up_and_the_rest_read(
    log: Path, intake: RecordingIntake, until: Until
) -> None:
    log.write_bytes(b"")
    async with Follower(tail(log), intake):
        for _ in range(10):
            append(log, b"x" * 50_000)
            await asyncio.sleep(0.005)
        append(log, b"\nok\n")
        await until(lambda: intake.lines == [b"ok"])
    assert len(intake.rejected) == 1


async def test_resumes_inside_a_line_that_was_given_up(
    log: Path, intake: RecordingIntake, until: Until
) -> None:
    log.write_bytes(b"x" * 100_000)
    async with Follower(tail(log, "start"), intake):
        await until(lambda: len(intake.rejected) == 1)
    append(log, b"xxx\nok\n")
    async with Follower(tail(log), intake):
        await until(lambda: intake.lines == [b"ok"])
    assert len(intake.rejected) == 1


async def test_rotations_while_nobody_read(log: Path, intake: RecordingIntake, until: Until) -> None:
    log.write_bytes(b"1\n2")
    async with Follower(tail(log, "start"), intake):
        await until(lambda: len(intake.lines) == 1)
    append(log, b"\n3\n")
    log.rename(log.with_name("access.log.2"))
    log.with_name("access.log.1").write_bytes(b"4\n5\n")
    log.with_name("access.log.3").write_bytes(b"long read\n")
    log.write_bytes(b"6\n")
    async with Follower(tail(log, quiet=0.02), intake):
        await until(lambda: len(intake.lines) == 6)
        await asyncio.sleep(0.05)
    assert intake.lines == [b"1", b"2", b"3", b"4", b"5", b"6"]


async def test_copytruncate_while_nobody_read(log: Path, intake: RecordingIntake, until: Until) -> None:
    log.write_bytes(b"1\n")
    async with Follower(tail(log, "start"), intake):
        await until(lambda: len(intake.lines) == 1)
    append(log, b"2\n3a")
    shutil.copy2(log, log.with_name("access.log-20261123"))
    os.truncate(log, 0)
    append(log, b"3b\n4\n")
    async with Follower(tail(log), intake):
        await until(lambda: len(intake.lines) == 4)
    assert intake.lines == [b"1", b"2", b"3a3b", b"4"]


async def test_a_crash_before_the_first_line_keeps_the_starting_position(
    log: Path, intake: RecordingIntake, until: Until
) -> None:
    log.write_bytes(b"before\n")
    async with Follower(tail(log), intake):
        await until(lambda: bool(intake.spans))
    append(log, b"while away\n")
    async with Follower(tail(log), intake):
        await until(lambda: intake.lines == [b"while away"])


async def test_a_lost_file_is_said(log: Path, intake: RecordingIntake, until: Until) -> None:
    log.write_bytes(b"1\n")
    async with Follower(tail(log, "start"), intake):
        await until(lambda: len(intake.lines) == 1)
    log.unlink()
    log.with_name("other").write_bytes(b"keeps the old inode from being used again")
    log.write_bytes(b"new\n")
    async with Follower(tail(log), intake) as follower:
        await until(lambda: intake.lines == [b"1", b"new"])
        assert "is gone" in follower.source.status.detail


async def test_rotation_is_seen_while_the_relay_holds_back(
    log: Path, intake: RecordingIntake, until: Until
) -> None:
    log.write_bytes(b"")
    async with Follower(tail(log), intake):
        append(log, b"1\n")
        await until(lambda: len(intake.lines) == 1)
        intake.crowded = True
        await asyncio.sleep(0.02)
        append(log, b"2\n")
        log.unlink()  # only an open descriptor still has it
        log.write_bytes(b"3\n")
        await asyncio.sleep(0.4)
        assert len(intake.lines) == 1
        intake.crowded = False
        await until(lambda: len(intake.lines) == 3)
    assert intake.lines == [b"1", b"2", b"3"]


async def test_a_copy_with_a_higher_number_than_an_older_file(
    log: Path, intake: RecordingIntake, until: Until
) -> None:
    """Not everybody numbers rotated files as logrotate does."""
    log.write_bytes(b"1\n")
    async with Follower(tail(log, "start", quiet=0.01), intake) as follower:
        await until(lambda: len(intake.lines) == 1)
        log.rename(log.with_name("access.log.1"))
        log.write_bytes(b"2\n")
        await until(lambda: len(intake.lines) == 2 and follower.source.status.producers == 1)
        append(log, b"3\n")
        shutil.copy2(log, log.with_name("access.log.2"))
        os.truncate(log, 0)
        append(log, b"4\n")
        await until(lambda: len(intake.lines) == 4)
    assert intake.lines == [b"1", b"2", b"3", b"4"]

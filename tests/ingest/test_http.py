"""Posts: what is answered, and that repeats count once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from dynmap.config import SourceSettings
from dynmap.ingest.http import HttpSource
from dynmap.ingest.idempotency import Answer, Answers
from dynmap.ingest.lines import READ_SIZE
from dynmap.relay.message import Post

from .recording import RecordingIntake

NDJSON = "application/x-ndjson"


@asynccontextmanager
async def taking(intake: RecordingIntake) -> AsyncIterator[HttpSource]:
    source = HttpSource(SourceSettings(kind="http", name="http"))
    running = asyncio.create_task(source.run(intake))
    await asyncio.sleep(0)
    try:
        yield source
    finally:
        source.stop()
        await running


async def test_lines_of_each_kind(intake: RecordingIntake) -> None:
    async with taking(intake) as source:
        bodies = [
            (NDJSON, b'{"ip":"1.2.3.4"}\n{"ip":"1.2.3.5"}'),
            ("text/plain; charset=utf-8", b"1.2.3.6\r\n"),
            ("application/json", b'[{"a":\n 1},\n{"b":2}]'),
            ("application/json", b' {"c":\r\n3} '),
        ]
        for kind, body in bodies:
            answer = await source.post(Post(7, body, kind))
            assert (answer.id, answer.status) == (7, 202)
            assert set(answer.body) == {"received", "located", "unlocated", "rejected", "errors", "durable"}
            assert answer.body["durable"] is False
    assert intake.formats == ["json", None, "json", "json"]
    ips = [b'{"ip":"1.2.3.4"}', b'{"ip":"1.2.3.5"}', b"1.2.3.6\r"]
    assert intake.lines[:3] == ips
    assert [json.loads(line) for line in intake.lines[3:]] == [{"a": 1}, {"b": 2}, {"c": 3}]


@pytest.mark.parametrize("body", [b"", b"{", b"[{},", b'{"a":1} x', b"5", b"nope"])
async def test_what_is_no_document_is_refused_and_not_counted(intake: RecordingIntake, body: bytes) -> None:
    async with taking(intake) as source:
        answer = await source.post(Post(1, body, "application/json"))
    assert answer.status == 400
    assert answer.body["code"] == "bad_json"
    assert "message" in answer.body
    assert intake.lines == []


async def test_another_content_type_is_refused_with_those_that_will_do(intake: RecordingIntake) -> None:
    async with taking(intake) as source:
        answer = await source.post(Post(1, b"a=1", "application/x-www-form-urlencoded"))
    assert answer.status == 415
    assert "application/json" in answer.body["message"]


async def test_a_large_body_goes_in_pieces_and_keeps_its_line_numbers(intake: RecordingIntake) -> None:
    count = 3 * READ_SIZE // 10
    async with taking(intake) as source:
        answer = await source.post(Post(1, b"123456789\n" * count, "text/plain"))
    assert answer.body["received"] == count
    assert len(intake.lines) == count
    assert intake.calls == 3


async def test_a_repeat_gets_the_same_answer_and_counts_once(intake: RecordingIntake) -> None:
    async with taking(intake) as source:
        posts = [Post(number, b"1.2.3.4\n", "text/plain", key="k") for number in range(5)]
        at_once = await asyncio.gather(*(source.post(post) for post in posts))
        later = await source.post(Post(9, b"1.2.3.4\n", "text/plain", key="k"))
    assert len(intake.lines) == 1
    assert [answer.id for answer in [*at_once, later]] == [0, 1, 2, 3, 4, 9]
    assert all(answer.body == later.body for answer in at_once)


async def test_a_refused_post_may_be_repeated_rightly(intake: RecordingIntake) -> None:
    async with taking(intake) as source:
        assert (await source.post(Post(1, b"{", "application/json", key="k"))).status == 400
        assert (await source.post(Post(2, b"{}", "application/json", key="k"))).status == 202


async def test_posts_are_refused_before_the_start_and_after_the_end(intake: RecordingIntake) -> None:
    source = HttpSource(SourceSettings(kind="http", name="http"))
    assert (await source.post(Post(1, b"", "text/plain"))).status == 503
    async with taking(intake) as source:
        pass
    assert (await source.post(Post(1, b"", "text/plain"))).status == 503
    assert source.status.state == "ended"


async def test_the_window_of_keys_is_bounded_in_number_and_age() -> None:
    now = 0.0
    answers = Answers(most=3, age=10.0, now=lambda: now)
    worked: list[str] = []

    async def ask(key: str) -> Answer:
        async def work() -> Answer:
            worked.append(key)
            return Answer(202, {})

        return await answers.once(("http", key), work)

    for key in "abcd":
        await ask(key)
    assert len(answers) == 3
    await ask("d")
    assert worked == ["a", "b", "c", "d"]
    now = 11.0
    await ask("d")
    assert worked[-1] == "d"
    assert len(worked) == 5


async def test_a_post_that_fails_leaves_nothing_behind() -> None:
    answers = Answers()

    async def fail() -> Answer:
        raise RuntimeError("broken")

    async def succeed() -> Answer:
        return Answer(202, {})

    with pytest.raises(RuntimeError, match="broken"):
        await answers.once(("http", "k"), fail)
    assert (await answers.once(("http", "k"), succeed)).status == 202

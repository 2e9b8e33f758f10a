"""Topics from templates, and the bounded list of live ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynmap import topics
from dynmap.config import SourceSettings
from dynmap.pipeline.live import IDLE_MS, LiveTopics
from dynmap.pipeline.pipeline import Pipeline
from dynmap.pipeline.template import TopicError, TopicRule, token

NOW = 1_800_000_000_000
Make = Callable[..., Pipeline]


def rule(topic: str | None) -> TopicRule:
    """The rule of a source with this topic."""
    return TopicRule(SourceSettings.model_validate({"kind": "stdin", "name": "web", "topic": topic}))


@pytest.mark.parametrize(
    ("topic", "values", "name"),
    [
        (None, {}, "web"),
        (None, {"topic": "a.b"}, "a.b"),
        (None, {"topic": None}, "web"),
        ("fixed.one", {"topic": "a.b"}, "fixed.one"),
        ("email.{event}", {"event": "open"}, "email.open"),
        ("email.{event}.{campaign}", {"event": "", "campaign": None}, "email.-.-"),
        ("{a}-{a}", {"a": "x.y"}, "x-y-x-y"),
        ("a.{v}", {"v": True}, "a.true"),
        ("a.{v}", {"v": 1.5}, "a.1-5"),
        ("a.{v}", {"v": "é"}, "a.--"),
        ("a.{v}", {"v": "x" * 100}, "a." + "x" * 64),
        ("a.{v}", {"v": {"nested": 1}}, "a.-"),
    ],
)
def test_a_rule_names_events(topic: str | None, values: dict[str, object], name: str) -> None:
    assert rule(topic).name(values) == name


@pytest.mark.parametrize(
    ("topic", "values"),
    [
        (None, {"topic": 5}),
        (None, {"topic": ""}),
        (None, {"topic": "a b"}),
        (None, {"topic": "1.2.3.4"}),
        (None, {"topic": "x" * 200}),
        ("a.{v}", {"v": "1.2.3.4"}),
        ("a.{v}", {"v": "2001:db8::1"}),
        ("a.{v}", {"v": "/lookup/8.8.8.8"}),
        ("a.{v}", {"v": "x" * 60 + "1.2.3.4"}),
        ("{a}.{b}.{c}.{d}", {"a": "1", "b": "2", "c": "3", "d": "4"}),
    ],
)
def test_a_topic_that_can_not_be_used_is_refused_without_naming_it(
    topic: str | None, values: dict[str, object]
) -> None:
    with pytest.raises(TopicError) as caught:
        rule(topic).name(values)
    for value in values.values():
        if value and len(str(value)) > 1:
            assert str(value) not in str(caught.value)


@given(st.one_of(st.text(), st.integers(), st.floats(), st.booleans(), st.none()))
def test_a_token_is_always_one(value: object) -> None:
    made = token(value)
    assert topics.problem_with(made) in (None, "topic looks like an IP address")
    assert "." not in made
    assert 1 <= len(made) <= 64


def take(pipeline: Pipeline, lines: bytes, now: int = NOW) -> Any:
    """Take lines in and flush."""
    pipeline.take_in(np.frombuffer(lines, np.uint8), now, pipeline.decoder())
    return pipeline.flush()


def test_fields_of_access_logs(make: Make) -> None:
    line = (
        b'www.x.org:80 1.2.3.4 - ann [17/May/2015:10:05:03 +0000] "GET /a/b.png?c=d HTTP/1.1" '
        b'200 23 "http://r/" "A \\"q\\" B"\n'
    )
    for field, value in {
        "method": "GET",
        "path": "-a-b-png",
        "protocol": "HTTP-1-1",
        "status": "200",
        "bytes": "23",
        "referer": "http---r-",
        "agent": "A---q---B",
        "user": "ann",
        "host": "www-x-org",
    }.items():
        for name in ("combined", "auto"):
            rollup = take(make(format=name, topic=f"t.{{{field}}}"), line)
            assert rollup.topics == [f"t.{value}"], field


def test_fields_that_an_access_log_lacks(make: Make) -> None:
    line = b'1.2.3.4 - - [17/May/2015:10:05:03 +0000] "-" 400 - "-" "-"\n'
    topic = "{method}.{path}.{protocol}.{bytes}.{referer}.{agent}.{user}.{host}"
    assert take(make(format="combined", topic=topic), line).topics == ["-.-.-.-.-.-.-.-"]


def test_a_template_value_with_an_address_is_rejected_every_time(make: Make) -> None:
    line = b'1.2.3.4 - - [17/May/2015:10:05:03 +0000] "GET /8.8.8.8 HTTP/1.1" 200 1\n'
    pipeline = make(format="combined", topic="t.{path}")
    for _ in range(2):
        rollup = take(pipeline, line * 3)
        assert rollup.rejected == 3
        assert rollup.reasons == {"a field of the topic template holds an IP address": 3}
        assert "8.8.8.8" not in str(rollup)


def test_many_values_are_met_again_after_the_table_of_hashes_was_emptied(make: Make) -> None:
    pipeline = make(LiveTopics(most=8), format="json", topic="t.{v}")
    for start in range(0, 40_000, 10_000):
        lines = "".join(f'{{"ip":"1.2.3.4","v":{n}}}\n' for n in range(start, start + 10_000)).encode()
        rollup = take(pipeline, lines)
        assert rollup.located == 10_000
    assert rollup.topics == ["t.other"]
    assert take(pipeline, b'{"ip":"1.2.3.4","v":0}\n').topics == ["t.0"]


def test_idle_topics_make_room() -> None:
    live = LiveTopics(most=2)
    assert [live.admit(name, "web", NOW) for name in ("a", "b", "c.d", "e")] == [
        "a",
        "b",
        "c.other",
        "web.other",
    ]
    live.seen(["a"], NOW + IDLE_MS - 1)
    before = live.generation
    live.seen([], NOW + IDLE_MS + 20_000)
    assert live.generation != before
    assert live.admit("f", "web", NOW + IDLE_MS + 20_000) == "f"
    assert live.admit("g", "web", NOW + IDLE_MS + 20_000) == "web.other"
    assert len(live.notices()) == 1


def test_a_pipeline_asks_again_when_topics_have_left(make: Make) -> None:
    live = LiveTopics(most=2)
    pipeline, other = make(live, format="json"), make(live, format="json", name="other")
    line = b'{"ip":"1.2.3.4","topic":"x.y"}\n'
    take(pipeline, line.replace(b"x.y", b"a") + line.replace(b"x.y", b"b"))
    assert take(pipeline, line).topics == ["x.other"]
    for step in range(1, 4):
        later = NOW + step * IDLE_MS
        take(other, line.replace(b"x.y", b"b"), later)
        last = take(pipeline, line, later)
    assert last.topics == ["x.y"]


def test_there_are_at_most_64_others() -> None:
    live = LiveTopics(most=1)
    live.admit("a", "web", NOW)
    names = {live.admit(f"p{n}.x", "web", NOW) for n in range(200)}
    assert len(names) == 65
    assert "web.other" in names

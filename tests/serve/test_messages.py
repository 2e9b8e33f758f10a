"""A viewer's messages: read as documented, else refused with a code, whatever they are."""

from __future__ import annotations

import contextlib
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynmap.errors import SubscriptionError
from dynmap.serve import messages
from dynmap.serve.area import Area
from dynmap.serve.messages import Ack, GoLive, Pause, Play, Seek, StepOn, Subscribe


def ask(text: str) -> None:
    request = messages.parse(text)
    if isinstance(request, Subscribe):
        request.patterns()
        request.area()
        request.steps()


def test_a_subscription_with_everything() -> None:
    request = messages.parse(
        '{"type":"subscribe","id":255,"topics":["b.>","a.*"],"tiles":[[2,1,3],[1,0,0]],"rest":true,"since":"c.1",'
        '"every":1000,"window":30.5}'
    )
    assert request == Subscribe(
        id=255,
        topics=["b.>", "a.*"],
        tiles=[(2, 1, 3), (1, 0, 0)],
        rest=True,
        since="c.1",
        every=1000,
        window=30.5,
    )
    assert isinstance(request, Subscribe)
    assert request.patterns() == ("a.*", "b.>")
    assert request.area() == Area(((1, 0, 0), (2, 1, 3)), rest=True)
    assert request.steps() == 4


def test_a_subscription_with_nothing_is_the_whole_world() -> None:
    request = messages.parse('{"type":"subscribe"}')
    assert isinstance(request, Subscribe)
    assert (request.patterns(), request.area(), request.steps()) == ((">",), Area(), 1)
    assert (request.since, request.window) == (None, 0)
    assert Subscribe(topics=["web.>", ">"]).patterns() == (">",)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"type":"ack","cursor":"c"}', Ack("c")),
        (
            '{"type":"play","from":1,"to":null,"speed":60,"loop":true}',
            Play(1, speed=60, loop=True),
        ),
        ('{"type":"seek","to":5}', Seek(5)),
        ('{"type":"pause"}', Pause()),
        ('{"type":"step"}', StepOn()),
        ('{"type":"live","unknown":"fields are ignored"}', GoLive()),
    ],
)
def test_the_other_requests(text: str, expected: Any) -> None:
    assert messages.parse(text) == expected


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "bad_json"),
        ("{", "bad_json"),
        ("[" * 100_000, "bad_message"),
        ("[]", "bad_message"),
        ("{}", "bad_message"),
        ('{"type":5}', "bad_message"),
        ('{"type":"dance"}', "unknown_type"),
        ('{"type":"subscribe","id":256}', "bad_message"),
        ('{"type":"subscribe","id":-1}', "bad_message"),
        ('{"type":"subscribe","id":"7"}', "bad_message"),
        ('{"type":"subscribe","window":-1}', "bad_message"),
        ('{"type":"subscribe","window":1e999}', "bad_message"),
        ('{"type":"subscribe","since":7}', "bad_message"),
        ('{"type":"subscribe","topics":">"}', "bad_message"),
        ('{"type":"subscribe","topics":[]}', "bad_topics"),
        ('{"type":"subscribe","topics":["a..b"]}', "bad_topics"),
        ('{"type":"subscribe","topics":[">.a"]}', "bad_topics"),
        ('{"type":"subscribe","topics":["a b"]}', "bad_topics"),
        ('{"type":"subscribe","topics":[""]}', "bad_topics"),
        (msgspec.json.encode({"type": "subscribe", "topics": ["a"] * 65}).decode(), "bad_topics"),
        (msgspec.json.encode({"type": "subscribe", "topics": ["a" * 200]}).decode(), "bad_topics"),
        ('{"type":"subscribe","tiles":[]}', "bad_tiles"),
        ('{"type":"subscribe","tiles":[[0,0]]}', "bad_message"),
        ('{"type":"subscribe","tiles":[[0,0,1]]}', "bad_tiles"),
        ('{"type":"subscribe","tiles":[[99,0,0]]}', "bad_tiles"),
        ('{"type":"subscribe","tiles":[[-1,0,0]]}', "bad_tiles"),
        ('{"type":"subscribe","tiles":[[1,0,0],[1,0,0]]}', "bad_tiles"),
        ('{"type":"subscribe","tiles":[[1,0,0],[3,1,1]]}', "bad_tiles"),
        (
            msgspec.json.encode({"type": "subscribe", "tiles": [[7, x, 0] for x in range(65)]}).decode(),
            "bad_tiles",
        ),
        ('{"type":"subscribe","every":0}', "bad_message"),
        ('{"type":"subscribe","every":300}', "bad_message"),
        ('{"type":"subscribe","every":10250}', "bad_message"),
        ('{"type":"ack"}', "bad_message"),
        ('{"type":"play"}', "bad_message"),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_code(text: str, code: str) -> None:
    with pytest.raises(SubscriptionError) as caught:
        ask(text)
    assert caught.value.code == code
    assert caught.value.what


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=10,
)
kinds = st.sampled_from(["subscribe", "ack", "play", "seek", "pause", "step", "live", "?"])
fields = st.dictionaries(
    st.sampled_from(
        ["id", "topics", "tiles", "rest", "since", "every", "window", "cursor", "from", "to", "speed"]
    ),
    values,
)


@given(st.one_of(st.text(max_size=50), values.map(lambda value: msgspec.json.encode(value).decode())))
def test_no_text_is_too_strange(text: str) -> None:
    with contextlib.suppress(SubscriptionError):
        ask(text)


@given(kinds, fields)
def test_no_field_is_too_strange(kind: str, given_fields: dict[str, Any]) -> None:
    text = msgspec.json.encode({"type": kind, **given_fields}).decode()
    with contextlib.suppress(SubscriptionError):
        ask(text)

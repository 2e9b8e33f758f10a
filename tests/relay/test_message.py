"""Messages: what is encoded is decoded, and what doesn't hang together is refused."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynmap.errors import MessageError
from dynmap.frame import merge
from dynmap.relay import message
from dynmap.relay.message import (
    Ack,
    BatchMessage,
    Drained,
    Message,
    Position,
    Positions,
    Post,
    PostAnswer,
    Rejection,
    SourceStatus,
    Status,
)

columns = st.lists(
    st.tuples(
        st.integers(0, 2), st.integers(0, 3), *[st.integers(0, 2**32 - 1)] * 2, st.integers(1, 2**32 - 1)
    ),
    max_size=20,
)


def batch_of(rows: list[tuple[int, int, int, int, int]], **changed: Any) -> BatchMessage:
    tick, topic, x, y, count = np.array(rows, np.uint64).reshape(-1, 5).T
    fields: dict[str, Any] = {
        "source": "web",
        "producer": "log",
        "generation": 0,
        "first": 0,
        "last": 10,
        "arrival": 1_700_000_000_000,
        "topics": ["a", "b.c", "d", "e"],
        "ticks": [1_700_000_000_000, 1_700_000_000_250, 0],
        **BatchMessage.columns(
            tick.astype(np.uint16),
            topic.astype(np.uint16),
            x.astype(np.uint32),
            y.astype(np.uint32),
            count.astype(np.uint32),
        ),
        "located": sum(row[4] for row in rows),
        "unlocated": {1: 5},
        "rejected": 2,
        "reasons": {"no address": 2},
        "examples": [Rejection("no address", "x.x.x.x")],
    }
    return BatchMessage(**{**fields, **changed})


@given(columns)
def test_a_batch_survives_the_way(rows: list[tuple[int, int, int, int, int]]) -> None:
    batch = batch_of(rows)
    received = message.decode(message.encode(batch))
    assert received == batch
    assert isinstance(received, BatchMessage)
    assert received.received == batch.located + 7
    frames = received.frames()
    assert sum(frame.total for frame in frames) == batch.located
    assert [frame.tick for frame in frames] == sorted({batch.ticks[row[0]] for row in rows})
    if frames:
        assert merge(frames).total == batch.located


@pytest.mark.parametrize(
    "sent",
    [
        Positions([Position("log", 3, 10, {"offset": 7})]),
        Ack("log", 3, 10),
        Status("ready", "", 1.0, [SourceStatus("web", "tail", "json", "open")], ["said once"], {"bits": 20}),
        Post(1, b"\xff\0", "text/plain", key="k"),
        PostAnswer(1, 202, {"received": 1, "errors": []}),
        Drained(),
    ],
)
def test_every_message_survives_the_way(sent: Message) -> None:
    assert message.decode(message.encode(sent)) == sent


ROW = [(0, 0, 1 << 31, 1 << 31, 5)]


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"x": b""}, "columns differ in length"),
        ({"count": b"\1\2\3"}, "not whole"),
        ({"ticks": []}, "names a tick or topic"),
        ({"ticks": [2**64 - 1]}, "not whole"),
        ({"topics": []}, "names a tick or topic"),
        ({"located": 4}, "says 4 located, but its rows sum to 5"),
    ],
)
def test_a_batch_that_does_not_hang_together_is_refused(changed: dict[str, Any], why: str) -> None:
    with pytest.raises(MessageError, match=why):
        batch_of(ROW, **changed).rows()


@pytest.mark.parametrize("topic", [-1, 4])
def test_unlocated_events_need_a_topic(topic: int) -> None:
    with pytest.raises(MessageError, match="unlocated"):
        batch_of(ROW, unlocated={topic: 1}).check_unlocated()


@given(st.binary(max_size=200))
def test_bytes_that_are_no_message_are_refused(data: bytes) -> None:
    with pytest.raises(MessageError):
        message.decode(data)


anything = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 2**40) | st.text(max_size=5) | st.binary(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=10,
)


@given(
    st.sampled_from(["batch", "positions", "ack", "status", "post", "answer", "drained", "?"]),
    anything,
    st.data(),
)
def test_a_damaged_message_is_refused_or_read_as_what_it_says(
    kind: str, value: Any, data: st.DataObject
) -> None:
    good = msgspec.to_builtins(batch_of(ROW), builtin_types=(bytes,))
    field = data.draw(st.sampled_from(sorted(good)))
    damaged = msgspec.msgpack.encode({**good, "type": kind, field: value})
    try:
        received = message.decode(damaged)
        if isinstance(received, BatchMessage):
            received.rows()
            received.check_unlocated()
    except MessageError:
        pass

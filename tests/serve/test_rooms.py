"""Rooms: patterns as `topics.matches` has them, each frame encoded once, nothing kept for nobody."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from dynmap import topics, wire
from dynmap.serve.interest import compiled

BERLIN = (52.52, 13.40)

tokens = st.sampled_from(["a", "b", "a-b", "x_1", "A"])
names = st.lists(tokens, min_size=1, max_size=4).map(".".join)
patterns = st.builds(
    lambda head, last: ".".join([*head, last]),
    st.lists(tokens | st.just("*"), max_size=3),
    tokens | st.sampled_from("*>"),
)


@given(st.lists(patterns, min_size=1, max_size=5), names)
def test_compiled_patterns_match_what_patterns_match(wanted: list[str], name: str) -> None:
    assert all(topics.problem_with_pattern(pattern) is None for pattern in wanted)
    found = compiled(tuple(wanted))(name) is not None
    assert found == any(topics.matches(pattern, name) for pattern in wanted)


async def test_a_frame_is_encoded_once_however_many_watch(
    serving: Any, ingest: Any, monkeypatch: Any
) -> None:
    encoded = []
    encode = wire.encode

    def counting(*args: Any, **named: Any) -> list[bytes]:
        encoded.append(args)
        return encode(*args, **named)

    monkeypatch.setattr(wire, "encode", counting)
    async with serving.viewer() as first, serving.viewer() as second, serving.viewer() as third:
        for number, viewer in enumerate((first, second, third)):
            await viewer.subscribe(id=number, topics=["web.>"])
            await viewer.until_type("mark")
        await ingest.send([("web.ok", *BERLIN, 3), ("mail.in", *BERLIN, 5)])
        for number, viewer in enumerate((first, second, third)):
            await viewer.until(lambda viewer=viewer: viewer.located == 3)
            assert [frame.subscription for frame in viewer.frames] == [number]
        assert len(serving.live.rooms) == 1
    assert len(encoded) == 1


async def test_rooms_that_nobody_watches_are_gone(serving: Any, ingest: Any) -> None:
    async with serving.viewer() as viewer:
        for pattern in ("a", "b", "c"):
            await viewer.subscribe(topics=[pattern])
            await viewer.until_type("subscribed")
            assert len(serving.live.rooms) == 1
        assert (await serving.stats())["rooms"] == 1
        # A subscription that is refused leaves the one before as it was.
        await viewer.subscribe(topics=["bad..pattern"])
        await viewer.until_type("error")
        assert len(serving.live.rooms) == 1
    for _ in range(100):
        if not serving.live.viewers:
            break
        await serving.http.get("/healthz")
    assert (len(serving.live.rooms), len(serving.live.viewers)) == (0, 0)

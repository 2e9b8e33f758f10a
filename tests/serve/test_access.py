"""What a viewer may see."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynmap import topics
from dynmap.serve.access import WHOLE, Access, overlap

tokens = st.sampled_from(["a", "b", "c"])
names = st.lists(tokens, min_size=1, max_size=4).map(".".join)
patterns = st.builds(
    lambda head, last: ".".join([*head, last]),
    st.lists(tokens | st.just("*"), max_size=3),
    tokens | st.sampled_from("*>"),
)


@given(patterns, patterns, names)
def test_patterns_that_share_a_topic_overlap(one: str, other: str, name: str) -> None:
    assert overlap(one, other) == overlap(other, one)
    if topics.matches(one, name) and topics.matches(other, name):
        assert overlap(one, other)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (">", "a", True),
        ("a.>", "a", False),
        ("a.>", "*.b", True),
        ("a.*", "a.b.c", False),
        ("a.*.c", "a.b.>", True),
        ("a.b", "a.c", False),
        ("*", "*", True),
    ],
)
def test_overlaps(one: str, other: str, expected: bool) -> None:
    assert overlap(one, other) is expected


def test_who_may_see_all_sees_all() -> None:
    assert WHOLE.is_whole
    assert WHOLE.shows("a.b.c")
    assert WHOLE.meets("x.*")


@given(st.lists(patterns, min_size=1, max_size=3), names)
def test_a_topic_is_shown_when_a_pattern_has_it(given_patterns: list[str], name: str) -> None:
    access = Access(tuple(sorted(set(given_patterns))))
    assert access.shows(name) == any(topics.matches(pattern, name) for pattern in given_patterns)
    if access.shows(name):
        assert access.meets(name)

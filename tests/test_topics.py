"""Names of topics, patterns over them, and numbers for them."""

from __future__ import annotations

import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynmap import topics
from dynmap.topics import (
    TopicNumbers,
    looks_like_address,
    matches,
    parent_of,
    problem_with,
    problem_with_pattern,
)

TOKENS = st.text("abcdefghijklmnopqrstuvwxyzGHIJKLMNOPQRSTUVWXYZ_-", min_size=1, max_size=8)
NAMES = st.lists(TOKENS, min_size=1, max_size=8).map(".".join)


@pytest.mark.parametrize(
    "name", ["web", "a.b.c", "email.open.2026-11-23", "A_b-9", "v1.2", "x" * 128, ".".join("a" * 16)]
)
def test_good_names(name: str) -> None:
    assert problem_with(name) is None


@pytest.mark.parametrize(
    "name",
    ["", ".", "a.", ".a", "a..b", "a b", "é", "a\n", "a*", ">", "x" * 129, ".".join("a" * 17), "1.2.3.4"],
)
def test_bad_names_are_told_without_the_name(name: str) -> None:
    problem = problem_with(name)
    assert problem
    assert len(name) < 2 or name not in problem


@given(
    st.ip_addresses(v=4),
    st.sampled_from("._-"),
    st.sampled_from(["", "x", "user-", "a."]),
    st.sampled_from(["", "-x", ".b"]),
)
def test_ipv4_addresses_are_seen(address: object, between: str, before: str, after: str) -> None:
    assert looks_like_address(before + str(address).replace(".", between) + after)


@given(
    st.ip_addresses(v=6, network="2000::/3"),
    st.sampled_from(":-_"),
    st.booleans(),
    st.sampled_from(["", "user.", "a_"]),
)
def test_ipv6_addresses_are_seen(address: object, between: str, exploded: bool, before: str) -> None:
    text = str(getattr(address, "exploded") if exploded else address)  # noqa: B009
    assert looks_like_address(before + text.replace(":", between))


@pytest.mark.parametrize(
    "text", ["a--b", "web.-a--b-c", "x.200", "v1.2.3", "2026-11-23", "cafe", "user_id", "add--on"]
)
def test_what_is_no_address_is_not_taken_for_one(text: str) -> None:
    assert not looks_like_address(text)


@given(NAMES, st.data())
def test_patterns_match_like_nats_subjects(name: str, data: st.DataObject) -> None:
    tokens = name.split(".")
    pattern = [data.draw(st.sampled_from([token, "*"])) for token in tokens]
    assert matches(".".join(pattern), name)
    cut = data.draw(st.integers(0, len(tokens) - 1))
    assert matches(".".join([*pattern[:cut], ">"]), name)
    assert not matches(".".join([*pattern, ">"]), name)
    assert not matches(".".join([*pattern, "*"]), name)
    assert not matches(".".join(["other.", *pattern[1:]]), name)
    assert problem_with_pattern(".".join(pattern)) is None


@pytest.mark.parametrize(
    "pattern", ["", ">.a", "a.>.b", "a.*b", "a b", "a..b", "x" * 129, ".".join("*" * 17)]
)
def test_what_is_no_pattern(pattern: str) -> None:
    assert problem_with_pattern(pattern)


@given(NAMES)
def test_parents_end_at_the_root(name: str) -> None:
    seen = [name]
    while parent_of(seen[-1]) != seen[-1]:
        seen.append(parent_of(seen[-1]))
    assert len(seen) == name.count(".") + 1
    assert all(
        re.fullmatch(re.escape(upper) + r"\.[^.]+", lower) for lower, upper in itertools.pairwise(seen)
    )


def test_numbers_count_up_and_are_bounded() -> None:
    numbers = TopicNumbers(2)
    assert [numbers.number(name) for name in ("a", "b", "a", "c")] == [0, 1, 0, None]
    assert (list(numbers), len(numbers), numbers.name(1)) == (["a", "b"], 2, "b")
    with pytest.raises(IndexError):
        numbers.name(2)
    assert topics.MAX_LIVE == 4096

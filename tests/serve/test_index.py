"""Topic numbers: bounded, never reused, each with a parent."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dynmap.serve.index import TopicIndex
from dynmap.topics import parent_of

names = st.lists(st.sampled_from("abc"), min_size=1, max_size=4).map(".".join)


@given(st.lists(names, max_size=30))
def test_a_name_keeps_its_number_and_has_its_parents(wanted: list[str]) -> None:
    index = TopicIndex()
    numbers = [index.number(name) for name in wanted]
    assert [index.number(name) for name in wanted] == numbers
    for name, number in zip(wanted, numbers, strict=True):
        assert index.names[number] == name
        assert index.names[index.parents[number]] == parent_of(name)
    assert len(set(index.names)) == len(index.names)
    assert not index.folded


def test_an_endless_list_of_topics_is_folded() -> None:
    index = TopicIndex(200)
    numbers = [index.number(f"shop.item{n}") for n in range(10_000)]
    assert len(index) <= 200
    assert index.folded
    assert index.names[numbers[-1]] == "shop.other"
    assert index.names[index.parents[numbers[-1]]] == "shop"
    assert index.number("shop.item3") == numbers[3]


def test_endless_first_tokens_end_in_other() -> None:
    index = TopicIndex(200)
    numbers = [index.number(f"name{n}.x") for n in range(10_000)]
    assert len(index) == 200
    assert numbers[-1] == index.other
    assert index.names[index.other] == "other"
    folds = [name for name in index.names if name.endswith(".other")]
    assert 64 <= len(folds) <= 65


def test_a_topic_may_be_called_other() -> None:
    index = TopicIndex()
    assert index.number("other") == index.other
    assert index.parents[index.number("other.kind")] == index.other

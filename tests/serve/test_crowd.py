"""What an address may take, without ever being remembered."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynmap.config import LimitSettings
from dynmap.serve.crowd import Crowd
from dynmap.serve.refusal import RequestError

LIMITS = LimitSettings(connections_per_address=3, failures_per_address=2)


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def is_full(crowd: Crowd, client: str | None) -> bool:
    try:
        with crowd.connection(client):
            return False
    except RequestError as error:
        return (error.status, error.code) == (429, "too_many_connections")


@given(st.lists(st.tuples(st.sampled_from(["a", "b", "leave"]), st.integers(0, 9)), max_size=60))
def test_connections_are_counted_by_address(moves: list[tuple[str, int]]) -> None:
    crowd, open_ones = Crowd(LIMITS), dict[str, list[contextlib.ExitStack]](a=[], b=[])
    clients = {"a": "192.0.2.1", "b": "2001:db8::1"}
    for move, number in moves:
        if move == "leave":
            those = [stack for stacks in open_ones.values() for stack in stacks]
            if those:
                stack = those[number % len(those)]
                stack.close()
                for stacks in open_ones.values():
                    if stack in stacks:
                        stacks.remove(stack)
            continue
        stack = contextlib.ExitStack()
        with contextlib.suppress(RequestError):
            stack.enter_context(crowd.connection(clients[move]))
            open_ones[move].append(stack)
        for name, stacks in open_ones.items():
            assert len(stacks) <= 3
            assert is_full(crowd, clients[name]) == (len(stacks) == 3)
    for stacks in open_ones.values():
        for stack in stacks:
            stack.close()
    assert not crowd._connected


@pytest.mark.parametrize("client", [None, "127.0.0.1", "127.8.9.1", "::1", "::ffff:127.0.0.1"])
def test_this_machine_is_not_counted(client: str | None) -> None:
    crowd = Crowd(LIMITS)
    with contextlib.ExitStack() as stack:
        for _ in range(9):
            stack.enter_context(crowd.connection(client))
            crowd.failed(client)
            crowd.check(client)
        assert not crowd._connected
        assert not crowd._failed


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:3:4:5:6", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("192.0.2.1", "192.0.2.2", False),
        ("192.0.2.1", "::ffff:192.0.2.1", True),
        ("unknown", "what a proxy wrote", True),
    ],
)
def test_who_is_the_same(one: str, other: str, same: bool) -> None:
    crowd = Crowd(LIMITS)
    with contextlib.ExitStack() as stack:
        for _ in range(3):
            stack.enter_context(crowd.connection(one))
        assert is_full(crowd, other) is same


def test_wrong_tokens_are_forgotten_after_a_minute() -> None:
    clock = Clock()
    crowd = Crowd(LIMITS, clock)
    for _ in range(2):
        crowd.check("192.0.2.1")
        crowd.failed("192.0.2.1")
    crowd.check("192.0.2.2")
    clock.now += 20
    with pytest.raises(RequestError) as caught:
        crowd.check("192.0.2.1")
    assert (caught.value.status, caught.value.code) == (429, "too_many_failures")
    assert caught.value.headers["Retry-After"] == "41"
    clock.now += 41
    crowd.check("192.0.2.1")
    assert not crowd._failed


def test_many_addresses_take_bounded_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dynmap.serve.crowd._MOST_FAILED", 10)
    crowd = Crowd(LIMITS)
    for number in range(100):
        crowd.failed(f"198.51.100.{number}")
    assert len(crowd._failed) == 10
    crowd.failed("198.51.100.0")
    with pytest.raises(RequestError):
        crowd.check("198.51.100.0")

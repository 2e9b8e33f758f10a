"""Topics: names, patterns over them, and a table that stays bounded. No I/O."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

MAX_LIVE: Final = 4096
"""Live topics; what comes past that goes to `<prefix>.other`."""

MAX_LENGTH: Final = 128
"""Bytes of a topic's name."""

MAX_TOKENS: Final = 16

_NAME = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")
_FOUR_NUMBERS = re.compile(
    r"(?<![0-9])(25[0-5]|2[0-4]\d|1?\d?\d)([._-](25[0-5]|2[0-4]\d|1?\d?\d)){3}(?![0-9])"
)
_HEX_GROUPS = re.compile(r"(?<![0-9A-Za-z])[0-9a-f]{1,4}([_:-]{1,2}[0-9a-f]{1,4}){3,7}(?![0-9A-Za-z])", re.I)
_COMPRESSED = re.compile(r"(?<![0-9A-Za-z])([0-9a-f]{1,4}:)+:|::[0-9a-f]{1,4}", re.I)
_COMPRESSED_REPLACED = re.compile(  # of addresses in use, which begin with 2, 3 or f: `a--b` is no address
    r"(?<![0-9A-Za-z])[23f][0-9a-f]{3}([_-][0-9a-f]{1,4}){0,6}(--|__)([0-9a-f]{1,4}([_-][0-9a-f]{1,4}){0,6})?(?![0-9A-Za-z])",
    re.I,
)
_WHOLE_HEX = re.compile(r"(?<![0-9A-Za-z])[0-9a-f]{32}(?![0-9A-Za-z])", re.I)
_ADDRESSES = (_FOUR_NUMBERS, _HEX_GROUPS, _COMPRESSED, _COMPRESSED_REPLACED, _WHOLE_HEX)


def problem_with(name: str) -> str | None:
    """Why a name can't be a topic, as a few words without the name itself, or None when it can."""
    if not name:
        return "topic is empty"
    if len(name) > MAX_LENGTH:
        return f"topic is longer than {MAX_LENGTH} bytes"
    if not _NAME.fullmatch(name):
        return "topic is not tokens of [A-Za-z0-9_-] joined by dots"
    if name.count(".") >= MAX_TOKENS:
        return f"topic has more than {MAX_TOKENS} tokens"
    if looks_like_address(name):
        return "topic looks like an IP address"
    return None


def looks_like_address(text: str) -> bool:
    """Whether a text holds what could be an IP address, also one with its dots or colons replaced.

    Errs on the side of yes: an address must never become a topic (promise 4).
    """
    return any(pattern.search(text) is not None for pattern in _ADDRESSES)


def parent_of(name: str) -> str:
    """The topic one level up, or the name itself at the root."""
    return name.rpartition(".")[0] or name


def matches(pattern: str, name: str) -> bool:
    """Whether a topic is within a pattern: NATS subjects, `*` for one token and a last `>` for one or more."""
    wanted, tokens = pattern.split("."), name.split(".")
    for position, token in enumerate(wanted):
        if token == ">":
            return len(tokens) > position
        if position >= len(tokens) or token not in ("*", tokens[position]):
            return False
    return len(tokens) == len(wanted)


def problem_with_pattern(pattern: str) -> str | None:
    """Why a text is no topic pattern, or None when it is one."""
    tokens = pattern.split(".")
    if len(pattern) > MAX_LENGTH or len(tokens) > MAX_TOKENS:
        return "pattern is too long"
    for position, token in enumerate(tokens):
        last = position == len(tokens) - 1
        if not (token == "*" or (token == ">" and last) or _NAME.fullmatch(token)):
            return "pattern is not tokens of [A-Za-z0-9_-], '*' or a last '>' joined by dots"
    return None


class TopicNumbers:
    """Names to numbers and back: numbers count up from 0 and are never used for another name.

    Holds at most `most` names; `number` answers None for a new one past that.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._numbers: dict[str, int] = {}
        self._names: list[str] = []

    def __len__(self) -> int:
        return len(self._names)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def name(self, number: int) -> str:
        """The name of a number. Raises IndexError for one never given."""
        return self._names[number]

    def number(self, name: str) -> int | None:
        """The number of a name, given now if it is new; None when the table is full."""
        number = self._numbers.get(name)
        if number is None and len(self._names) < self._most:
            number = self._numbers[name] = len(self._names)
            self._names.append(name)
        return number

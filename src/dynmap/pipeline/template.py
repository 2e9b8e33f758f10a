"""Topics of events: the event's own, a fixed one, or a template with fields such as `email.{event}.{campaign}`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from dynmap.config import SourceSettings
from dynmap.errors import SettingsError
from dynmap.topics import looks_like_address, problem_with

MAX_VALUE: Final = 64
"""Bytes of a token that a field's value becomes."""

MISSING: Final = "-"
"""The token for a field that the event lacks."""

_FIELD = re.compile(r"\{([^{}]+)\}")
_NOT_TOKEN = re.compile(r"[^A-Za-z0-9_-]")


class TopicError(ValueError):
    """An event's topic can't be used. The message says why, without the topic, and is one of a fixed few."""


class TopicRule:
    """How a source's events get their topics.

    `fields` are the names of the values that `name` wants: none for a fixed topic, `topic` for the event's own.
    Raises SettingsError for a template that can never make a good topic.
    """

    def __init__(self, source: SourceSettings) -> None:
        where = f"source {source.name}"
        problem = problem_with(source.name)
        if problem:
            raise SettingsError(
                f"the name of a source is a topic, but {problem}", where=where, hint="name=web, for example"
            )
        self._own = source.topic is None
        self.default = source.name
        self._pieces = _FIELD.split(source.topic or "")
        self.fields: tuple[str, ...] = ("topic",) if self._own else tuple(dict.fromkeys(self._pieces[1::2]))
        if not self._own:
            if any(brace in text for text in self._pieces[::2] for brace in "{}"):
                raise SettingsError(
                    f"the topic template {source.topic!r} has a brace without its partner", where=where
                )
            problem = problem_with(self._filled(dict.fromkeys(self.fields, "x")))
            if problem:
                raise SettingsError(
                    f"the topic template {source.topic!r} makes no topic: {problem}", where=where
                )
            if not self.fields:
                self.default = self._pieces[0]

    def name(self, values: Mapping[str, object]) -> str:
        """The topic of an event with these values (None or absent: it lacks the field). Raises TopicError."""
        if self._own:
            own = values.get("topic")
            if own is None:
                return self.default
            if not isinstance(own, str):
                raise TopicError("topic is not a text")
            name = own
        else:
            if any(
                looks_like_address(text)
                for field in self.fields
                if isinstance(text := values.get(field), str)
            ):
                raise TopicError("a field of the topic template holds an IP address")
            name = self._filled({field: token(values.get(field)) for field in self.fields})
        problem = problem_with(name)
        if problem:
            raise TopicError(problem)
        return name

    def _filled(self, tokens: Mapping[str, str]) -> str:
        return "".join(tokens[piece] if place % 2 else piece for place, piece in enumerate(self._pieces))


def token(value: object) -> str:
    """One token of a topic for a value: at most 64 of `[A-Za-z0-9_-]`, every other byte becomes `-`."""
    if value is None or value == "" or isinstance(value, dict | list):
        return MISSING
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value).encode("utf-8", "replace")[:MAX_VALUE].decode("latin-1")
    return _NOT_TOKEN.sub("-", text)

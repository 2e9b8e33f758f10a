"""Settings, validated. Where they come from, and which of them wins, is `dynmap.layers`.

Free of numpy: the supervising process reads settings and stays small.
"""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from dynmap import topics

Kind = Literal["tail", "exec", "stdin", "tcp", "http", "demo"]

TCP_ADDRESS: Final = "127.0.0.1:4242"
"""Where addresses have been sent since 2013."""

_NEEDS: Final[dict[str, str]] = {"tail": "path", "exec": "command", "tcp": "address"}
_OWN_KEYS: Final = {
    "path": ("tail",),
    "from": ("tail",),
    "command": ("exec",),
    "address": ("tcp",),
    "rate": ("demo",),
}
"""Keys that only some kinds of source have; all have the others."""


class SourceSettings(BaseModel):
    """One source of events: `[[source]]` in the settings file, `--tail FILE,key=value` on the command line.

    Which of path, command and address is needed depends on `kind`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, validate_by_name=True, validate_by_alias=True)

    kind: Kind
    name: str
    """One topic token, unique; also the topic of events that name none."""
    path: Path | None = None
    command: str | None = None
    address: str | None = None
    """host:port"""
    format: Literal["auto", "ip", "combined", "common", "json", "regex"] = "auto"
    pattern: str | None = None
    """Regular expression with named groups, for `format = "regex"`."""
    topic: str | None = None
    """A topic or a template with {fields}, such as `email.{event}.{campaign}`; else the event's own, else `name`."""
    precision: Annotated[int, Field(ge=1, le=24)] = 20
    """Bits of the cells that events are put into."""
    time: Literal["arrival", "event"] = "arrival"
    start: Annotated[Literal["now", "start"], Field(alias="from")] = "now"
    """Where a tail begins."""
    rate: Annotated[float, Field(gt=0, le=1_000_000)] = 800.0
    """Events a second of the synthetic world (`kind = "demo"`)."""

    @model_validator(mode="before")
    @classmethod
    def _a_pattern_is_a_format(cls, given: Any) -> Any:
        if isinstance(given, dict) and given.get("pattern") and given.get("format", "auto") == "auto":
            return given | {"format": "regex"}
        return given

    @field_validator("name")
    @classmethod
    def _name_is_a_token(cls, name: str) -> str:
        if "." in name:
            raise ValueError("is one token, without dots")
        if problem := topics.problem_with(name):
            raise ValueError(problem.replace("topic", "name").replace(" joined by dots", ""))
        return name

    @field_validator("address")
    @classmethod
    def _address_has_a_port(cls, address: str | None) -> str | None:
        return None if address is None else joined(*host_and_port(address))

    @field_validator("command")
    @classmethod
    def _command_is_not_empty(cls, command: str | None) -> str | None:
        if command is not None and not command.strip():
            raise ValueError("is empty")
        return command

    @field_validator("topic")
    @classmethod
    def _topic_is_a_template(cls, topic: str | None) -> str | None:
        if topic is None:
            return None
        problem = topics.problem_with(re.sub(r"\{[^{}]+\}", "field", topic))
        if problem:
            raise ValueError(f"{problem}, with {{fields}} in it where wanted")
        return topic

    @field_validator("pattern")
    @classmethod
    def _pattern_finds_a_place(cls, pattern: str | None) -> str | None:
        if pattern is None:
            return None
        try:
            groups = set(re.compile(pattern).groupindex)
        except re.error as error:
            raise ValueError(f"not a regular expression: {error}") from error
        if not (groups >= {"ip"} or groups >= {"lat", "lon"}):
            raise ValueError("needs a group (?P<ip>...), or (?P<lat>...) and (?P<lon>...)")
        return pattern

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Self:
        needed = _NEEDS.get(self.kind)
        if needed and getattr(self, needed) is None:
            raise ValueError(f'a source of kind "{self.kind}" needs "{needed}"')
        for key, kinds in _OWN_KEYS.items():
            field = "start" if key == "from" else key
            if self.kind not in kinds and getattr(self, field) != type(self).model_fields[field].default:
                raise ValueError(f'a source of kind "{self.kind}" has no "{key}"')
        if self.format == "regex" and self.pattern is None:
            raise ValueError('format "regex" needs "pattern"')
        if self.pattern is not None and self.format != "regex":
            raise ValueError(f'"pattern" goes with format "regex", not "{self.format}"')
        return self


class ServeSettings(BaseModel):
    """Where the page and the interfaces are served."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    host: Annotated[str, Field(min_length=1)] = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8080


class Settings(BaseModel):
    """All settings of a role."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    serve: ServeSettings = ServeSettings()
    geo: Path | None = None
    """An MMDB or a built location table; else the one that comes with DynMap."""
    tcp: bool = True
    """Whether to listen at 127.0.0.1:4242 when no source of kind tcp is given."""
    source: list[SourceSettings] = []
    ring_seconds: Annotated[int, Field(ge=10, le=86_400)] = 300
    """How long the serving process keeps frames for viewers who come back, beside a bound on its size."""

    @model_validator(mode="after")
    def _sources_can_be_told_apart(self) -> Self:
        names = [source.name for source in self.source]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice:
            raise ValueError(f'two sources are named "{twice}"; names must differ')
        if sum(source.kind == "stdin" for source in self.source) > 1:
            raise ValueError("there is only one standard input, but two sources of kind stdin")
        return self


def host_and_port(address: str) -> tuple[str, int]:
    """The two parts of `host:port`, `[::1]:port`, `:port` or `port`; the host is 127.0.0.1 unless given.

    Raises ValueError for anything else.
    """
    host, _, port = address.strip().rpartition(":")
    bracketed = host.startswith("[") and host.endswith("]")
    host = host[1:-1] if bracketed else host
    if not re.fullmatch(r"[0-9]{1,5}", port) or int(port) > 65535:
        raise ValueError(f'is "{address}", but must be HOST:PORT with a port up to 65535')
    if ":" in host and not bracketed:
        raise ValueError(f'is "{address}"; an IPv6 address needs brackets: [::1]:{port}')
    if bracketed:
        ipaddress.IPv6Address(host.partition("%")[0])
    return host or "127.0.0.1", int(port)


def joined(host: str, port: int) -> str:
    """host:port, with an IPv6 host in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

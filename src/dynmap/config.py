"""Settings, validated: `dynmap.toml`, overridden by `DYNMAP_*`, overridden by flags."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from dynmap import grid


class SourceSettings(BaseModel):
    """One source of events: `[[source]]` in the settings file, `--tail FILE,key=value` on the command line.

    Which of path, command and address is needed depends on `kind`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["tail", "exec", "stdin", "tcp", "http", "demo"]
    name: str
    """Unique; also the topic of events that name none."""
    path: Path | None = None
    command: str | None = None
    address: str | None = None
    """host:port"""
    format: Literal["auto", "ip", "combined", "common", "json", "regex"] = "auto"
    pattern: str | None = None
    """Regular expression with named groups, for `format = "regex"`."""
    topic: str | None = None
    """A topic or a template with {fields}, such as `email.{event}.{campaign}`; else the event's own, else `name`."""
    precision: Annotated[int, Field(ge=1, le=grid.MAX_BITS)] = grid.DEFAULT_BITS
    """Bits of the cells that events are put into."""
    time: Literal["arrival", "event"] = "arrival"
    start: Annotated[Literal["now", "start"], Field(alias="from")] = "now"
    """Where a tail begins."""
    rate: float = 800.0
    """Events a second of the synthetic world (`kind = "demo"`)."""


class ServeSettings(BaseModel):
    """Where the page and the interfaces are served."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8080


class Settings(BaseModel):
    """All settings of a role."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    serve: ServeSettings = ServeSettings()
    geo: Path | None = None
    """An MMDB or a built location table; else the one that comes with DynMap."""
    source: list[SourceSettings] = []
    ring_seconds: Annotated[int, Field(ge=10, le=86_400)] = 300
    """How long the serving process keeps frames for viewers who come back, beside a bound on its size."""

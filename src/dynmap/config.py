"""Settings, validated. Where they come from, and which of them wins, is `dynmap.layers`.

Free of numpy: the supervising process reads settings and stays small.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    SerializationInfo,
    field_serializer,
    field_validator,
    model_validator,
)

from dynmap import topics
from dynmap.basemaps import Basemap, basemap_of, host_of
from dynmap.hosts import Network, network_of, origin_of

Kind = Literal["tail", "exec", "stdin", "tcp", "http", "demo"]

TCP_ADDRESS: Final = "127.0.0.1:4242"
"""Where addresses have been sent since 2013."""

_NEEDS: Final[dict[str, str]] = {"tail": "path", "exec": "command", "tcp": "address"}
_OWN_KEYS: Final = {
    "path": ("tail",),
    "from": ("tail",),
    "command": ("exec",),
    "address": ("tcp",),
    "allow": ("tcp",),
    "rate": ("demo",),
}
"""Keys that only some kinds of source have; all have the others."""

SECRET_BYTES: Final = 32
"""What HS256 needs: a key as long as its hash."""

INGEST_TOKEN_CHARACTERS: Final = 16

REVEAL: Final = {"reveal": True}
"""Context in which settings are written out with their secrets: for the children, and nobody else."""


def _listed(made: Callable[[str], object]) -> BeforeValidator:
    """A list of what `made` makes of texts, from such a list or one text with commas."""

    def each(given: Any) -> Any:
        texts = [text for text in given.split(",") if text.strip()] if isinstance(given, str) else given
        if not isinstance(texts, list):
            return given
        return [made(text) if isinstance(text, str) else text for text in texts]

    return BeforeValidator(each)


Networks = Annotated[list[Network], _listed(network_of)]
Secrets = Annotated[
    list[SecretStr], BeforeValidator(lambda given: [given] if isinstance(given, str) else given)
]


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
    allow: Networks = []
    """Who may send to a port that is reached from other machines. This machine always may."""
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
    proxies: Networks = [ipaddress.IPv4Network("127.0.0.0/8"), ipaddress.IPv6Network("::1")]
    """Who is believed when it says, in X-Forwarded-For, on whose behalf it asks."""


class AuthSettings(BaseModel):
    """Who may see, and who may send. Without any of this: whoever reaches the port, which only this machine does."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    secret: Secrets = []
    """Keys of viewer tokens (HS256). The first signs those of `dynmap token`; all are good."""
    public_key: str | None = None
    """PEM of one or more Ed25519 keys of viewer tokens (EdDSA), whose private keys somebody else holds."""
    ingest_tokens: Secrets = []
    """What a program sends along that posts events."""
    origins: Annotated[list[str], _listed(origin_of)] = []
    """Origins of other sites' pages that may ask."""
    open: bool = False
    """That who needs no token may come from anywhere."""

    @field_validator("secret")
    @classmethod
    def _secrets_are_long(cls, secrets: list[SecretStr]) -> list[SecretStr]:
        if any(len(secret.get_secret_value().encode()) < SECRET_BYTES for secret in secrets):
            raise ValueError(
                f"is shorter than {SECRET_BYTES} bytes; `dynmap token --new-secret` makes a good one"
            )
        return secrets

    @field_validator("ingest_tokens")
    @classmethod
    def _ingest_tokens_are_long(cls, tokens: list[SecretStr]) -> list[SecretStr]:
        for token in (token.get_secret_value() for token in tokens):
            if len(token) < INGEST_TOKEN_CHARACTERS:
                least = f"has a token of under {INGEST_TOKEN_CHARACTERS} characters"
                raise ValueError(f"{least}; `dynmap token --new-secret` makes a good one")
            if not re.fullmatch(r"[!-~]+", token):
                raise ValueError(
                    "has a token with a space or a letter that is not ASCII, which no header carries"
                )
        return tokens

    @field_validator("public_key")
    @classmethod
    def _public_key_is_public(cls, pem: str | None) -> str | None:
        if pem is not None and "PRIVATE KEY" in pem:
            raise ValueError("is a private key, but must be the public one that goes with it")
        if pem is not None and "-----BEGIN PUBLIC KEY-----" not in pem:
            raise ValueError("is no public key in PEM (openssl pkey -in private.pem -pubout)")
        return pem

    @field_serializer("secret", "ingest_tokens", when_used="json")
    def _for_children_only(self, secrets: list[SecretStr], info: SerializationInfo) -> list[str]:
        return [secret.get_secret_value() if info.context == REVEAL else str(secret) for secret in secrets]

    @property
    def of_viewers(self) -> bool:
        """Whether viewers need a token."""
        return bool(self.secret or self.public_key)

    @property
    def of_posts(self) -> bool:
        """Whether posts need a token: they do as soon as anything does."""
        return self.of_viewers or bool(self.ingest_tokens)


class LimitSettings(BaseModel):
    """What one address may take of the server. This machine itself may take what it likes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    connections_per_address: Annotated[int, Field(ge=1)] = 256
    """Live connections at a time."""
    failures_per_address: Annotated[int, Field(ge=1)] = 300
    """Tokens that are none, a minute; past that, nobody there is asked for one any more until the minute is over."""


class MapSettings(BaseModel):
    """What is under the live picture."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    basemap: str | None = None
    """A MapLibre style's URL, a template of raster tiles, or a PMTiles file or its URL; else the bundled map."""
    attribution: str | None = None
    """What its makers want to be shown; else what it says itself."""
    origins: Annotated[list[str], _listed(origin_of)] = []
    """Origins that a style asks beside its own."""

    @field_validator("basemap")
    @classmethod
    def _basemap_is_one(cls, basemap: str | None) -> str | None:
        if basemap is not None:
            basemap_of(basemap)
        return basemap

    @field_validator("origins")
    @classmethod
    def _origins_are_of_hosts(cls, origins: list[str]) -> list[str]:
        return [host_of(origin) for origin in origins]

    @property
    def base(self) -> Basemap:
        """The base map that is meant."""
        return basemap_of(self.basemap or "")


class HomeSettings(BaseModel):
    """The place that arcs lead to: `52.52,13.40,Berlin`, or a table. None unless both coordinates are given."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str | None = None
    lat: Annotated[float | None, Field(ge=-90, le=90)] = None
    lon: Annotated[float | None, Field(ge=-180, le=180)] = None
    """Degrees."""

    @model_validator(mode="before")
    @classmethod
    def _may_be_one_text(cls, given: Any) -> Any:
        if not isinstance(given, str):
            return given
        parts = [part.strip() for part in given.split(",", 2)]
        if len(parts) < 2:
            raise ValueError(f'is "{given}", but must be latitude,longitude or latitude,longitude,name')
        return dict(zip(("lat", "lon", "name"), parts, strict=False))

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if (self.lat is None) != (self.lon is None):
            raise ValueError("needs lat and lon")
        if self.name is not None and self.lat is None:
            raise ValueError("needs lat and lon beside its name")
        return self


class Settings(BaseModel):
    """All settings of a role."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    serve: ServeSettings = ServeSettings()
    auth: AuthSettings = AuthSettings()
    limits: LimitSettings = LimitSettings()
    map: MapSettings = MapSettings()
    home: HomeSettings = HomeSettings()
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

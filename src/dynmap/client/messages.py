"""The JSON messages of `/api/live` as a client says and reads them (docs/live-protocol.md). No I/O.

Read more loosely than a server writes them: a client may meet an older or a newer server.
"""

from __future__ import annotations

from typing import Annotated, Any, Final

import msgspec

from dynmap.errors import MessageError

Tile = tuple[int, int, int]

Number = Annotated[int, msgspec.Meta(ge=0, le=65535)]
"""A topic's."""


class Subscribe(msgspec.Struct, frozen=True, tag="subscribe", omit_defaults=True):
    """What a client wants. Wishes that it does not have are not sent, so that an older server has no say in them."""

    id: int
    topics: tuple[str, ...]
    tiles: tuple[Tile, ...] | None = None
    rest: bool = False
    every: int | None = None
    since: str | None = None
    window: float = 0


class Ack(msgspec.Struct, frozen=True, tag="ack"):
    """Up to where a client has taken everything."""

    cursor: str


class Hello(msgspec.Struct, frozen=True, tag="hello"):
    """First of all."""

    protocol: int


class Topics(msgspec.Struct, frozen=True, tag="topics"):
    """Names of numbers."""

    topics: dict[Number, str]


class Subscribed(msgspec.Struct, frozen=True, tag="subscribed"):
    """A subscription starts anew, from the server's totals by topic number."""

    id: int
    cursor: str
    topics: dict[Number, int]


class Mark(msgspec.Struct, frozen=True, tag="mark"):
    """Closes a step of a subscription."""

    id: int
    cursor: str
    tick: int


class Reset(msgspec.Struct, frozen=True, tag="reset"):
    """`since` can't be honoured."""

    id: int
    reason: str


class Pace(msgspec.Struct, frozen=True, tag="pace"):
    """The server sends a step every so many ms from now on."""

    id: int
    every: int


class Stats(msgspec.Struct, frozen=True, tag="stats"):
    """The state of the server; what it holds is in the document itself."""


class Error(msgspec.Struct, frozen=True, tag="error"):
    """A request that was not carried out; `id` is that of a subscription."""

    code: str
    message: str
    id: int | None = None


Answer = Hello | Topics | Subscribed | Mark | Reset | Pace | Stats | Error

_KINDS: Final[dict[Any, type[Answer]]] = {
    kind.__struct_config__.tag: kind for kind in (Hello, Topics, Subscribed, Mark, Reset, Pace, Stats, Error)
}


class _Any(msgspec.Struct):
    type: str


_kind_of = msgspec.json.Decoder(_Any)
_decoders: Final = {name: msgspec.json.Decoder(kind) for name, kind in _KINDS.items()}


def encode(request: Subscribe | Ack) -> str:
    """A client's message as JSON text."""
    return msgspec.json.encode(request).decode()


def parse(text: str) -> Answer | None:
    """A server's message, or None for one of a kind that this client doesn't know. Raises MessageError."""
    try:
        decoder = _decoders.get(_kind_of.decode(text).type)
        return None if decoder is None else decoder.decode(text)
    except msgspec.MsgspecError as error:
        raise MessageError(f"the server sent a message that makes no sense: {error}") from error


def document(text: str) -> dict[str, Any]:
    """A server's message as dictionaries and lists."""
    return msgspec.json.decode(text, type=dict[str, Any])

"""Points: what happened, for other people's programs. JSON with places in degrees and topics by name. No I/O.

    {"tick": 1700000000000, "points": [[13.4049, 52.5201, "web.ok", 3], ...]}      longitude, latitude, topic, count

It takes five times the bytes of a binary frame and nothing to be understood.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import msgspec
import numpy as np

from dynmap import grid
from dynmap.frame import U16, Frame, merge
from dynmap.grid import F64
from dynmap.serve import framing
from dynmap.serve.area import ROOM_ROWS
from dynmap.serve.selection import Part

_encoder = msgspec.json.Encoder()


class Points:
    """What happened in a step, or in several, in each form that it goes out in. Each is made once, when it is needed.

    number  of the step, or of the last one
    cursor  what the step is called outside
    """

    def __init__(self, number: int, cursor: str, encoded: bytes) -> None:
        self.number = number
        self.cursor = cursor
        self._encoded = encoded

    @cached_property
    def event(self) -> bytes:
        """As a server-sent event."""
        return b"id: %b\ndata: %b\n\n" % (self.cursor.encode(), self._encoded)

    @cached_property
    def packet(self) -> str:
        """As a packet of Socket.IO: an event of the name `events`."""
        return f'2["events",{self._encoded.decode()}]'

    def message(self, deflates: bool) -> bytes:
        """As the WebSocket message of Engine.IO that holds this packet; compressed, if the client takes that."""
        worth_it = deflates and len(self._encoded) >= framing.WORTH_DEFLATING
        return self._deflated if worth_it else self._plain

    @cached_property
    def _plain(self) -> bytes:
        return framing.text(self._message)

    @cached_property
    def _deflated(self) -> bytes:
        return framing.text_deflated(framing.deflate(self._message))

    @property
    def _message(self) -> bytes:
        return b'42["events",%b]' % self._encoded


def encode(frame: Frame, tick: int, names: Sequence[str]) -> bytes:
    """A frame as JSON. `tick` is what it says of its time (ms since 1970), `names` has the topics by number.

    A place is its cell's centre, with as many decimals as tell it from its neighbours.
    """
    lon, lat = _rounded(frame)
    topics = [names[number] for number in frame.topic.tolist()]
    rows = zip(lon.tolist(), lat.tolist(), topics, frame.count.tolist(), strict=True)
    return _encoder.encode({"tick": tick, "points": list(rows)})


def bounded(parts: Sequence[Part], parents: U16, other: int) -> Frame:
    """The parts of a step as one frame of the whole world, of at most `ROOM_ROWS` rows. There must be a part.

    It is one, though parts may be of several ticks, so that it can be sent as one event: who loses the connection has
    either counted a step or not.
    """
    return merge([part.frame for part in parts]).bounded(ROOM_ROWS, parents, other)


def _rounded(frame: Frame) -> tuple[F64, F64]:
    """Longitudes and latitudes, less than a quarter of the cell's height off its centre."""
    lon, lat = grid.lonlats(frame.x, frame.y)
    height = 360.0 / 2.0 ** grid.bits_of(frame.y) * np.cos(np.radians(lat))
    scale = 10.0 ** np.maximum(0.0, np.ceil(np.log10(2.0 / height)))
    # Divided by a power of ten they are the doubles nearest to these decimals; adding 0 makes 0 of -0.
    return np.rint(lon * scale) / scale + 0.0, np.rint(lat * scale) / scale + 0.0

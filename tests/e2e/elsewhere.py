"""Another origin on loopback that has base maps: tiles, styles and files, with a record of what it was asked for."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from types import TracebackType
from typing import Any, Self

from PIL import Image
from pmtiles.tile import Compression, TileType, zxy_to_tileid
from pmtiles.writer import write

Colour = tuple[int, int, int]
Ring = tuple[tuple[int, int], ...]

EXTENT = 4096
WHOLE: Ring = ((0, 0), (EXTENT, 0), (EXTENT, EXTENT), (0, EXTENT))
"""All of a tile, clockwise as it is seen."""


class Elsewhere:
    """Answers `files` by path, `{z}/{x}/{y}` under `/tiles/` with one picture, everything else with 404."""

    def __init__(self, *, tile: bytes | None = None, shares: bool = True) -> None:
        self.files: dict[str, tuple[str, bytes]] = {}
        self.asked: list[str] = []
        elsewhere = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                elsewhere.asked.append(self.path)
                kind, body = elsewhere.files.get(self.path, ("image/png", tile or b""))
                found = self.path in elsewhere.files or (tile is not None and self.path.startswith("/tiles/"))
                self.send_response(200 if found else 404)
                if shares:
                    self.send_header("Access-Control-Allow-Origin", "*")
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body) if found else 0))
                self.end_headers()
                self.wfile.write(body if found else b"")

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def has_json(self, path: str, content: Mapping[str, Any]) -> str:
        """Has a document at a path from now on; its URL."""
        self.files[path] = ("application/json", json.dumps(content).encode())
        return self.url + path

    def __enter__(self) -> Self:
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def picture(colour: Colour) -> bytes:
    """A tile of one colour, PNG."""
    written = io.BytesIO()
    Image.new("RGB", (256, 256), colour).save(written, "PNG")
    return written.getvalue()


def pmtiles(
    path: Path, tile: bytes, kind: TileType, metadata: Mapping[str, Any], *, zooms: Iterable[int] = range(3)
) -> Path:
    """Writes a PMTiles file of the whole world with one tile everywhere."""
    with write(path) as writer:
        for zoom in zooms:
            numbers = [zxy_to_tileid(zoom, x, y) for x in range(2**zoom) for y in range(2**zoom)]
            for number in sorted(numbers):
                writer.write_tile(number, tile)
        header = {
            "tile_type": kind,
            "tile_compression": Compression.NONE,
            "min_lon_e7": -1_800_000_000,
            "min_lat_e7": -850_000_000,
            "max_lon_e7": 1_800_000_000,
            "max_lat_e7": 850_000_000,
            "center_zoom": 0,
            "center_lon_e7": 0,
            "center_lat_e7": 0,
        }
        writer.finalize(header, dict(metadata))
    return path


def vector_tile(areas: Mapping[str, Ring]) -> bytes:
    """A Mapbox Vector Tile with one area in each of its layers."""
    return b"".join(_field(3, _layer(name, ring)) for name, ring in areas.items())


def _layer(name: str, ring: Ring) -> bytes:
    geometry = b"".join(_varint(number) for number in _commands(ring))
    feature = _number(3, 3) + _field(4, geometry)  # a polygon
    return _number(15, 2) + _field(1, name.encode()) + _field(2, feature) + _number(5, EXTENT)


def _commands(ring: Ring) -> Iterable[int]:
    """Move to the first corner, lines to the others, close."""
    at = (0, 0)
    for i, corner in enumerate(ring):
        if i < 2:
            yield (1 if i == 0 else len(ring) - 1) << 3 | (1 if i == 0 else 2)
        for before, now in zip(at, corner, strict=True):
            step = now - before
            yield 2 * step if step >= 0 else -2 * step - 1
        at = corner
    yield 1 << 3 | 7


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _field(field: int, content: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    written = bytearray()
    while value > 127:
        written.append(value & 127 | 128)
        value >>= 7
    written.append(value)
    return bytes(written)

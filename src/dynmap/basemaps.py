"""What may be under the live picture instead of the bundled map, from how a user writes it; and files that hold one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal
from urllib.parse import urlsplit

BUNDLED: Final = "bundled"

Kind = Literal["bundled", "style", "pmtiles", "raster"]

_PLACEHOLDER: Final = re.compile(r"\{([^{}]*)\}")
_KNOWN: Final = ("z", "x", "y", "ratio", "quadkey", "bbox-epsg-3857", "prefix")
_PICTURES: Final = (".png", ".jpg", ".jpeg", ".webp", ".avif", ".pbf", ".mvt")
_HOST: Final = re.compile(r"[a-z0-9.-]+(:[0-9]{1,5})?")
"""What a Content-Security-Policy can name."""

_MAGIC: Final = b"PMTiles\x03"
_HEADER: Final = 127
_SECTIONS: Final = (8, 24, 40, 56)
"""Where the header of a PMTiles file has offset and length of its parts, 8 bytes each."""


@dataclass(frozen=True, slots=True)
class Basemap:
    """`url` is where a browser finds it, `path` a file that this server has."""

    kind: Kind
    url: str | None = None
    path: Path | None = None


def basemap_of(text: str) -> Basemap:
    """What a user means: the bundled map, a style, a template of tiles, a PMTiles file here or elsewhere.

    Raises ValueError.
    """
    text = text.strip()
    if text in ("", BUNDLED):
        return Basemap("bundled")
    if re.search(r"\s", text) and "://" in text:
        raise ValueError(f'"{text}" has a space in it, which no URL has')
    if is_file(text):
        return Basemap("pmtiles", path=Path(text))
    scheme, separator, _ = text.partition("://")
    if not separator:
        raise ValueError(f'"{text}" is no URL: a template of tiles begins with https://')
    if scheme.lower() not in ("http", "https"):
        raise ValueError(f'"{text}" is neither an http or https URL nor a PMTiles file')
    host_of(text)
    path = urlsplit(text).path.lower()
    if _is_template(text):
        return Basemap("raster", text)
    if path.endswith(".pmtiles"):
        return Basemap("pmtiles", text)
    if path.endswith(_PICTURES):
        raise ValueError(f'"{text}" is a single tile: a template has {{z}}, {{x}} and {{y}} in it')
    return Basemap("style", text)


def is_file(text: str) -> bool:
    """Whether a base map is a file of this machine, good or not."""
    text = text.strip()
    return text not in ("", BUNDLED) and "://" not in text and not _PLACEHOLDER.search(text)


def host_of(url: str) -> str:
    """The origin of a URL, as a Content-Security-Policy has it: `https://tiles.example`. Raises ValueError."""
    parts = urlsplit(url)
    host = parts.netloc.lower()
    if not _HOST.fullmatch(host):
        raise ValueError(
            f'"{url}" has no host such as tiles.example.com, or one that browsers can\'t be told of'
        )
    return f"{parts.scheme.lower()}://{host}"


def problem_with_pmtiles(path: Path) -> str | None:
    """What is wrong with a file that should be PMTiles, by its header; None for nothing. Raises OSError."""
    with path.open("rb") as file:
        header = file.read(_HEADER)
    if not header.startswith(_MAGIC) or len(header) < _HEADER:
        return "is no PMTiles file (of version 3)"
    end = max(sum(int.from_bytes(header[at + i : at + i + 8], "little") for i in (0, 8)) for at in _SECTIONS)
    return "is not all of a PMTiles file: its end is missing" if path.stat().st_size < end else None


def _is_template(url: str) -> bool:
    names = _PLACEHOLDER.findall(url)
    if not names:
        return False
    unknown = next((name for name in names if name not in _KNOWN), None)
    if unknown is not None:
        raise ValueError(f'"{url}" has {{{unknown}}} in it: write one of its values there, such as a, or @2x')
    missing = [name for name in ("z", "x", "y") if name not in names]
    if missing and not {"quadkey", "bbox-epsg-3857"} & set(names):
        named = " and ".join(f"{{{name}}}" for name in missing)
        raise ValueError(f'"{url}" lacks {named}: a template of tiles has {{z}}, {{x}} and {{y}} in it')
    return True

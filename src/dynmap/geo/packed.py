"""The packed form of a table, which travels in the wheel.

It is a zip of LZMA streams, one a column: starts as differences, numbers with their like bytes together, so 160 MB
become 16. What can be computed (the /24 index) is left out.
"""

from __future__ import annotations

import hashlib
import io
import json
import lzma
import os
import zipfile
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from dynmap.errors import GeoError
from dynmap.geo.columns import FORMAT, METADATA, Columns, Metadata, index_24
from dynmap.geo.progress import Progress, silent

DATA: Final = Path(__file__).parent / "data"
"""Where the default table is packed, in the wheel and in a working copy."""

_TYPES: Final = {
    "starts4": np.uint32,
    "places4": np.int32,
    "starts6": np.uint64,
    "places6": np.int32,
    "place_x": np.uint32,
    "place_y": np.uint32,
    "place_name": np.uint32,
    "names": np.uint8,
    "name_offsets": np.uint32,
}
_ASCENDING: Final = ("starts4", "starts6", "name_offsets")


def pack(columns: Columns, metadata: Metadata, directory: Path, progress: Progress = silent) -> Path:
    """Writes the packed form into a directory, in place of an older one; its name tells its content."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_LZMA) as archive:
        _add(archive, METADATA, json.dumps(asdict(metadata)).encode())
        for done, name in enumerate(_TYPES):
            progress(f"packing {name}", done / len(_TYPES))
            _add(archive, name, _packed(getattr(columns, name), name in _ASCENDING))
    content = buffer.getvalue()
    directory.mkdir(parents=True, exist_ok=True)
    target = directory / f"location-{hashlib.sha256(content).hexdigest()[:16]}.zip"
    scratch = target.with_suffix(".tmp")
    scratch.write_bytes(content)
    os.replace(scratch, target)
    for older in directory.glob("location-*"):
        if older != target:
            older.unlink()
    progress("packed", 1.0)
    return target


def unpack(path: Path, progress: Progress = silent) -> tuple[Columns, Metadata]:
    """Reads the packed form. Raises GeoError when it is damaged or of another version."""
    try:
        with zipfile.ZipFile(path) as archive:
            metadata = Metadata(**json.loads(archive.read(METADATA)))
            if metadata.format != FORMAT:
                raise GeoError(
                    f"packed location table of format {metadata.format}, not {FORMAT}", where=str(path)
                )
            arrays: dict[str, npt.NDArray[Any]] = {}
            for done, (name, dtype) in enumerate(_TYPES.items()):
                progress("expanding the location table (once)", done / len(_TYPES))
                arrays[name] = _unpacked(archive.read(name), np.dtype(dtype), name in _ASCENDING)
    except OSError as error:
        raise GeoError(f"can't be read: {error.strerror or error}", where=str(path)) from None
    except (zipfile.BadZipFile, lzma.LZMAError, KeyError, TypeError, ValueError, EOFError) as error:
        raise GeoError(
            f"damaged packed location table: {error}", where=str(path), hint="install anew"
        ) from None
    return Columns(t24=index_24(arrays["starts4"], arrays["places4"]), **arrays), metadata


def _add(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    # A fixed time, so that the same table gives the same bytes and so the same name.
    archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_LZMA)


def _packed(column: npt.NDArray[Any], ascending: bool) -> bytes:
    column = np.diff(column, prepend=column.dtype.type(0)) if ascending else column
    return column.view(np.uint8).reshape(len(column), column.itemsize).T.tobytes()


def _unpacked(content: bytes, dtype: np.dtype[Any], ascending: bool) -> npt.NDArray[Any]:
    planes = np.frombuffer(content, np.uint8).reshape(dtype.itemsize, -1)
    column = np.ascontiguousarray(planes.T).view(dtype).ravel()
    return np.cumsum(column, dtype=dtype) if ascending else column

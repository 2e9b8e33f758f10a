"""The location table's columns and the directory of `.npy` files that holds them."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from dynmap.errors import GeoError

FORMAT: Final = 1
"""Version of the format; a table of another version is not opened."""

METADATA: Final = "table.json"


@dataclass(frozen=True, slots=True)
class Columns:
    """All arrays of a table. Ranges reach up to the next start; places and names are referred to by index."""

    t24: npt.NDArray[np.int32]
    """[2**24] place of each IPv4 /24, or ~index of the range at its first address: see `place_of_v4`."""
    starts4: npt.NDArray[np.uint32]
    places4: npt.NDArray[np.int32]
    starts6: npt.NDArray[np.uint64]
    """Upper 64 bits of addresses."""
    places6: npt.NDArray[np.int32]
    place_x: npt.NDArray[np.uint32]
    """Centre of the place's cell; 0 for place 0, which is nowhere."""
    place_y: npt.NDArray[np.uint32]
    place_name: npt.NDArray[np.uint32]
    names: npt.NDArray[np.uint8]
    """UTF-8, "city, tab, region, tab, country code" after one another."""
    name_offsets: npt.NDArray[np.uint32]
    """[names + 1]"""


@dataclass(frozen=True, slots=True)
class Metadata:
    """Where a table comes from. `build_epoch` is the database's, in seconds; `link` "" when there is none to show."""

    format: int
    source: str
    build_epoch: int
    licence: str
    attribution: str
    link: str


def index_24(starts4: npt.NDArray[np.uint32], places4: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    """The direct /24 index (int32[2**24]) of IPv4 ranges."""
    edge = (starts4 & np.uint32(255)) == 0
    block = (starts4 >> np.uint32(8)).astype(np.int64)
    first_owned = block + ~edge  # the first /24 whose first address the range covers
    owner = np.repeat(np.arange(len(starts4), dtype=np.int32), np.diff(first_owned, append=1 << 24))
    index = places4[owner]
    several = block[~edge]
    index[several] = ~owner[several]
    return index


def save(directory: Path, columns: Columns, metadata: Metadata) -> None:
    """Writes a table so that it is there whole or not at all; an older one in its place goes.

    Raises GeoError when the directory can't be written, or holds something else.
    """
    refuse_other_contents(directory)
    try:
        directory.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{directory.name}-", dir=directory.parent) as scratch:
            new = Path(scratch) / "table"
            new.mkdir()
            for field in fields(Columns):
                np.save(new / f"{field.name}.npy", getattr(columns, field.name))
            (new / METADATA).write_text(json.dumps(asdict(metadata), indent=2) + "\n", "utf-8")
            if directory.exists():
                os.replace(directory, Path(scratch) / "old")
            os.replace(new, directory)
    except OSError as error:
        raise GeoError(f"can't be written: {error.strerror or error}", where=str(directory)) from None


def refuse_other_contents(directory: Path) -> None:
    """Raises GeoError when writing a table there would overwrite something else."""
    empty = not directory.exists() or (directory.is_dir() and not any(directory.iterdir()))
    if not empty and not is_table(directory):
        raise GeoError(
            "holds something that is no location table", where=str(directory), hint="choose another --out"
        )


def is_table(directory: Path) -> bool:
    """Whether a directory looks like a location table."""
    return (directory / METADATA).is_file()


def load(directory: Path) -> tuple[Columns, Metadata]:
    """Opens a table's columns by mmap. Raises GeoError when there is none, or it is damaged or of another version."""
    where = str(directory)
    try:
        given: dict[str, Any] = json.loads((directory / METADATA).read_text("utf-8"))
        if given["format"] != FORMAT:
            raise GeoError(
                f"location table of format {given['format']}, not {FORMAT}", where=where, hint="build it anew"
            )
        columns = Columns(
            **{field.name: _mapped(directory / f"{field.name}.npy") for field in fields(Columns)}
        )
        return columns, Metadata(**given)
    except FileNotFoundError as error:
        missing = Path(error.filename).name
        raise GeoError(
            f"no location table: {missing} is missing", where=where, hint="dynmap geo build"
        ) from None
    except (OSError, ValueError, KeyError, TypeError, EOFError) as error:
        raise GeoError(f"damaged location table: {error}", where=where, hint="build it anew") from None


def _mapped(path: Path) -> npt.NDArray[Any]:
    # Plain arrays over the map: the class np.memmap makes each slice slower and compiles kernels anew.
    return np.asarray(np.load(path, mmap_mode="r", allow_pickle=False))


def remove(directory: Path) -> None:
    """Removes a table, if it is there."""
    shutil.rmtree(directory, ignore_errors=True)

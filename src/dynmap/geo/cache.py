"""The cache where tables are kept ready to be mapped: the default one expanded, those of MMDB files built."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import platformdirs

from dynmap.errors import GeoError
from dynmap.geo.columns import FORMAT, METADATA, Columns, Metadata, is_table, load, remove, save
from dynmap.geo.packed import DATA, unpack
from dynmap.geo.progress import Progress, part, silent

_UNUSED_DAYS: Final = 30
"""Tables of other versions go from the cache when they have not been opened for so long."""

Build = Callable[[Progress], tuple[Columns, Metadata]]


def user_cache() -> Path:
    """The directory for tables in the user's cache, or in the temporary directory where that can't be written.

    Raises GeoError when neither can be.
    """
    wanted = platformdirs.user_cache_path("dynmap") / "geo"
    for directory in (wanted, _own_temporary()):
        with contextlib.suppress(OSError):
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            # In a directory that all can write, someone else could have made this one.
            if directory.lstat().st_uid == os.getuid() and os.access(directory, os.W_OK | os.X_OK):
                return directory
    raise GeoError(
        "neither the cache nor the temporary directory can be written, so the location table can't be expanded",
        where=str(wanted),
        hint="set XDG_CACHE_HOME, or use --geo with a table built by dynmap geo build --out DIR",
    )


def _own_temporary() -> Path:
    return Path(tempfile.gettempdir()) / f"dynmap-geo-{os.getuid()}"


def expanded(progress: Progress = silent, data: Path = DATA, cache: Path | None = None) -> Path:
    """The directory of the default table, expanded into the cache if this is its first use.

    Raises GeoError when there is no packed table in `data`, or it is damaged.
    """
    archive = max(data.glob("location-*.zip"), default=None)
    if archive is None:
        raise GeoError("the location table is missing", where=str(data), hint="make table, or --geo FILE")
    cache = cache or user_cache()
    return _cached(
        cache, "default", archive.stem.removeprefix("location-"), lambda p: unpack(archive, p), progress
    )


def built(mmdb: Path, cache: Path, progress: Progress = silent) -> Path:
    """The directory of the table of an MMDB file, built unless it is there from the same file (path, size, time).

    Raises GeoError as `dynmap.geo.build.build` does.
    """
    from dynmap.geo.build import build

    try:
        mmdb = mmdb.resolve(strict=True)
        status = mmdb.stat()
    except OSError as error:
        raise GeoError(error.strerror or str(error), where=str(mmdb)) from None
    kind = f"mmdb-{_digest(mmdb)}"
    stamp = _digest(status.st_size, status.st_mtime_ns, FORMAT)
    return _cached(cache, kind, stamp, lambda report: build([mmdb], report), progress, alone=True)


def _digest(*parts: object) -> str:
    return hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()[:16]


def _cached(
    cache: Path, kind: str, stamp: str, make: Build, progress: Progress, *, alone: bool = False
) -> Path:
    """The table `kind`-`stamp` in the cache, made if it is not there or damaged; by one process, others wait for it.

    Others of the same kind go: at once if it should be `alone`, else after they have not been used for a while.
    """
    target = cache / f"{kind}-{stamp}"
    if not _usable(target):
        with _lock(cache / f".{kind}.lock"):
            if not _usable(target):
                columns, metadata = make(part(progress, 0.0, 0.8))
                progress("writing the location table", 0.8)
                remove(target)
                save(target, columns, metadata)
                _forget(cache, kind, target, 0 if alone else _UNUSED_DAYS)
        progress("the location table is ready", 1.0)
    with contextlib.suppress(OSError):
        os.utime(target / METADATA)  # keeps it from being forgotten
    return target


def _usable(directory: Path) -> bool:
    if not is_table(directory):
        return False
    try:
        load(directory)
    except GeoError:
        return False
    return True


def _forget(cache: Path, kind: str, kept: Path, days: int) -> None:
    for directory in cache.glob(f"{kind}-*"):
        if directory != kept and (directory / METADATA).stat().st_mtime < time.time() - days * 86400:
            remove(directory)


@contextlib.contextmanager
def _lock(path: Path) -> Iterator[None]:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("w")
    except OSError as error:
        raise GeoError(f"can't be written: {error.strerror or error}", where=str(path.parent)) from None
    with file:
        # Where the file system can't lock, both make the table and the later one stays.
        with contextlib.suppress(OSError):
            fcntl.flock(file, fcntl.LOCK_EX)
        yield

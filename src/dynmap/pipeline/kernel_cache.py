"""Where compiled kernels are kept. Importing this sets it for all kernels that are defined afterwards.

numba takes a kernel for unchanged as long as its own file is, though it holds parts of other files. So the directory is
named after the contents of all of them. It must also be one that can be written: numba refuses to start otherwise.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

import numba
import platformdirs

_SOURCES = ("pipeline/*.py", "geo/kernels.py", "frame.py")


def fingerprint() -> str:
    """A name for the present sources of the kernels."""
    package, digest = Path(__file__).parent.parent, hashlib.sha256()
    for pattern in _SOURCES:
        for source in sorted(package.glob(pattern)):
            digest.update(source.read_bytes())
    return digest.hexdigest()[:16]


def directory() -> Path:
    """The user's cache; else, for this process only, a new temporary directory (others could write a known one)."""
    kept = platformdirs.user_cache_path("dynmap") / "kernels" / fingerprint()
    try:
        kept.mkdir(parents=True, exist_ok=True)
        if os.access(kept, os.W_OK):
            return kept
    except OSError:
        pass
    return Path(tempfile.mkdtemp(prefix="dynmap-kernels-"))


if not os.environ.get("NUMBA_CACHE_DIR"):
    numba.config.CACHE_DIR = str(directory())  # type: ignore[attr-defined]

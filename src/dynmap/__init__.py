"""DynMap: a live, global heat map of any location-based event data."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dynmap.client import connect

__version__ = "0.1.0"
__all__ = ["__version__", "connect"]


def __getattr__(name: str) -> object:
    """`dynmap.connect`, loaded when it is asked for: the command line needs no numpy."""
    if name == "connect":
        from dynmap.client import connect

        return connect
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

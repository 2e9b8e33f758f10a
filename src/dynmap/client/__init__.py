"""A client of a DynMap server: what happens, four times a second, as NumPy columns. See docs/python-client.md.

from dynmap.client import connect

async with connect("http://127.0.0.1:8080", topics=["web.>"]) as live:
    async for step in live:
        rows = step.columns()
        print(step.total, rows.lon, rows.lat, rows.count)
"""

from dynmap.client.live import Live, connect
from dynmap.client.steps import Columns, Frame, Step
from dynmap.errors import DynMapError, RefusedError, UnreachableError
from dynmap.wire import Kind

__all__ = [
    "Columns", "DynMapError", "Frame", "Kind", "Live", "RefusedError", "Step", "UnreachableError", "connect",
]  # fmt: skip

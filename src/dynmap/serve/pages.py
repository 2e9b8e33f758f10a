"""The map: the built page from a folder, with headers that let it be cached and keep it to its own host.

Beside it what the settings add: `map.json`, and the base map where that is a file.
"""

from __future__ import annotations

import asyncio
import gzip
import os
from pathlib import Path
from typing import Final

from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from dynmap.serve.frontage import PMTILES, Frontage

_NOT_BUILT: Final = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>DynMap: the map is not built</title>
<h1>The map is not built</h1>
<p>This server runs, but the page that shows the map is not there. Build it with <code>make web</code>
(it needs Node 20 or newer), then load this page again.</p>
<p>Meanwhile: <a href="docs">the HTTP interface</a>, <a href="api/stats">statistics</a>.</p>
</html>
"""

_ASSETS: Final = "assets/"
_SETTINGS: Final = "map.json"
_ZIPPED: Final = (
    ".bin",
    ".html",
    ".js",
    ".mjs",
    ".css",
    ".json",
    ".svg",
    ".geojson",
    ".map",
    ".txt",
    ".webmanifest",
)
_WORTH_ZIPPING: Final = 1024


class Pages(StaticFiles):
    """Files of a folder. What is under `assets/` is named by its hash and may be kept for ever."""

    def __init__(self, directory: Path, frontage: Frontage) -> None:
        super().__init__(directory=directory, html=True, check_dir=False)
        self.config_checked = True  # a folder that is not there (yet) is answered for below
        self._root = directory
        self._frontage = frontage
        self._zipped: dict[tuple[str, float], bytes] = {}

    async def get_response(self, path: str, scope: Scope) -> Response:
        """A file, its 304, or what is said when there is no map. Raises HTTPException (404, 405)."""
        if scope["method"] == "GET" and path == "." and not (self._root / "index.html").is_file():
            return HTMLResponse(_NOT_BUILT, 503, {"Cache-Control": "no-store", "Retry-After": "5"})
        response = await self._found(path, scope)
        if response.status_code in (200, 206, 304):
            kept = path.startswith(_ASSETS)
            response.headers["Cache-Control"] = "public, max-age=31536000, immutable" if kept else "no-cache"
            response.headers["Content-Security-Policy"] = self._frontage.policy
            response.headers["X-Content-Type-Options"] = "nosniff"
            response.headers["Referrer-Policy"] = self._frontage.referrer
            response.headers["Vary"] = "Accept-Encoding"
        return response

    async def _found(self, path: str, scope: Scope) -> Response:
        if scope["method"] == "GET" and path == _SETTINGS:
            return Response(self._frontage.told, media_type="application/json")
        if scope["method"] == "GET" and path == PMTILES and self._frontage.pmtiles is not None:
            return await asyncio.to_thread(self._basemap, self._frontage.pmtiles, scope)
        if not self._root.is_dir():
            raise HTTPException(404 if scope["method"] == "GET" else 405)
        response = await super().get_response(path, scope)
        return (
            await self._zipped_if_wanted(response, scope) if isinstance(response, FileResponse) else response
        )

    def _basemap(self, file: Path, scope: Scope) -> Response:
        """The base map's file, in the ranges that the page asks for."""
        try:
            return self.file_response(file, file.stat(), scope)
        except OSError as error:
            raise HTTPException(404) from error

    async def _zipped_if_wanted(self, plain: FileResponse, scope: Scope) -> Response:
        headers = {name: value for name, value in scope["headers"] if name in (b"accept-encoding", b"range")}
        path = os.fspath(plain.path)
        wanted = b"gzip" in headers.get(b"accept-encoding", b"") and b"range" not in headers
        size = int(plain.headers.get("content-length", 0))
        if not (wanted and path.endswith(_ZIPPED) and size >= _WORTH_ZIPPING):
            return plain
        key = (path, os.stat(path).st_mtime)
        if key not in self._zipped:
            content = await asyncio.to_thread(lambda: gzip.compress(Path(path).read_bytes(), 9, mtime=0))
            self._zipped = {known: held for known, held in self._zipped.items() if known[0] != path}
            self._zipped[key] = content
        zipped = Response(self._zipped[key], plain.status_code, media_type=plain.media_type)
        zipped.headers["Content-Encoding"] = "gzip"
        for name in ("etag", "last-modified"):
            zipped.headers[name] = plain.headers[name]
        return zipped

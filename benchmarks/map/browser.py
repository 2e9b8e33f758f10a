"""The browser that is measured, and what serves its pages."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import uvicorn
from playwright.sync_api import Browser, sync_playwright
from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from benchmarks import measure
from dynmap.testing import free_port

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = (
    "--no-sandbox --use-angle=swiftshader --enable-unsafe-swiftshader --ignore-gpu-blocklist --disable-quic "
    "--no-first-run --disable-background-networking --disable-component-update --disable-sync"
).split()
ISOLATED = {"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp"}
"""With these a page's clock is good to 5 us instead of 100, and it may ask how much memory it takes."""


class MissingBrowserError(RuntimeError):
    """There is no browser; the text is one line."""


@contextlib.contextmanager
def chromium(*flags: str) -> Iterator[Browser]:
    """Debian's Chromium, drawing in software. Raises MissingBrowserError."""
    if not CHROMIUM.exists():
        raise MissingBrowserError("the map's benchmarks need Debian's chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, *flags])
        try:
            yield browser
        finally:
            browser.close()


@contextlib.contextmanager
def serving(folder: Path, routes: Sequence[BaseRoute] = ()) -> Iterator[str]:
    """Serves a folder's pages, isolated from others, and routes of one's own. Gives the address, without a slash."""
    pages = Starlette(routes=[*routes, Mount("/", StaticFiles(directory=folder, html=True))])
    port = free_port()
    config = uvicorn.Config(
        _isolated(pages), host="127.0.0.1", port=port, log_level="warning", ws="websockets-sansio"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        measure.wait_until(lambda: server.started, 20, "starting a web server")
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()


def _isolated(app: ASGIApp) -> ASGIApp:
    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_isolated(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(ISOLATED)
            await send(message)

        await app(scope, receive, send_isolated)

    return answer

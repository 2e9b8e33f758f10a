"""A map for people with tokens: the page says that it needs one, takes it from its address, and shows what it opens."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator

import httpx
import pytest
from playwright.sync_api import Browser, Page, WebSocket

from dynmap.testing import Server, run_server

Eventually = Callable[[Callable[[], bool], str], None]

SECRET = {"DYNMAP_AUTH__SECRET": "s" * 43, "DYNMAP_AUTH__INGEST_TOKENS": "i" * 43}

EVENTS = (
    '{"lat":52.52,"lon":13.405,"topic":"shop.order","n":3}\n'
    '{"lat":-12.05,"lon":-77.04,"topic":"clinic.visit"}\n'
)


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 800}, color_scheme="dark")
    page = context.new_page()
    yield page
    context.close()


def _token(topics: str, expires: str = "1h") -> str:
    command = [sys.executable, "-m", "dynmap", "token", "--topics", topics, "--expires", expires]
    made = subprocess.run(command, env=os.environ | SECRET, check=True, capture_output=True, text=True)
    return made.stdout.strip()


def _post(server: Server) -> None:
    headers = {
        "Content-Type": "application/x-ndjson",
        "Authorization": f"Bearer {SECRET['DYNMAP_AUTH__INGEST_TOKENS']}",
    }
    httpx.post(f"{server.url}/api/events", content=EVENTS, headers=headers).raise_for_status()


def _located(page: Page) -> int:
    located: int = page.evaluate("window.dynmap.state().located")
    return located


def test_a_page_without_a_token_says_so_and_one_with_it_shows_what_it_opens(
    page: Page, eventually: Eventually
) -> None:
    sockets: list[WebSocket] = []
    received: list[str] = []

    def listen(socket: WebSocket) -> None:
        sockets.append(socket)
        socket.on("framereceived", lambda payload: received.append(str(payload)))

    page.on("websocket", listen)
    with run_server(env=SECRET) as server:
        page.goto(server.url)
        page.get_by_text("This map needs a token: add #token=... to the address.").wait_for()
        page.get_by_text("No access").wait_for()
        attempts = len(sockets)
        page.wait_for_timeout(3000)
        assert len(sockets) == attempts, "a refused page is to wait for a token"

        page.evaluate("token => { location.hash = `#token=${token}` }", _token("shop.>"))
        page.wait_for_selector("html[data-ready=true]", state="attached", timeout=90_000)
        assert page.url == f"{server.url}/"
        _post(server)
        eventually(lambda: _located(page) == 3, "the shop's events")
        assert page.evaluate("window.dynmap.state().topics") == {"shop.order": 3}
        assert page.get_by_text("needs a token").count() == 0

        page.reload()
        eventually(lambda: _located(page) == 3, "the shop's events, with the token that the tab has kept")
        assert not [text for text in received if "clinic" in text]

        page.evaluate("token => { location.hash = `#token=${token}` }", _token(">"))
        eventually(lambda: _located(page) == 4, "all events, with a token for all")


def test_a_token_that_expires_ends_the_show(page: Page, eventually: Eventually) -> None:
    with run_server(env=SECRET) as server:
        page.goto(f"{server.url}/#token={_token('>', '20s')}")
        eventually(lambda: bool(page.evaluate("window.dynmap.state().connected")), "connected")
        page.get_by_text("the token has expired").wait_for()
        page.get_by_text("No access").wait_for()
        page.evaluate("token => { location.hash = `#token=${token}` }", _token(">"))
        eventually(lambda: bool(page.evaluate("window.dynmap.state().connected")), "connected again")

"""Whom the servers behind deploy/nginx.conf take a viewer for, and where its page is from."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from deploy.front import EVENT, Front, port
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as open_websocket
from websockets.exceptions import InvalidStatus

from dynmap.client import RefusedError, connect
from dynmap.testing import run_server

AS_FROM = "set_real_ip_from 127.0.0.1; real_ip_header X-Test-Address;"
"""nginx takes a client for who it says it is: this machine's own addresses may take of a server what they like."""


@asynccontextmanager
async def viewer(front: Front, **headers: str) -> AsyncIterator[ClientConnection]:
    url = front.url.replace("https", "wss") + "/api/live"
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    async with open_websocket(url, ssl=front.tls, proxy=None, additional_headers=headers) as connection:
        yield connection


async def refused(front: Front, **headers: str) -> tuple[int, str]:
    with pytest.raises(InvalidStatus) as caught:
        async with viewer(front, **headers):
            pass
    response = caught.value.response
    return response.status_code, json.loads(response.body)["code"]


async def test_servers_know_the_address_of_a_viewer(tmp_path: Path) -> None:
    """And from nothing but what nginx says of it: who claims to be somebody else is not believed."""
    one = {"DYNMAP_LIMITS__CONNECTIONS_PER_ADDRESS": "1"}
    with run_server(env=one) as server, Front(tmp_path, [port(server)] * 2, AS_FROM) as front:
        first, second = "203.0.113.7", "203.0.113.8"
        async with viewer(front, X_Test_Address=first), viewer(front, X_Test_Address=second):
            for claim in ({}, {"X_Forwarded_For": "203.0.113.9"}, {"Forwarded": "for=203.0.113.9"}):
                assert await refused(front, X_Test_Address=first, **claim) == (429, "too_many_connections")
        async with viewer(front, X_Test_Address=first):
            pass


async def test_only_a_proxy_that_is_trusted_is_believed(tmp_path: Path) -> None:
    env = {"DYNMAP_LIMITS__CONNECTIONS_PER_ADDRESS": "1", "DYNMAP_SERVE__PROXIES": '["192.0.2.1"]'}
    with run_server(env=env) as server, Front(tmp_path, [port(server)] * 2, AS_FROM) as front:
        async with viewer(front, X_Test_Address="203.0.113.7"), viewer(front, X_Test_Address="203.0.113.7"):
            assert server.stats()["viewers"] == 2, "all come from nginx, for all that it knows"


async def test_the_page_may_ask_and_pages_of_others_may_not(front: Front) -> None:
    async with viewer(front, Origin=front.url):
        pass
    for origin in ("https://example.org", "https://localhost:1", "null"):
        assert await refused(front, Origin=origin) == (403, "bad_origin")


async def test_tokens_pass_through(tmp_path: Path) -> None:
    keys = {"DYNMAP_AUTH__SECRET": "s" * 32, "DYNMAP_AUTH__INGEST_TOKENS": "an-ingest-token-of-a-log-shipper"}
    with run_server(env=keys) as server, Front(tmp_path, [port(server)] * 2) as front:
        with pytest.raises(RefusedError, match="needs a viewer token") as without:
            async with connect(front.url, ssl=front.tls):
                pass
        assert without.value.code == "no_token"
        headers = {"Content-Type": "application/x-ndjson"}
        async with httpx.AsyncClient(verify=front.tls, trust_env=False, headers=headers) as http:
            posted = [
                await http.post(
                    f"{front.url}/api/events", content=EVENT, headers={"Authorization": f"Bearer {token}"}
                )
                for token in ("another-token", keys["DYNMAP_AUTH__INGEST_TOKENS"])
            ]
        assert [answer.status_code for answer in posted] == [401, 202]

"""Viewer tokens, as a real serving side takes them."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import jwt
import pytest

from dynmap.client import RefusedError, connect
from dynmap.config import Settings

SECRET = "a secret of at least 32 bytes, as HS256 wants it"

pytestmark = pytest.mark.parametrize(
    "served_settings", [Settings.model_validate({"auth": {"secret": SECRET}})], indirect=True, ids=[""]
)

EVENTS = [("web.ok", 52.52, 13.40, 3), ("mail.in", 35.68, 139.69, 2)]


def token(*topics: str, seconds: float = 600, secret: str = SECRET) -> str:
    return jwt.encode({"topics": list(topics), "exp": int(time.time() + seconds)}, secret, "HS256")


def url(serving: Any) -> str:
    return f"http://127.0.0.1:{serving.port}"


@pytest.mark.parametrize(
    ("given", "code"),
    [(None, "no_token"), ("nonsense", "bad_token"), (token(">", secret="x" * 32), "forged_token"),
     (token(">", seconds=-60), "expired_token")],
    ids=["none", "nonsense", "forged", "expired"],
)  # fmt: skip
async def test_without_a_good_one_it_does_not_enter(serving: Any, given: str | None, code: str) -> None:
    with pytest.raises(
        RefusedError, match=r"^ws://127.0.0.1:\d+/api/live: .* \(pass token=...\)$"
    ) as refused:
        async with connect(url(serving), token=given):
            pass
    assert refused.value.code == code


async def test_only_its_topics_come(serving: Any, ingest: Any) -> None:
    async with connect(url(serving), token=token("web.>")) as live:
        await ingest.send(EVENTS)
        async with asyncio.timeout(10):
            while live.located < 3:
                await anext(live)
        assert live.totals == {"web.ok": 3}
        assert live.topics == ["web.ok"]


async def test_other_topics_are_forbidden(serving: Any) -> None:
    with pytest.raises(RefusedError) as refused:
        async with connect(url(serving), topics="mail.>", token=token("web.>")):
            pass
    assert refused.value.code == "forbidden"


async def test_one_that_expires_ends_it(serving: Any, ingest: Any) -> None:
    async with connect(url(serving), token=token(">", seconds=2)) as live, asyncio.timeout(15):
        with pytest.raises(RefusedError, match="expired") as refused:
            _ = [step async for step in live]
        assert refused.value.code == "unauthorized"

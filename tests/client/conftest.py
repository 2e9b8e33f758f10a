"""A real serving side and ingest, as for its own tests, and a relay that connections can be cut at."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from client.relay import Relay
from serve.conftest import ingest, served_settings, serving

__all__ = ["ingest", "served_settings", "serving"]


@pytest.fixture
async def relay(serving: Any) -> AsyncIterator[Relay]:
    """Between a client and the server: `relay.url`."""
    async with Relay(serving.port) as running:
        yield running

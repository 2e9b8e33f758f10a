"""Fixtures for tests of the sources' own logic."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from .recording import RecordingIntake, Until


@pytest.fixture
def intake() -> RecordingIntake:
    """A new recording intake."""
    return RecordingIntake()


@pytest.fixture
def until() -> Until:
    """Waits until something holds, at most 10 s."""

    async def wait(holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(10):
            while not holds():
                await asyncio.sleep(0.002)

    return wait

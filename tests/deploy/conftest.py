"""A real nginx in front of two real servers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import httpx
import pytest
from deploy.front import NGINX, Front, port

from dynmap.testing import Server, run_server


@pytest.fixture(scope="module", autouse=True)
def _nginx_is_there() -> None:
    if NGINX is None:
        pytest.skip("needs Debian's nginx")


@pytest.fixture(scope="module")
def servers() -> Iterator[list[Server]]:
    with ExitStack() as stack:
        yield [stack.enter_context(run_server()) for _ in range(2)]


@pytest.fixture(scope="module")
def front(servers: list[Server], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    with Front(tmp_path_factory.mktemp("nginx"), [port(server) for server in servers]) as running:
        yield running


@pytest.fixture
def http(front: Front) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=front.url, verify=front.tls, trust_env=False, timeout=30) as client:
        yield client

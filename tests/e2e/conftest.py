"""The whole of DynMap, driven from outside: a real server, a real nginx, a real browser."""

from __future__ import annotations

import random
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from e2e.nginx import Nginx
from playwright.sync_api import Browser, sync_playwright

from dynmap.testing import free_port

CHROMIUM = Path("/usr/bin/chromium")
CHROMIUM_FLAGS = (
    "--no-sandbox --use-angle=swiftshader --enable-unsafe-swiftshader --ignore-gpu-blocklist --disable-quic "
    "--no-first-run --disable-background-networking --disable-component-update --disable-sync"
).split()
REAL_LOG = Path(__file__).parents[3] / "shared" / "data" / "apache_access_2015.log"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, with WebGL2 in software. Playwright runs a loop as long as it is there: not for longer than
    a module, or no other test could run one.
    """
    if not CHROMIUM.exists():
        pytest.skip("needs Debian's chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def nginx(tmp_path: Path) -> Iterator[Nginx]:
    """A real nginx of the test's own, on a free port, that takes X-Forwarded-For for the client's address."""
    if shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin") is None:
        pytest.skip("needs Debian's nginx")
    with Nginx(tmp_path / "nginx", free_port()) as running:
        yield running


@pytest.fixture
def web_log(tmp_path: Path) -> Path:
    """10,000 lines of a web server's log: the real one where it is at hand, else one like it."""
    path = tmp_path / "access.log"
    path.write_bytes(REAL_LOG.read_bytes() if REAL_LOG.exists() else _made_up_log().encode())
    assert path.read_bytes().count(b"\n") == 10_000
    return path


def _made_up_log() -> str:
    rng = random.Random(2015)
    addresses = [f"{rng.randrange(1, 224)}.{rng.randrange(256)}.{rng.randrange(256)}.9" for _ in range(1753)]
    start = 1431828000
    lines = []
    for number in range(10_000):
        moment = time.gmtime(start + number * 30 - rng.choice((0, 0, 7, 59)))
        stamp = time.strftime("%d/%b/%Y:%H:%M:%S +0000", moment)
        lines.append(
            f'{rng.choice(addresses)} - - [{stamp}] "GET /{number} HTTP/1.1" 200 {number} "-" "a/1.0"\n'
        )
    return "".join(lines)


@pytest.fixture
def eventually() -> Callable[[Callable[[], bool], str], None]:
    """Waits until something holds, at most 30 s; fails naming what did not."""

    def wait(holds: Callable[[], bool], what: str) -> None:
        end = time.monotonic() + 30
        while not holds():
            assert time.monotonic() < end, f"not within 30 s: {what}"
            time.sleep(0.05)

    return wait

"""The map's files: cacheable, compressed, and held to their own host."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def built(tmp_path: Path) -> Path:
    static = tmp_path / "static"
    (static / "assets").mkdir(parents=True)
    (static / "index.html").write_text("<!doctype html><title>map</title>" + " " * 2000)
    (static / "assets" / "index-abc123.js").write_text("let a = 1;\n" * 500)
    (static / "assets" / "font-abc123.woff2").write_bytes(bytes(range(256)) * 20)
    return static


async def test_the_map_is_not_kept_unasked_and_its_hashed_parts_are(serving: Any, built: Path) -> None:
    page = await serving.http.get("/")
    assert page.status_code == 200
    assert page.headers["cache-control"] == "no-cache"
    assert page.headers["content-type"].startswith("text/html")
    script = await serving.http.get("/assets/index-abc123.js")
    assert script.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert "javascript" in script.headers["content-type"]


async def test_the_browser_holds_the_page_to_its_own_host(serving: Any, built: Path) -> None:
    headers = (await serving.http.get("/")).headers
    policy = dict(part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'self'"
    assert policy["worker-src"] == "'self' blob:"
    assert "http" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"


async def test_texts_are_compressed_once_and_others_not(serving: Any, built: Path) -> None:
    for path, zipped in (
        ("/", True),
        ("/assets/index-abc123.js", True),
        ("/assets/font-abc123.woff2", False),
    ):
        answer = await serving.http.get(path, headers={"Accept-Encoding": "gzip"})
        assert answer.headers.get("content-encoding") == ("gzip" if zipped else None)
        assert answer.headers["vary"] == "Accept-Encoding"
        plain = await serving.http.get(path, headers={"Accept-Encoding": "identity"})
        assert "content-encoding" not in plain.headers
        assert answer.content == plain.content


async def test_a_changed_file_is_seen(serving: Any, built: Path) -> None:
    first = await serving.http.get("/", headers={"Accept-Encoding": "gzip"})
    (built / "index.html").write_text("<!doctype html><title>new</title>" + " " * 3000)
    second = await serving.http.get(
        "/", headers={"Accept-Encoding": "gzip", "If-None-Match": first.headers["etag"]}
    )
    assert second.status_code == 200
    assert "new" in second.text
    third = await serving.http.get(
        "/", headers={"Accept-Encoding": "gzip", "If-None-Match": second.headers["etag"]}
    )
    assert (third.status_code, third.content) == (304, b"")
    assert third.headers["cache-control"] == "no-cache"


async def test_parts_and_heads_of_files(serving: Any, built: Path) -> None:
    part = await serving.http.get("/assets/index-abc123.js", headers={"Range": "bytes=0-9"})
    assert (part.status_code, part.content) == (206, b"let a = 1;")
    head = await serving.http.head("/")
    assert (head.status_code, head.content) == (200, b"")


@pytest.mark.parametrize(
    "path",
    ["/nothing", "/assets/nothing.js", "/../conftest.py", "/%2e%2e/relay.sock", "/%00", "/" + "a" * 5000],
)
async def test_what_is_not_there_is_a_404(serving: Any, built: Path, path: str) -> None:
    assert (await serving.http.get(path)).status_code == 404


async def test_the_map_takes_nothing(serving: Any, built: Path) -> None:
    assert (await serving.http.post("/", content=b"x")).status_code == 405


async def test_a_map_that_is_not_built_says_how(serving: Any) -> None:
    answer = await serving.http.get("/")
    assert answer.status_code == 503
    assert "make web" in answer.text
    assert (await serving.http.get("/assets/x.js")).status_code == 404

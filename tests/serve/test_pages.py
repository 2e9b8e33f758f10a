"""The map's files: cacheable, compressed, and held to their own host."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dynmap.config import Settings
from dynmap.serve import models


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
    assert headers["referrer-policy"] == "same-origin"


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


# --- what the settings add


def page_settings(**tables: Any) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(
        "served_settings", [Settings.model_validate(tables)], ids=[""], indirect=True
    )


async def policy_of(serving: Any) -> dict[str, str]:
    headers = (await serving.http.get("/")).headers
    return dict(part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";"))


async def test_the_page_is_told_what_it_needs_before_it_draws(serving: Any) -> None:
    answer = await serving.http.get("/map.json")
    assert answer.json() == {"home": None, "basemap": {"kind": "bundled"}}
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-cache"
    assert models.PageSettings.model_validate(answer.json()).basemap.kind == "bundled"


@page_settings(
    auth={"secret": "a secret of at least 32 bytes, as HS256 wants it"},
    map={
        "basemap": "https://tiles.example/style.json",
        "attribution": "© Example",
        "origins": ["https://fonts.example"],
    },
    home={"name": "Suva", "lat": -18.14, "lon": 178.44},
)
async def test_a_base_map_and_whom_it_needs(serving: Any, built: Path) -> None:
    """Without a token, which nobody has before the page is there."""
    origins = ["https://fonts.example", "https://tiles.example"]
    assert (await serving.http.get("/map.json")).json() == {
        "home": {"name": "Suva", "lat": -18.14, "lon": 178.44},
        "basemap": {
            "kind": "style",
            "url": "https://tiles.example/style.json",
            "attribution": "© Example",
            "origins": origins,
        },
    }
    policy = await policy_of(serving)
    assert policy["connect-src"] == "'self' https://fonts.example https://tiles.example"
    assert policy["img-src"] == "'self' data: blob: https://fonts.example https://tiles.example"
    assert policy["default-src"] == "'self'"
    assert "script-src" not in policy
    referrer = (await serving.http.get("/")).headers["referrer-policy"]
    assert referrer == "strict-origin-when-cross-origin"


@page_settings(auth={"origins": ["https://board.example"]})
async def test_who_may_ask_may_frame(serving: Any, built: Path) -> None:
    policy = await policy_of(serving)
    assert policy["frame-ancestors"] == "'self' https://board.example"
    assert policy["connect-src"] == "'self'"


async def test_nobody_else_may_frame(serving: Any, built: Path) -> None:
    assert (await policy_of(serving))["frame-ancestors"] == "'self'"


@pytest.fixture
def world(tmp_path: Path) -> Path:
    file = tmp_path / "world.pmtiles"
    file.write_bytes(b"PMTiles\x03" + bytes(2040))
    return file


@pytest.fixture
def served_settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """As elsewhere, and with the file of a test that has one."""
    if "world" in request.fixturenames:
        return Settings.model_validate({"map": {"basemap": str(tmp_path / "world.pmtiles")}})
    settings: Settings = getattr(request, "param", Settings())
    return settings


async def test_a_file_is_served_in_ranges(serving: Any, built: Path, world: Path) -> None:
    assert (await serving.http.get("/map.json")).json()["basemap"] == {
        "kind": "pmtiles",
        "url": "basemap.pmtiles",
    }
    part = await serving.http.get("/basemap.pmtiles", headers={"Range": "bytes=0-6"})
    assert (part.status_code, part.content) == (206, b"PMTiles")
    assert part.headers["content-range"] == "bytes 0-6/2048"
    assert "content-encoding" not in part.headers
    again = await serving.http.get("/basemap.pmtiles", headers={"If-None-Match": part.headers["etag"]})
    assert again.status_code == 304
    world.unlink()
    assert (await serving.http.get("/basemap.pmtiles")).status_code == 404


async def test_without_a_file_there_is_none(serving: Any, built: Path) -> None:
    assert (await serving.http.get("/basemap.pmtiles")).status_code == 404


async def test_the_gazetteer_is_compressed_and_asked_for_once(serving: Any, built: Path) -> None:
    (built / "base").mkdir()
    (built / "base" / "cities.bin").write_bytes(bytes(5000))
    first = await serving.http.get("/base/cities.bin", headers={"Accept-Encoding": "gzip"})
    assert (first.headers["content-encoding"], first.content) == ("gzip", bytes(5000))
    assert int(first.headers["content-length"]) < 100
    again = await serving.http.get(
        "/base/cities.bin", headers={"Accept-Encoding": "gzip", "If-None-Match": first.headers["etag"]}
    )
    assert (again.status_code, again.content) == (304, b"")

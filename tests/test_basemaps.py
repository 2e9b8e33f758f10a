"""What users write for a base map, and what is taken for one."""

from __future__ import annotations

from pathlib import Path

import pytest

from dynmap.basemaps import Basemap, basemap_of, host_of, problem_with_pmtiles


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("https://tiles.example.com/styles/positron", "style"),
        ("https://api.example.com/maps/style.json?key=abc", "style"),
        ("http://127.0.0.1:8081/style.json", "style"),
        ("https://tile.openstreetmap.org/{z}/{x}/{y}.png", "raster"),
        ("https://tile.googleapis.com/v1/2dtiles/{z}/{x}/{y}?session=a&key=b", "raster"),
        ("https://t.example/{quadkey}.jpg", "raster"),
        ("https://t.example/wms?bbox={bbox-epsg-3857}&format=image/png", "raster"),
        ("https://t.example/{z}/{x}/{y}{ratio}.png", "raster"),
        ("HTTPS://Example.com/World.PMTiles", "pmtiles"),
        ("https://example.com/world.pmtiles?signature=abc", "pmtiles"),
    ],
)
def test_a_url_tells_what_it_leads_to(text: str, kind: str) -> None:
    assert basemap_of(text) == Basemap(kind, url=text)  # type: ignore[arg-type]


def test_what_is_no_url_is_a_file() -> None:
    for text in ("world.pmtiles", "/srv/maps/with spaces.pmtiles", "../x"):
        assert basemap_of(text) == Basemap("pmtiles", path=Path(text))


def test_nothing_is_the_bundled_map() -> None:
    assert basemap_of("") == basemap_of(" bundled ") == Basemap("bundled")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("https://t.example/{x}/{y}.png", "lacks {z}: a template of tiles has {z}, {x} and {y} in it"),
        ("https://t.example/{z}.png", "lacks {x} and {y}"),
        ("https://{s}.t.example/{z}/{x}/{y}.png", "has no host such as"),
        ("https://t.example/{z}/{x}/{y}{r}.png", "has {r} in it: write one of its values there"),
        ("https://t.example/0/0/0.png", "is a single tile"),
        ("tiles/{z}/{x}/{y}.png", "is no URL: a template of tiles begins with https://"),
        ("ftp://t.example/style.json", "is neither an http or https URL nor a PMTiles file"),
        ("mapbox://styles/a/b", "is neither an http or https URL nor a PMTiles file"),
        ("https:///style.json", "has no host such as"),
        ("https://a@b.example/style.json", "has no host such as"),
        ("https://a.example;script-src/style.json", "has no host such as"),
        ("https://a.example/ b", "has a space in it"),
    ],
)
def test_what_is_none_is_said(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=r"is|has|lacks") as caught:
        basemap_of(text)
    assert said in str(caught.value)
    assert text in str(caught.value)


def test_the_origin_of_a_url_is_as_browsers_write_it() -> None:
    assert host_of("HTTPS://Tiles.Example:8443/a/{z}") == "https://tiles.example:8443"


def test_a_file_that_is_not_pmtiles_or_not_all_of_it(tmp_path: Path) -> None:
    file = tmp_path / "a.pmtiles"

    def written(content: bytes) -> str | None:
        file.write_bytes(content)
        return problem_with_pmtiles(file)

    sections = b"".join(number.to_bytes(8, "little") for number in (127, 10, 137, 10, 147, 0, 147, 53))
    whole = b"PMTiles\x03" + sections + bytes(55) + bytes(73)
    assert len(whole) == 200
    assert written(whole) is None
    assert written(whole[:-1]) == "is not all of a PMTiles file: its end is missing"
    assert written(b"PMTiles\x02" + whole[8:]) == "is no PMTiles file (of version 3)"
    assert written(whole[:100]) == written(b"") == written(b"<html>") == "is no PMTiles file (of version 3)"

"""A known event's glow is where the map projects its place: on globe and flat map, near and far, at every edge."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from e2e.mapped import Event, MapPage, post_in_one_tick, until
from playwright.sync_api import Browser, ViewportSize

from dynmap.testing import Server, run_server

SIZE = ViewportSize(width=900, height=600)
WEIGHT = 30
AGE_MS = 1000
FADED_MS = 60_000

REACH = 3.0
"""How far from its projected place the middle of a glow may be, in CSS pixels."""

AROUND = 10
"""Where it is looked for, likewise."""

LEAST = 40
"""How much lighter it is at least to be there."""

# A place, and how far from it the map's middle is.
BERLIN = (13.4059, 52.5205)
VIEWS = {
    "far": (BERLIN, (5.0, 3.0), 1.8),
    "near": (BERLIN, (1.5, 1.0), 5.0),
    "street": (BERLIN, (0.01, 0.006), 12.0),
    "west of the date line": ((179.9, -17.0), (3.0, 2.0), 3.0),
    "east of the date line": ((-179.9, -17.0), (-3.0, 2.0), 3.0),
    "across the date line": ((-179.9, 20.0), (-10.0, 5.0), 2.2),
    "near the pole": ((25.0, 83.5), (10.0, -3.0), 2.2),
}
LIMB = {"at the limb": ((70.0, 10.0), (-72.0, 0.0), 1.6)}


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with run_server() as running:
        yield running


@pytest.mark.parametrize("projection", ["flat", "globe"])
def test_its_middle_is_at_its_pixel(browser: Browser, server: Server, projection: str) -> None:
    context = browser.new_context(viewport=SIZE, color_scheme="dark")
    mapped = MapPage(context, server.url).open(f"?projection={projection}&mode=points&center=0,20&zoom=2")
    mapped.page.add_style_tag(content="#panels { display: none }")
    views = VIEWS | (LIMB if projection == "globe" else {})
    for name, ((lon, lat), (east, north), zoom) in views.items():
        mapped.hold(None)
        mapped.look(lon + east, lat + north, zoom)
        before = mapped.located
        tick = post_in_one_tick(server, [Event(lon, lat, "web", WEIGHT)])
        until(lambda: mapped.located == before + WEIGHT, "it is counted")  # noqa: B023
        mapped.hold(tick + AGE_MS)
        lit, (x, y) = mapped.picture().astype(int), mapped.pixel(lon, lat)
        mapped.hold(tick + FADED_MS)
        gained = (lit - mapped.picture()).max(axis=2)
        found = _middle(gained, x, y)
        assert found is not None, f"{name}: nothing is lit at {x:.0f},{y:.0f}"
        off = float(np.hypot(found[0] - x, found[1] - y))
        assert off <= REACH, f"{name}: the glow is at {found}, {off:.1f} pixels from {x:.1f},{y:.1f}"
    context.close()


def _middle(
    lit: np.ndarray[tuple[int, int], np.dtype[np.int_]], x: float, y: float
) -> tuple[float, float] | None:
    """The middle of what is lit around a place, weighted by how much; None where that is nothing."""
    column, row = int(x) - AROUND, int(y) - AROUND
    part = lit[max(0, row) : row + 2 * AROUND + 1, max(0, column) : column + 2 * AROUND + 1]
    if part.size == 0 or part.max() < LEAST:
        return None
    weight = np.clip(part - part.max() / 2, 0, None)
    rows, columns = np.mgrid[0 : part.shape[0], 0 : part.shape[1]]
    total = weight.sum()
    return (
        float((weight * columns).sum() / total) + max(0, column) + 0.5,
        float((weight * rows).sum() / total) + max(0, row) + 0.5,
    )

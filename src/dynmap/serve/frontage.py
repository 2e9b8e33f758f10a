"""What the settings say about the page: what it is told, whom its browser lets it ask, who may frame it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from dynmap.basemaps import host_of
from dynmap.config import HomeSettings, Settings
from dynmap.serve import models

PMTILES: Final = "basemap.pmtiles"
"""Where a file of the operator's is served, beside the page."""


@dataclass(frozen=True, slots=True)
class Frontage:
    """`told` is map.json, `policy` the Content-Security-Policy, `pmtiles` the file that is the base map.

    `referrer` is whom the browser tells where a request comes from: others than this server not at all, and those
    who serve a base map, who may insist on it, only the origin.
    """

    told: bytes
    policy: str
    referrer: str
    pmtiles: Path | None

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """What these settings make of it."""
        base = settings.map.base
        url = PMTILES if base.path is not None else base.url
        origins = sorted({*settings.map.origins, *([host_of(base.url)] if base.url else [])})
        basemap = models.Basemap(
            kind=base.kind, url=url, attribution=settings.map.attribution, origins=origins
        )
        told = models.PageSettings(home=_home(settings.home), basemap=basemap)
        return cls(
            told=told.model_dump_json(exclude_defaults=True).encode(),
            policy=_policy(origins, settings.auth.origins),
            referrer="strict-origin-when-cross-origin" if origins else "same-origin",
            pmtiles=base.path,
        )


def _home(home: HomeSettings) -> models.Home | None:
    if home.lat is None or home.lon is None:
        return None
    return models.Home(name=home.name or "", lat=home.lat, lon=home.lon)


def _policy(asked: list[str], framing: list[str]) -> str:
    """The page asks nobody but this server and whom the base map needs: the browser holds it to that."""
    return "; ".join(
        (
            "default-src 'self'",
            "style-src 'self' 'unsafe-inline'",
            " ".join(("img-src 'self' data: blob:", *asked)),
            " ".join(("connect-src 'self'", *asked)),
            "worker-src 'self' blob:",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'none'",
            " ".join(("frame-ancestors 'self'", *framing)),
        )
    )

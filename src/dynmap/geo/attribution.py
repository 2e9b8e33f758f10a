"""Whom a database asks to be named, by how it calls itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from dynmap.geo.columns import FORMAT, Metadata


@dataclass(frozen=True, slots=True)
class Provider:
    """A maker of location databases. `signs` are what its files or their types have in their names."""

    signs: tuple[str, ...]
    licence: str
    attribution: str
    link: str


PROVIDERS: Final = (
    Provider(("dbip", "db-ip"), "CC BY 4.0", "IP Geolocation by DB-IP", "https://db-ip.com/"),
    Provider(
        ("geolite",),
        "GeoLite End User License Agreement",
        "This product includes GeoLite Data created by MaxMind, available from https://www.maxmind.com",
        "https://www.maxmind.com",
    ),
    Provider(("geoip2", "geoip"), "commercial", "IP geolocation by MaxMind", "https://www.maxmind.com"),
    Provider(("ipinfo",), "see IPinfo", "IP address data powered by IPinfo", "https://ipinfo.io"),
    Provider(
        ("ip2location",), "see IP2Location", "IP geolocation by IP2Location", "https://www.ip2location.com"
    ),
)


def metadata_of(files: Sequence[tuple[Path, str, int]]) -> Metadata:
    """Metadata of a table built from files, each with its path, its database type and its build time in seconds."""
    source = " + ".join(dict.fromkeys(path.name for path, _, _ in files))
    build_epoch = min(epoch for _, _, epoch in files)
    known = f"{' '.join(kind for _, kind, _ in files)} {source}".lower()
    for provider in PROVIDERS:
        if any(sign in known for sign in provider.signs):
            return Metadata(
                FORMAT, source, build_epoch, provider.licence, provider.attribution, provider.link
            )
    return Metadata(FORMAT, source, build_epoch, "unknown", f"IP geolocation by {source}", "")

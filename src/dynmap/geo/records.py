"""What a record of an MMDB says about a place, whoever made the file."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Record:
    """A place as an MMDB gives it: degrees, names ("" when not given), ISO country code, accuracy radius in km."""

    lat: float
    lon: float
    city: str
    region: str
    country: str
    radius: float | None


def understand(record: dict[str, Any]) -> Record | None:
    """The place in a record, or None when it has none.

    Nested records are GeoLite2's, GeoIP2's and DB-IP's own (`location.latitude`, `city.names.en`); flat ones are
    those of ip-location-db (`latitude`, `state1`) and IPinfo (`loc` as "lat,lng", or `lat` and `lng` as text).
    """
    return _nested(record) if isinstance(record.get("location"), dict) else _flat(record)


def _nested(record: dict[str, Any]) -> Record | None:
    location = record["location"]
    position = _position(location.get("latitude"), location.get("longitude"))
    if position is None:
        return None
    regions = record.get("subdivisions")
    country = record.get("country")
    return Record(
        *position,
        city=_name(record.get("city")),
        region=_name(regions[0]) if isinstance(regions, list) and regions else "",
        country=_country(country.get("iso_code")) if isinstance(country, dict) else "",
        radius=_number(location.get("accuracy_radius")),
    )


def _flat(record: dict[str, Any]) -> Record | None:
    latitude, longitude = _first(record, "latitude", "lat"), _first(record, "longitude", "lng", "lon")
    loc = record.get("loc")
    if latitude is None and isinstance(loc, str):
        latitude, _, longitude = loc.partition(",")
    position = _position(latitude, longitude)
    if position is None:
        return None
    return Record(
        *position,
        city=_text(_first(record, "city", "city_name")),
        region=_text(_first(record, "state1", "region", "region_name")),
        country=_country(_first(record, "country_code", "country")),
        radius=_number(_first(record, "accuracy_radius", "radius")),
    )


def _first(record: dict[str, Any], *keys: str) -> Any:
    return next((record[key] for key in keys if record.get(key) is not None), None)


def _position(latitude: Any, longitude: Any) -> tuple[float, float] | None:
    lat, lon = _number(latitude), _number(longitude)
    if lat is None or lon is None or abs(lat) > 90 or abs(lon) > 180:
        return None
    return lat, lon


def _number(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def _name(named: Any) -> str:
    """The English name of a nested item, else any name it has."""
    names = named.get("names") if isinstance(named, dict) else None
    if not isinstance(names, dict) or not names:
        return ""
    return _text(names.get("en") or next(iter(names.values())))


def _text(value: Any) -> str:
    return " ".join(value.split()) if isinstance(value, str) else ""


def _country(value: Any) -> str:
    """A two-letter code as it is; anything else (a name, a number) is no code."""
    return (
        value.upper()
        if isinstance(value, str) and len(value) == 2 and value.isascii() and value.isalpha()
        else ""
    )

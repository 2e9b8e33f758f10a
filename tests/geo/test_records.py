"""Records of every maker of databases."""

from __future__ import annotations

from typing import Any

import pytest

from dynmap.geo.records import Record, understand

ULM = Record(48.4, 9.99, "Ulm", "Baden-Wurttemberg", "DE", None)
NESTED = {
    "city": {"geoname_id": 1, "names": {"de": "Ulm an der Donau", "en": "Ulm"}},
    "country": {"iso_code": "DE", "names": {"en": "Germany"}},
    "subdivisions": [{"iso_code": "BW", "names": {"en": "Baden-Wurttemberg"}}, {"names": {"en": "Tübingen"}}],
    "location": {"latitude": 48.4, "longitude": 9.99},
}


NAMES = {"city": "Ulm", "region": "Baden-Wurttemberg"}


@pytest.mark.parametrize(
    "record",
    [
        pytest.param(
            {"city": "Ulm", "country_code": "DE", "state1": "Baden-Wurttemberg", "state2": ""}
            | {"latitude": 48.4, "longitude": 9.99},
            id="ip-location-db",
        ),
        pytest.param(NESTED, id="DB-IP"),
        pytest.param(NAMES | {"country": "DE", "loc": "48.4,9.99"}, id="IPinfo loc"),
        pytest.param(NAMES | {"country": "DE", "lat": "48.4", "lng": "9.99"}, id="IPinfo lat lng"),
        pytest.param(
            NAMES | {"country": "Germany", "country_code": "DE", "latitude": "48.4", "longitude": "9.99"},
            id="IPinfo Core",
        ),
    ],
)
def test_all_layouts_say_the_same(record: dict[str, Any]) -> None:
    assert understand(record) == ULM


def test_accuracy_radius_of_geolite2() -> None:
    location = {"latitude": 48.4, "longitude": 9.99, "accuracy_radius": 500}
    assert understand(NESTED | {"location": location}) == Record(
        48.4, 9.99, "Ulm", "Baden-Wurttemberg", "DE", 500
    )


def test_a_name_in_another_language_is_better_than_none() -> None:
    record = understand(NESTED | {"city": {"names": {"fr": "Oulm"}}})
    assert record is not None
    assert record.city == "Oulm"


def test_only_a_country() -> None:
    record = understand({"country": {"iso_code": "DE"}, "location": {"latitude": 51.0, "longitude": 9.0}})
    assert record == Record(51.0, 9.0, "", "", "DE", None)


@pytest.mark.parametrize(
    "record",
    [
        {},
        {"autonomous_system_number": 3320, "autonomous_system_organization": "Deutsche Telekom AG"},
        {"country": {"iso_code": "DE"}},
        {"location": {"time_zone": "Europe/Berlin"}},
        {"latitude": None, "longitude": None},
        {"latitude": float("nan"), "longitude": 1.0},
        {"latitude": 91.0, "longitude": 1.0},
        {"lat": "", "lng": ""},
        {"loc": "somewhere"},
        {"loc": "48.4"},
        {"city": "Ulm", "latitude": 48.4},
    ],
)
def test_no_place(record: dict[str, Any]) -> None:
    assert understand(record) is None

"""What `dynmap check` is told about a sample."""

from __future__ import annotations

from typing import Any

import pytest

from dynmap.config import SourceSettings
from dynmap.pipeline.check import Report, address_fields
from dynmap.pipeline.check import check as checked

ACCESS = '{} - - [17/May/2015:10:05:03 +0000] "GET / HTTP/1.1" 200 1\n'


@pytest.fixture
def check(table: Any) -> Any:
    """A function that checks lines."""
    table.place = lambda index: type(
        "P",
        (),
        {
            "name": f"Town {index}",
            "region": "",
            "country": "XX",
            "lat": 1.0,
            "lon": 2.0,
            "coarse": index == 8,
        },
    )

    def run(lines: str, **settings: Any) -> Report:
        return checked(
            lines.encode(), SourceSettings.model_validate({"kind": "stdin", "name": "web", **settings}), table
        )

    return run


def test_a_good_log(check: Any) -> None:
    report = check("".join(ACCESS.format(f"{n}.1.1.1") for n in range(1, 101)) + "nonsense\n")
    assert (report.format, report.received, report.located, report.unlocated, report.rejected) == (
        "combined",
        101,
        99,
        1,
        1,
    )
    assert report.warnings == []
    assert report.topics == ["web"]
    first = report.events[0]
    assert first.place == "Town 1, XX"
    assert first.time == "2015-05-17 10:05:03+00:00"
    assert len(report.events) == 3
    assert "1.1.1.1" not in str(report)
    assert sum(report.reasons.values()) == len(report.examples) == 1


def test_private_addresses(check: Any) -> None:
    report = check("".join(ACCESS.format(f"10.0.0.{n}") for n in range(100)))
    assert report.unlocated == 100
    assert "private" in report.warnings[0]
    assert "set_real_ip_from" in report.warnings[0]
    assert "--pattern" in report.warnings[0]


def test_one_proxy(check: Any) -> None:
    report = check(ACCESS.format("9.9.9.9") * 100)
    assert "one and the same address" in report.warnings[0]
    assert "9.9.9.9" not in str(report)


def test_another_field_of_json_holds_the_visitor(check: Any) -> None:
    report = check('{"ip":"10.0.0.1","x_forwarded_for":"1.2.3.4"}\n' * 50)
    assert "x_forwarded_for" in report.warnings[0]
    report = check('{"remote_addr":"1.2.3.4","n":1}\n' * 50, format="json")
    assert "remote_addr" in report.warnings[0]


def test_nothing_is_recognised(check: Any) -> None:
    report = check("what\nis\nthis\n")
    assert report.format is None
    assert "no format was recognised" in report.warnings[0]


def test_times_that_can_not_be_read(check: Any) -> None:
    report = check('{"ip":"1.2.3.4"}\n' * 10, time="event")
    assert "time" in report.warnings[0]


def test_places_of_all_kinds(check: Any) -> None:
    report = check('{"ip":"8.8.8.8"}\n{"ip":"2001:67c::1"}\n{"lat":52.5,"lon":13.4,"n":5}\n')
    assert [event.place for event in report.events] == [
        "Town 8, XX (only roughly known)",
        "Town 256, XX",
        "52.500, 13.400",
    ]
    assert report.events[2].weight == 5


def test_address_fields_are_found_in_order() -> None:
    lines = b'{"ip":"1.1.1.1","a":"1.2.3.4","b":"::1"}\nnot json\n{"b":"::2","c":5}\n'
    assert address_fields(lines) == ["b", "a"]

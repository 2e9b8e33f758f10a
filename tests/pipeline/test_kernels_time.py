"""Times agree with `datetime`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynmap.pipeline.events import NO_KEYS, NO_STAMP, Block
from dynmap.pipeline.formats import read_time
from dynmap.pipeline.kernels_combined import decode_combined
from dynmap.pipeline.memory import address_of

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ZONES = st.integers(-23 * 60, 23 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
MOMENTS = st.datetimes(datetime(1970, 1, 3), datetime(9998, 12, 31), timezones=ZONES)  # noqa: DTZ001


def ms_of(moment: datetime) -> int:
    """Milliseconds since 1970, rounded down."""
    return (moment - EPOCH) // timedelta(milliseconds=1)


@given(MOMENTS, st.sampled_from("Tt "))
def test_rfc_3339(moment: datetime, between: str) -> None:
    text = moment.isoformat(between)
    whole = moment.microsecond == 0
    assert read_time(text) == ms_of(moment) * 2 + whole
    assert read_time(text[:-3] + text[-2:]) == read_time(text)


@given(MOMENTS)
def test_rfc_3339_in_utc(moment: datetime) -> None:
    utc = moment.astimezone(UTC).replace(tzinfo=None)
    for zone in "Zz":
        assert read_time(utc.isoformat("T", "milliseconds") + zone) == ms_of(moment) * 2


def stamps_of_access_log(times: list[str]) -> list[int]:
    """The stamps of lines with these times."""
    lines = "".join(f'1.2.3.4 - - [{time}] "GET / HTTP/1.1" 200 1\n' for time in times).encode()
    data, block = np.frombuffer(lines, np.uint8), Block(max(1, len(times)))
    at = address_of(data)
    assert decode_combined(at, at + len(data), block.at, NO_KEYS)[1] == len(times)
    assert not block.state.any()
    stamps: list[int] = block.stamp.tolist()
    return stamps


@given(st.lists(MOMENTS, min_size=1, max_size=8))
def test_times_of_access_logs(moments: list[datetime]) -> None:
    """Also one after the other: the day of the line before is remembered."""
    texts = [
        moment.strftime("%d/%b/") + f"{moment.year:04}" + moment.strftime(":%H:%M:%S %z")
        for moment in moments
    ]
    texts = [text[:26] for text in texts]
    seconds = [(moment.replace(microsecond=0) - EPOCH) // timedelta(seconds=1) for moment in moments]
    assert stamps_of_access_log(texts) == [second * 2000 + 1 for second in seconds]


@pytest.mark.parametrize(
    "time",
    [
        "31/Feb/2015:10:05:03 +0000",
        "00/May/2015:10:05:03 +0000",
        "17/Mai/2015:10:05:03 +0000",
        "17/May/2015:24:05:03 +0000",
        "17/May/2015:10:60:03 +0000",
        "17/May/2015:10:05:61 +0000",
        "17/May/2015:10:05:03 *0000",
        "17/May/2015:10:05:03 +2400",
        "17/May/1969:10:05:03 +0000",
        "aa/May/2015:10:05:03 +0000",
        "yesterday",
        "",
    ],
)
def test_times_that_are_none_mean_arrival(time: str) -> None:
    good = "17/May/2015:10:05:03 +0000"
    assert stamps_of_access_log([good, time, good]) == [
        1_431_857_103 * 2000 + 1,
        NO_STAMP,
        1_431_857_103 * 2000 + 1,
    ]


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("1700000000", 1_700_000_000_000),
        ("1700000000000", 1_700_000_000_000),
        ("1700000000.25", 1_700_000_000_250),
        ("1700000000.1239", 1_700_000_000_124),
        ("1.7e9", 1_700_000_000_000),
        ("2024-02-29T00:00:00Z", 1_709_164_800_000),
        ("2016-12-31T23:59:60Z", 1_483_228_800_000),
    ],
)
def test_other_texts(text: str, ms: int) -> None:
    assert read_time(text) >> 1 == ms


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0",
        "-1",
        "-5.5",
        "x",
        "1e300",
        "99999999999999999999",
        "2026-11-23",
        "2026-11-23T10:05:03",
        "2026-02-30T00:00:00Z",
        "2026-11-23T10:05:03.Z",
        "2026-11-23T10:05:03+1",
        "2026-11-23T10:05:03ZZ",
        "1960-01-01T00:00:00Z",
        "NaN",
        "0x10",
    ],
)
def test_texts_that_are_no_time(text: str) -> None:
    assert read_time(text) == NO_STAMP


def test_seconds_and_milliseconds_part_at_a_hundred_thousand_million() -> None:
    assert read_time("99999999999") >> 1 == 99_999_999_999_000
    assert read_time("100000000000") >> 1 == 100_000_000_000

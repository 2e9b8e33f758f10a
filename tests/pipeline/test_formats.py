"""Every format's samples mean what the table of formats says, through the whole pipeline."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from dynmap.config import SourceSettings
from dynmap.errors import SettingsError
from dynmap.frame import TICK_MS
from dynmap.pipeline.events import Block, Filled
from dynmap.pipeline.formats import FORMATS, Sample
from dynmap.pipeline.pipeline import LineError, LiveTopics, Pipeline

Make = Callable[..., Pipeline]
NOW = 1_800_000_000_000

SAMPLES = [(name, sample) for name, each in FORMATS.items() for sample in each.samples]


class Watched:
    """The first row that a pipeline locates."""

    def __init__(self) -> None:
        self.subject: object = None
        self.weight = 0
        self.ms: int | None = None

    def __call__(self, block: Block, filled: Filled, lines: object, topics: list[str]) -> None:
        if block.state[0]:
            return
        self.weight, stamp = int(block.weight[0]), int(block.stamp[0])
        self.ms = None if stamp < 0 else stamp >> 1
        if filled.points:
            self.subject = (float(block.lat[0]), float(block.lon[0]))
        elif filled.sixes:
            self.subject = int(block.six_high[0])
        else:
            self.subject = int(block.v4[0])


@pytest.mark.parametrize(("name", "sample"), SAMPLES, ids=[str(sample.line)[:60] for _, sample in SAMPLES])
@pytest.mark.parametrize("ending", [b"\n", b"\r\n", b" \t\r\n", b"\n\n \r\n"])
def test_a_sample_means_what_it_says(make: Make, name: str, sample: Sample, ending: bytes) -> None:
    pipeline, seen, errors = make(format=name, time="event"), Watched(), list[LineError]()
    pipeline.watch(seen)
    taken = pipeline.take_in(np.frombuffer(sample.line + ending, np.uint8), NOW, pipeline.decoder(), errors)
    rollup = pipeline.flush()
    assert rollup is not None
    if taken.rejected:
        assert [error.reason for error in errors] == [sample.subject]
        assert rollup.reasons == {sample.subject: 1}
        assert (taken.received, rollup.received) == (1, 1)
        return
    assert taken.received == rollup.received == sample.weight == seen.weight
    assert rollup.topics == [sample.topic or "web"]
    if sample.ms is not None:
        assert seen.ms == sample.ms
        assert sample.ms // TICK_MS * TICK_MS in rollup.ticks or sample.ms > NOW
    if isinstance(sample.subject, tuple):
        assert seen.subject == sample.subject
    else:
        address = ipaddress.ip_address(str(sample.subject))
        assert seen.subject == (int(address) if address.version == 4 else int(address) >> 64)


@pytest.mark.parametrize("name", ["ip", "combined", "json"])
def test_a_format_is_recognised_from_its_samples(make: Make, name: str) -> None:
    pipeline = make()
    decoder = pipeline.decoder()
    lines = b"".join(sample.line + b"\n" for sample in FORMATS[name].samples)
    pipeline.take_in(np.frombuffer(lines, np.uint8), NOW, decoder)
    assert decoder.format == name


def test_what_is_not_recognised_is_rejected_until_it_is(make: Make) -> None:
    pipeline = make()
    decoder = pipeline.decoder()
    first = pipeline.take_in(np.frombuffer(b"what\nis this\n\n" * 100, np.uint8), NOW, decoder)
    assert first == (200, 0, 0, 200)
    unknown = decoder.format
    second = pipeline.take_in(np.frombuffer(b"?\n1.2.3.4\n1.2.3.5\n", np.uint8), NOW, decoder)
    assert second == (3, 2, 0, 1)
    assert (unknown, decoder.format) == (None, "ip")
    rollup = pipeline.flush()
    assert rollup is not None
    assert rollup.reasons == {"format not recognised": 200, "line does not begin with an IP address": 1}


def test_the_format_that_explains_most_of_a_mixture_is_taken(make: Make) -> None:
    pipeline = make()
    decoder = pipeline.decoder()
    lines = b"1.2.3.4\n" + b'{"ip":"1.2.3.4"}\n' * 5
    assert pipeline.take_in(np.frombuffer(lines, np.uint8), NOW, decoder) == (6, 5, 0, 1)
    assert decoder.format == "json"


def test_a_long_run_of_rejected_lines_has_the_format_recognised_anew(make: Make) -> None:
    pipeline = make()
    decoder = pipeline.decoder()
    pipeline.take_in(np.frombuffer(b"1.2.3.4\n", np.uint8), NOW, decoder)
    for _ in range(3):
        pipeline.take_in(np.frombuffer(b'{"ip":"1.2.3.4"}\n' * 600, np.uint8), NOW, decoder)
    assert decoder.format == "json"
    fixed = make(format="ip")
    decoder = fixed.decoder()
    taken = fixed.take_in(np.frombuffer(b'{"ip":"1.2.3.4"}\n' * 3000, np.uint8), NOW, decoder)
    assert (taken.rejected, decoder.format) == (3000, "ip")


def test_a_byte_order_mark_is_read_over(run: Any) -> None:
    taken, _, _ = run(b"\xef\xbb\xbf1.2.3.4\n1.2.3.5\n", format="ip")
    assert taken == (2, 2, 0, 0)


def test_a_pattern_reads_its_groups(run: Any) -> None:
    pattern = r"^(?P<ts>\S+) (?P<ip>\S+) (?P<user>\S+) (?P<n>\S+)$"
    lines = (
        b"2026-11-23T10:05:03Z 1.2.3.4 frank 3\n- 1.2.3.4 ann -\n- nowhere ann 1\n- 1.2.3.4 ann 0\nshort\n"
    )
    taken, rollup, errors = run(lines, format="regex", pattern=pattern, topic="user.{user}", time="event")
    assert taken == (7, 4, 0, 3)
    assert sorted(rollup.topics) == ["user.ann", "user.frank"]
    assert 1_795_428_303_000 in rollup.ticks
    assert [line for line, _ in errors] == [2, 3, 4]
    assert len({reason for _, reason in errors}) == 3


def test_a_pattern_reads_coordinates(run: Any) -> None:
    lines = b"52.5 13.4\n91 0\n1 x\n - -\n"
    taken, rollup, _ = run(lines, format="regex", pattern=r"(?P<lat>\S+) (?P<lon>\S+)$")
    assert taken == (4, 1, 0, 3)
    assert len(rollup.reasons) == 3


@pytest.mark.parametrize(
    "settings",
    [
        {"format": "regex"},
        {"format": "regex", "pattern": "("},
        {"format": "regex", "pattern": "(?P<user>x)"},
        {"format": "regex", "pattern": "(?P<lat>x)"},
        {"format": "regex", "pattern": "(?P<ip>x)", "topic": "a.{user}"},
        {"format": "combined", "topic": "a.{campaign}"},
        {"format": "ip", "topic": "a.{status}"},
        {"format": "json", "topic": "a.{b"},
        {"format": "json", "topic": "a..{b}"},
        {"format": "json", "topic": "1.2.3.4"},
    ],
)
def test_settings_that_can_not_work_are_refused_in_one_line(table: Any, settings: dict[str, Any]) -> None:
    given: dict[str, Any] = {
        "kind": "stdin",
        "name": "web",
        "pattern": None,
        "topic": None,
        "precision": 20,
    } | settings
    source = SourceSettings.model_construct(**given)
    with pytest.raises(SettingsError) as caught:
        Pipeline(source, table, LiveTopics())
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith("source web: ")

"""What docs/live-protocol.md and docs/http.md say is what is sent."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from dynmap.serve import body, messages, models
from dynmap.serve.messages import (
    Ack,
    Error,
    GoLive,
    Hello,
    Mark,
    Pace,
    Pause,
    Play,
    Reset,
    Seek,
    Stats,
    StepOn,
    Subscribe,
    Subscribed,
    Topics,
)

DOCS = Path(__file__).parents[2] / "docs"
PROTOCOL = (DOCS / "live-protocol.md").read_text(encoding="utf-8")
HTTP = (DOCS / "http.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```json\n(.*?)^```$", PROTOCOL, re.M | re.S)

KINDS: list[type[msgspec.Struct]] = [
    Ack, Error, GoLive, Hello, Mark, Pace, Pause, Play, Reset, Seek, Stats, StepOn, Subscribe, Subscribed, Topics,
]  # fmt: skip
BY_TAG = {str(kind.__struct_config__.tag): kind for kind in KINDS}


def same_fields(value: Any, kind: Any) -> None:
    """Every documented field exists, and every field is documented, all the way down."""
    encoded = msgspec.json.encode(value)
    assert msgspec.json.decode(msgspec.json.encode(msgspec.json.decode(encoded, type=kind))) == value


@pytest.mark.parametrize("example", EXAMPLES)
def test_each_documented_message_has_exactly_its_fields(example: str) -> None:
    value = msgspec.json.decode(example)
    same_fields(value, BY_TAG[value["type"]])
    if value["type"] in {"subscribe", "ack", "play", "seek", "pause", "step", "live"}:
        assert type(messages.parse(example)) is BY_TAG[value["type"]]


def test_every_message_is_documented() -> None:
    assert {msgspec.json.decode(example)["type"] for example in EXAMPLES} == set(BY_TAG)


async def test_every_message_that_is_sent_is_as_documented(serving: Any, ingest: Any) -> None:
    async with serving.viewer() as viewer:
        await ingest.send([("web.ok", 52.5, 13.4, 1)])
        await viewer.subscribe(since="nonsense")
        await viewer.say(type="dance")
        await viewer.until(lambda: viewer.located == 1)
        wanted = {"hello", "stats", "reset", "subscribed", "topics", "mark", "error"}
        await viewer.until(lambda: {text["type"] for text in viewer.texts} == wanted)
        for text in viewer.texts:
            same_fields(text, BY_TAG[text["type"]])


def test_every_error_code_is_documented() -> None:
    source = Path(messages.__file__).parent
    codes = {
        code
        for name in ("access.py", "area.py", "messages.py", "viewer.py")
        for code in re.findall(r'SubscriptionError\(\s*"(\w+)"', (source / name).read_text(encoding="utf-8"))
    }
    assert codes == set(re.findall(r"^\| `(\w+)` \|", section(PROTOCOL, "error"), re.M))


def test_every_field_of_the_stats_is_documented() -> None:
    rows = re.findall(r"^\| (`.*?) \|", section(HTTP, "`GET /api/stats`"), re.M)
    assert {field for row in rows for field in re.findall(r"`(\w+)`", row)} == set(models.Stats.model_fields)


def test_every_code_of_a_refused_post_is_documented() -> None:
    serve = Path(body.__file__).parent
    documented = set(re.findall(r"`(\w+)`", section(HTTP, "`POST /api/events`")))
    for name in ("body.py", "intake.py"):
        codes = re.findall(r'RequestError\(\s*\d+, "(\w+)"', (serve / name).read_text(encoding="utf-8"))
        assert codes
        assert set(codes) <= documented


def section(text: str, title: str) -> str:
    """What stands under a heading, up to the next of any level."""
    found = re.search(rf"^#+ {re.escape(title)}$(.*?)(?=^#|\Z)", text, re.M | re.S)
    assert found, title
    return found.group(1)

"""The schema that the page's types are made from is that of what is sent."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from dynmap.serve import messages, schema

KEPT = Path(__file__).parents[2] / "web" / "schema"


@pytest.mark.parametrize("name", ["live", "http"])
def test_the_kept_schema_is_what_the_classes_say(name: str) -> None:
    kept = (KEPT / f"{name}.json").read_text(encoding="utf-8")
    assert kept == schema.written(schema.documents()[name]), "the wire has changed: run `make types`"


def test_there_are_no_others() -> None:
    assert {path.stem for path in KEPT.glob("*.json")} == set(schema.documents())


def test_every_message_is_in_it_under_its_name() -> None:
    document = schema.live_messages()
    for union, kinds in (("Request", messages.Request), ("Answer", messages.Answer)):
        named = {reference["$ref"].rpartition("/")[2] for reference in document["$defs"][union]["anyOf"]}
        assert named == {kind.__name__ for kind in kinds.__args__}


def test_a_message_has_the_fields_of_the_schema() -> None:
    mark: dict[str, Any] = json.loads(messages.encode(messages.Mark("5f0c2a91.120", 1_700_000_000_000)))
    described = schema.live_messages()["$defs"]["Mark"]
    assert set(mark) == set(described["properties"])
    assert described["properties"]["type"] == {"enum": [mark["type"]]}


def test_writing_it_twice_changes_nothing(tmp_path: Path) -> None:
    schema.main(tmp_path)
    for path in sorted(tmp_path.iterdir()):
        assert path.read_bytes() == (KEPT / path.name).read_bytes()
    assert msgspec.json.decode((tmp_path / "live.json").read_bytes())["title"] == "Message"

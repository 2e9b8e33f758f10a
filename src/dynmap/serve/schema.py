"""What goes over the wire as JSON Schema, from the very classes that are sent: the page's types are made from it.

    python -m dynmap.serve.schema web/schema

writes `live.json`, the messages of `/api/live`, and `http.json`, the answers of the HTTP interface.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec
from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, models_json_schema

from dynmap.serve import messages, models

HTTP_ANSWERS: Final[tuple[type[BaseModel], ...]] = (
    models.Stats,
    models.Topics,
    models.Accepted,
    models.Health,
    models.Problem,
    models.PageSettings,
)

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


def documents() -> dict[str, dict[str, Any]]:
    """The documents by name: each has its types in `$defs` and is itself any of those that are sent."""
    return {"live": live_messages(), "http": http_answers()}


def live_messages() -> dict[str, Any]:
    """The messages of `/api/live`: `Request` is what viewers send, `Answer` what the server does."""
    unions = {"Request": messages.Request, "Answer": messages.Answer}
    schemas, types = msgspec.json.schema_components(unions.values())
    return _document("Message", list(unions), types | dict(zip(unions, schemas, strict=True)))


def http_answers() -> dict[str, Any]:
    """The JSON answers of the HTTP interface, as OpenAPI describes them."""
    _, schema = models_json_schema(
        [(answer, "serialization") for answer in HTTP_ANSWERS], schema_generator=_WithoutFieldTitles
    )
    return _document("HttpAnswer", [answer.__name__ for answer in HTTP_ANSWERS], schema["$defs"])


def written(document: Mapping[str, Any]) -> str:
    """A document as the text that is kept."""
    return json.dumps(document, indent=2) + "\n"


class _WithoutFieldTitles(GenerateJsonSchema):
    """A title makes a type of its own in TypeScript, which a plain field is not."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def _document(title: str, sent: list[str], types: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "$schema": _DIALECT,
        "title": title,
        "anyOf": [{"$ref": f"#/$defs/{name}"} for name in sent],
        "$defs": {name: types[name] for name in sorted(types)},
    }


def main(folder: Path) -> None:
    """Writes the documents into a folder."""
    for name, document in documents().items():
        (folder / f"{name}.json").write_text(written(document), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))

"""Secrets and keys that the settings name by file, so that they are written down once and can be readable to few.

`@FILE` stands for the lines of a file in `auth.secret` and `auth.ingest_tokens`. `auth.public_key` is a file, or PEM.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from dynmap.errors import SettingsError

OF_SECRETS: Final = ("secret", "ingest_tokens")
OF_PEM: Final = "public_key"

_PEM: Final = "-----BEGIN"


def resolved(auth: dict[str, Any], folder: Path) -> dict[str, Any]:
    """The table with its files relative to a folder."""
    changed = dict(auth)
    for key in OF_SECRETS:
        if key in auth:
            given = auth[key] if isinstance(auth[key], list) else [auth[key]]
            changed[key] = [f"@{folder / path}" if (path := _file(text)) else text for text in given]
    if path := _pem_file(auth.get(OF_PEM)):
        changed[OF_PEM] = str(folder / path)
    return changed


def read(auth: dict[str, Any], key: str) -> Any:
    """The value of a key with what its files hold. Raises SettingsError when one can't be read or is empty."""
    given = auth[key]
    if key == OF_PEM:
        path = _pem_file(given)
        return _text(path) if path else given.replace("\\n", "\n") if isinstance(given, str) else given
    values: list[Any] = []
    for text in given if isinstance(given, list) else [given]:
        path = _file(text)
        values += (
            [text] if path is None else [line.strip() for line in _text(path).splitlines() if line.strip()]
        )
    return values


def _file(text: Any) -> Path | None:
    return Path(text[1:]).expanduser() if isinstance(text, str) and text.startswith("@") else None


def _pem_file(text: Any) -> Path | None:
    if not isinstance(text, str) or _PEM in text:
        return None
    return Path(text.removeprefix("@")).expanduser()


def _text(path: Path) -> str:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is not text"
        raise SettingsError(f"can't read {path}: {reason}") from error
    if not text.strip():
        raise SettingsError(f"{path} is empty")
    return text

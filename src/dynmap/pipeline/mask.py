"""Lines as examples for people: what could be an IP address is masked, control characters are made visible."""

from __future__ import annotations

import re
from typing import Final

MASKED: Final = "x.x.x.x"

MAX_EXAMPLE: Final = 120
"""Characters of an example."""

_LOOKED_AT = 2048
"""Bytes of a line that an example is made from."""

_ESCAPED = re.compile(r"\\u00([0-9A-Fa-f]{2})|%([0-9A-Fa-f]{2})|\\x([0-9A-Fa-f]{2})")
_HALF_ESCAPE = re.compile(r"(?:\\(?:u[0-9A-Fa-f]{0,3}|x[0-9A-Fa-f]?)?|%[0-9A-Fa-f]?)$")
_FOUR = re.compile(r"\d{1,3}(?:[^\dA-Za-z\s:]{1,2}\d{1,3}){3,}")
_SIX = re.compile(
    r"""[0-9a-f]{0,4}(?: :[0-9a-f]{0,4} ){2,} (?:\.\d+)*  (?:%[\w.-]+)?   # groups and colons, a v4 tail, a zone
      | (?<![0-9a-z]) [0-9a-f]{1,4} (?:[_-]{1,2} [0-9a-f]{1,4}){5,7} (?![0-9a-z])
      | (?<![0-9a-z]) [0-9a-f]{32} (?![0-9a-z])""",
    re.IGNORECASE | re.VERBOSE,
)
_TIME = re.compile(r"(?:\d{4}:)?[0-2]?\d:[0-5]\d:[0-6]\d")
_CUT = re.compile(r"(?:\d{1,3}[._-]){1,3}\d{0,3}$|[0-9a-f]{1,4}:[0-9a-f:.]*$", re.IGNORECASE)


def mask(line: bytes, *, cut: bool = False) -> str:
    """The beginning of a line, at most 120 characters, without anything like an address (v4, v6, mapped, escaped).

    Errs on the side of masking. Bytes that are no UTF-8 become U+FFFD. `cut` says that the line goes on after these
    bytes, so that an address may be cut in two.
    """
    text = _unescaped(line[:_LOOKED_AT].decode("utf-8", "replace"))
    if cut or len(line) > _LOOKED_AT:
        text = _CUT.sub(MASKED, _HALF_ESCAPE.sub("", text))
    text = masked(text)
    visible = "".join(char if char.isprintable() else _escape(char) for char in text)
    return visible if len(visible) <= MAX_EXAMPLE else visible[: MAX_EXAMPLE - 1] + "…"


def masked(text: str) -> str:
    """A text with everything that could be an address replaced."""
    return _FOUR.sub(MASKED, _SIX.sub(lambda found: _six(found.group()), text))


def _six(found: str) -> str:
    """Colons and hexadecimal digits are an address unless they are a time of day."""
    return found if _TIME.fullmatch(found) else MASKED


def _unescaped(text: str) -> str:
    """Undo the escapes in which an address could hide."""
    return _ESCAPED.sub(lambda found: chr(int(found.group(found.lastindex or 1), 16)), text)


def _escape(char: str) -> str:
    code = ord(char)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"

"""Sources as flags: `--tail access.log,format=combined,topic=web.{status}` into the keys of a source. No I/O."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from pathlib import PurePath
from typing import Any, Final

from dynmap import topics
from dynmap.errors import SettingsError

OPTIONS: Final = ("name", "format", "pattern", "topic", "precision", "time", "from", "rate", "allow")
"""Keys that may follow what a source flag names, as `,key=value`."""

_MAIN_KEY: Final = {
    "tail": "path",
    "exec": "command",
    "tcp": "address",
    "stdin": None,
    "http": None,
    "demo": None,
}
_OPTION = re.compile(rf",(?={'|'.join(OPTIONS)}=)")
_TRAILING_OPTIONS = re.compile(rf"(?:,(?:{'|'.join(OPTIONS)})=[^\s,]*)+$")
_LIKE_TRAILING_OPTIONS = re.compile(r"(?:,[A-Za-z_]+=[^\s,]*)+$")
_LIKE_AN_OPTION = re.compile(r",([A-Za-z_]+)=")


def parse(kind: str, spec: str) -> dict[str, Any]:
    """The keys of a source given as a flag: `kind`, its path, command or address, and its options as texts.

    An option's value goes on to the next `,key=` with a known key, so that it may hold commas. Of a command only
    options at its very end are split off, those without spaces, since commands hold commas and equals signs too.

    Raises SettingsError when the spec names nothing, an option twice, or one that is nearly but not quite known.
    """
    where = f"--{kind}"
    main, options = _split(kind, spec)
    source: dict[str, Any] = {"kind": kind}
    for text in options:
        key, _, value = text.partition("=")
        if key in source:
            raise SettingsError(f"{key} is given twice", where=f"{where} {spec}")
        source[key] = value
    _refuse_misspelt(where, kind, main)
    main_key = _MAIN_KEY[kind]
    if main_key is not None:
        if not main.strip():
            raise SettingsError(
                f"names no {main_key}", where=where, hint=f"{where} {main_key.upper()}[,key=value...]"
            )
        source[main_key] = main
    elif main:
        raise SettingsError(f'"{main}" is not key=value', where=where, hint=f"keys: {', '.join(OPTIONS)}")
    return source


def _split(kind: str, spec: str) -> tuple[str, list[str]]:
    if _MAIN_KEY[kind] is None:
        spec = f",{spec}" if spec else ""
    if kind == "exec":
        trailing = _TRAILING_OPTIONS.search(spec)
        main, rest = (spec[: trailing.start()], trailing.group()) if trailing else (spec, "")
        return main, _OPTION.split(rest)[1:]
    main, *options = _OPTION.split(spec)
    return main.removeprefix(",") if _MAIN_KEY[kind] is None else main, options


def _refuse_misspelt(where: str, kind: str, main: str) -> None:
    """What looks like an option and was not taken for one is a slip, except inside a command."""
    if kind == "exec":
        trailing = _LIKE_TRAILING_OPTIONS.search(main)
        suspicious = trailing.group() if trailing else ""
    else:
        suspicious = main if _MAIN_KEY[kind] else f",{main}"
    for key in _LIKE_AN_OPTION.findall(suspicious):
        nearest = near(key, OPTIONS)
        if nearest:
            raise SettingsError(
                f'unknown key "{key}"', where=f"{where} {main}", hint=f'did you mean "{nearest}"?'
            )


def near(word: str, known: Iterable[str]) -> str | None:
    """The known word that a misspelt one most likely stands for."""
    return next(iter(difflib.get_close_matches(word.lower(), list(known), 1, 0.6)), None)


def name_for(source: dict[str, Any], taken: Iterable[str]) -> str:
    """A name for a source that has none: its file's stem or its kind, as one topic token, and not yet taken."""
    kind = str(source.get("kind", "source"))
    token = kind
    if kind == "tail" and source.get("path"):
        stem = PurePath(str(source["path"])).name.partition(".")[0]
        token = re.sub(r"[^A-Za-z0-9_-]+", "-", stem).strip("-")[:64]
        if topics.problem_with(token):
            token = kind
    taken = set(taken)
    ends = ["", *(f"-{number}" for number in range(2, len(taken) + 3))]
    names = [
        f"{stem}{end}" for stem in (token, kind) for end in ends
    ]  # `0-0-0` is a name, `0-0-0-2` an address
    return next(name for name in names if name not in taken and not topics.problem_with(name))

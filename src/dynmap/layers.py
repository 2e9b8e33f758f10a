"""Settings from their layers: `dynmap.toml`, overridden by `DYNMAP_*`, overridden by flags.

Each layer is a tree of plain values that remembers how its user wrote each key, so that an error names the line of
the file, the variable or the flag that is wrong. A list of sources is overridden as a whole.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from dynmap import keyfiles, specs
from dynmap.basemaps import is_file
from dynmap.config import (
    TCP_ADDRESS,
    AuthSettings,
    HomeSettings,
    LimitSettings,
    MapSettings,
    ServeSettings,
    Settings,
    SourceSettings,
)
from dynmap.errors import SettingsError

FILE: Final = Path("dynmap.toml")
PREFIX: Final = "DYNMAP_"
OTHER_VARIABLES: Final = frozenset({"DYNMAP_CONFIG"})
"""Variables that begin like settings and are none."""

_LISTS: Final = (
    ("auth", "secret"),
    ("auth", "ingest_tokens"),
    ("auth", "origins"),
    ("map", "origins"),
    ("serve", "proxies"),
)
"""Settings that are several values, which a variable separates by commas or has as JSON."""

Tree = dict[str, Any]
Key = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Layer:
    """A tree of values, and how to name one of its keys to whoever wrote it."""

    values: Tree
    named: Callable[[Key], str]


@dataclass(frozen=True, slots=True)
class Flags:
    """What was given on the command line.

    values    by setting, such as {"serve": {"port": "8080"}}
    names     the flag of each setting, such as {("serve", "port"): "--port"}
    sources   (kind, spec) of each source flag, in order
    defaults  options for the sources among them: {"format": "json"}
    allow     who may send to the TCP sources among them
    """

    values: Tree = field(default_factory=dict)
    names: Mapping[Key, str] = field(default_factory=dict)
    sources: tuple[tuple[str, str], ...] = ()
    defaults: Tree = field(default_factory=dict)
    allow: tuple[str, ...] = ()


def load(flags: Flags, environ: Mapping[str, str], file: Path | None = None) -> Settings:
    """The settings that hold. `file` is that of `--config`; else `DYNMAP_CONFIG`, else ./dynmap.toml when there.

    Raises SettingsError, whose text is one line, when a file can't be read or a setting is unknown or wrong.
    """
    return _settled([_of_file(file, environ), _of_environment(environ), _of_flags(flags)], flags)


def load_flags(flags: Flags) -> Settings:
    """The settings that flags alone make. Raises SettingsError as `load` does."""
    return _settled([_of_flags(flags)], flags)


def _settled(layers: list[Layer], flags: Flags) -> Settings:
    values: Tree = {}
    for layer in layers:
        values = _merged(values, layer.values)
    values["source"] = _with_names(_sources(values, flags))
    if isinstance(values.get("auth"), dict):
        values["auth"] = _with_files_read(values["auth"], layers, flags)
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        raise _explained(error.errors(include_url=False), layers, flags) from error


def _with_files_read(auth: Tree, layers: list[Layer], flags: Flags) -> Tree:
    """The `auth` table with what its files hold. Raises SettingsError."""
    known = dict(auth)
    for key in (*keyfiles.OF_SECRETS, keyfiles.OF_PEM):
        if key in auth:
            try:
                known[key] = keyfiles.read(auth, key)
            except SettingsError as error:
                raise SettingsError(error.what, where=_place(("auth", key), layers, flags)) from error
    return known


def _of_file(given: Path | None, environ: Mapping[str, str]) -> Layer:
    path = given or (Path(environ["DYNMAP_CONFIG"]) if environ.get("DYNMAP_CONFIG") else None)
    if path is None and not FILE.is_file():
        return Layer({}, _dotted)
    path = path or FILE
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"can't read the settings: {error.strerror}", where=str(path)) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"not TOML: {error}", where=str(path)) from error
    _resolve(values, path.parent)
    return Layer(values, lambda key: f"{path}: {_dotted(key)}")


def _resolve(values: Tree, folder: Path) -> None:
    """Paths in a file are relative to it, wherever DynMap is started."""
    tables = values.get("source")
    sources = [table for table in tables if isinstance(table, dict)] if isinstance(tables, list) else []
    for table, key in [(values, "geo"), *((source, "path") for source in sources)]:
        if isinstance(table.get(key), str):
            table[key] = str(folder / Path(table[key]).expanduser())
    of_map = values.get("map")
    if isinstance(of_map, dict) and isinstance(of_map.get("basemap"), str):
        of_map["basemap"] = _resolved(of_map["basemap"], folder)
    if isinstance(values.get("auth"), dict):
        values["auth"] = keyfiles.resolved(values["auth"], folder)


def _resolved(basemap: str, folder: Path) -> str:
    """A base map that is a file, relative to the folder; others as they are."""
    return str(folder / Path(basemap).expanduser()) if is_file(basemap) else basemap


def _of_environment(environ: Mapping[str, str]) -> Layer:
    values: Tree = {}
    for variable, text in sorted(environ.items()):
        if not variable.startswith(PREFIX) or variable in OTHER_VARIABLES or not text:
            continue
        *tables, key = variable.removeprefix(PREFIX).lower().split("__")
        table = values
        for name in tables:
            table = table.setdefault(name, {})
            if not isinstance(table, dict):
                raise SettingsError(f"{_variable((*tables,))} is set too, as one value", where=variable)
        table[key] = _value((*tables, key), variable, text)
    return Layer(values, _variable)


def _value(key: Key, variable: str, text: str) -> Any:
    if key == ("source",):
        return _json_list(variable, text)
    if key in _LISTS:
        return json.loads(text) if _is_json_list(text) else [part.strip() for part in text.split(",")]
    return text


def _is_json_list(text: str) -> bool:
    try:
        return isinstance(json.loads(text), list)
    except json.JSONDecodeError:
        return False


def _json_list(variable: str, text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        hint = 'such as [{"kind":"tail","path":"access.log"}]'
        raise SettingsError(f"not a JSON list of sources: {error}", where=variable, hint=hint) from error


def _variable(key: Key) -> str:
    if key[:1] == ("source",) and len(key) > 1:
        return f"{PREFIX}SOURCE: {_dotted(key)}"
    return PREFIX + "__".join(str(part) for part in key).upper()


def _of_flags(flags: Flags) -> Layer:
    values = dict(flags.values)
    if flags.sources:
        values["source"] = [_defaults(flags, kind) | specs.parse(kind, spec) for kind, spec in flags.sources]

    def named(key: Key) -> str:
        match key:
            case ("source", int(number), str(option), *_) if option in _defaults(
                flags, flags.sources[number][0]
            ):
                if flags.sources[number][1].find(f"{option}=") < 0:
                    return f"--{option}"
        match key:
            case ("source", int(number), *rest):
                kind, spec = flags.sources[number]
                return ": ".join([f"--{kind} {spec}".strip(), *map(str, rest)])
        return flags.names.get(key, f"--{_dotted(key)}")

    return Layer(values, named)


def _defaults(flags: Flags, kind: str) -> Tree:
    """What the flags set for sources of a kind that don't set it themselves."""
    return flags.defaults | ({"allow": list(flags.allow)} if flags.allow and kind == "tcp" else {})


def _merged(under: Tree, over: Tree) -> Tree:
    merged = dict(under)
    for key, value in over.items():
        both = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = _merged(merged[key], value) if both else value
    return merged


def _sources(values: Tree, flags: Flags) -> Any:
    """The sources given, and beside them the TCP port and HTTP unless they are given or declined."""
    given = values.get("source", [])
    if not isinstance(given, list):
        return given
    defaults = {} if given else flags.defaults
    if given and flags.defaults and not flags.sources:
        flag = next(iter(flags.defaults))
        raise SettingsError(
            "is for sources given as flags, and the settings give the sources",
            where=f"--{flag}",
            hint=f"set {flag} in their [[source]] tables",
        )
    if flags.allow and not any(kind == "tcp" for kind, _ in flags.sources):
        raise SettingsError(
            f"is for TCP sources given as flags; {TCP_ADDRESS} is reached from this machine only",
            where="--allow",
            hint=f"listen for others: --tcp 0.0.0.0:4242 --allow {flags.allow[0]}",
        )
    kinds = {source.get("kind") for source in given if isinstance(source, dict)}
    always: list[Tree] = []
    if "tcp" not in kinds and _truth(values.get("tcp", True)):
        always.append(defaults | {"kind": "tcp", "address": TCP_ADDRESS})
    if "http" not in kinds:
        always.append(defaults | {"kind": "http"})
    return [*given, *always]


def _truth(value: Any) -> bool:
    return str(value).lower() not in ("false", "0", "no", "off", "f", "n")


def _with_names(sources: Any) -> Any:
    if not isinstance(sources, list) or not all(isinstance(source, dict) for source in sources):
        return sources
    taken = [source["name"] for source in sources if isinstance(source.get("name"), str)]
    named = []
    for source in sources:
        if "name" not in source:
            source = source | {"name": specs.name_for(source, taken)}
            taken.append(source["name"])
        named.append(source)
    return named


def _explained(errors: list[ErrorDetails], layers: list[Layer], flags: Flags) -> SettingsError:
    """The first error as one line: where it was written, which key, what is wrong with it."""
    first = next((error for error in errors if error["type"] == "extra_forbidden"), errors[0])
    key = first["loc"]
    hint = f"and {len(errors) - 1} more" if len(errors) > 1 else None
    if first["type"] == "extra_forbidden":
        known = _known_keys(key[:-1])
        nearest = specs.near(str(key[-1]), known)
        what = "unknown setting"
        hint = f'did you mean "{nearest}"?' if nearest else f"known: {', '.join(known)}"
    elif first["type"] == "value_error":
        what = first["msg"].removeprefix("Value error, ")
    elif first["type"] == "missing":
        what = "is missing"
    else:
        what = first["msg"].removeprefix("Input ")
        if not _may_hold_secrets(key):
            what += f", is {json.dumps(first['input'], default=str)}"
    return SettingsError(what, where=_place(key, layers, flags), hint=hint)


def _may_hold_secrets(key: Key) -> bool:
    return key[:1] == ("auth",) and key[1:2] not in (("open",), ("origins",))


def _place(key: Key, layers: list[Layer], flags: Flags) -> str:
    for layer in reversed(layers):
        if _holds(layer.values, key[:2] if key[:1] == ("source",) else key):
            return layer.named(key)
    if key[:1] == ("source",) and len(key) > 2 and key[2] in flags.defaults:
        return f"--{key[2]}"
    return _dotted(key)


def _holds(tree: Any, key: Key) -> bool:
    for part in key:
        if isinstance(part, int):
            if not isinstance(tree, list) or part >= len(tree):
                return False
        elif not isinstance(tree, dict) or part not in tree:
            return False
        tree = tree[part]
    return bool(key)


def _dotted(key: Key) -> str:
    """A key as people write it: `serve.port`, `source 2: precision`."""
    match key:
        case ():
            return "settings"
        case ("source", int(number), *rest):
            return ": ".join([f"source {number + 1}", *map(str, rest)])
        case _:
            return ".".join(map(str, key))


def _known_keys(table: Key) -> list[str]:
    models: dict[str | int, type[BaseModel]] = {
        "source": SourceSettings,
        "serve": ServeSettings,
        "auth": AuthSettings,
        "limits": LimitSettings,
        "map": MapSettings,
        "home": HomeSettings,
    }
    fields = (models[table[0]] if table else Settings).model_fields
    return [entry.alias or name for name, entry in fields.items()]

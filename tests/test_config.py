"""Settings: their layers, their checks, and what is said about wrong ones."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from dynmap import grid, specs
from dynmap.config import (
    REVEAL,
    AuthSettings,
    HomeSettings,
    LimitSettings,
    MapSettings,
    ServeSettings,
    Settings,
    SourceSettings,
    host_and_port,
    joined,
)
from dynmap.errors import SettingsError
from dynmap.layers import Flags, load

DOCUMENT = Path(__file__).parents[1] / "docs" / "settings.md"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where no settings file is, unless a test writes one."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def tail(spec: str) -> Flags:
    return Flags(sources=(("tail", spec),))


def test_without_any_settings_tcp_and_http_are_open_on_loopback() -> None:
    settings = load(Flags(), {})
    assert (settings.serve.host, settings.serve.port) == ("127.0.0.1", 8080)
    assert [(source.kind, source.name, source.address) for source in settings.source] == [
        ("tcp", "tcp", "127.0.0.1:4242"),
        ("http", "http", None),
    ]


def test_environment_overrides_file_and_flags_override_environment(folder: Path) -> None:
    (folder / "dynmap.toml").write_text('ring_seconds = 60\n[serve]\nhost = "::1"\nport = 1001\n')
    environ = {"DYNMAP_SERVE__PORT": "1002", "DYNMAP_SERVE__HOST": "", "OTHER": "x"}
    assert load(Flags(), {}).serve.port == 1001
    assert load(Flags(), environ).serve == ServeSettings(host="::1", port=1002)
    settings = load(Flags({"serve": {"port": "1003"}}), environ)
    assert settings.serve == ServeSettings(host="::1", port=1003)
    assert settings.ring_seconds == 60


def test_the_file_is_the_given_one_else_the_environments_else_the_one_here(folder: Path) -> None:
    for number, name in enumerate(("dynmap.toml", "named.toml", "given.toml"), 1):
        (folder / name).write_text(f"[serve]\nport = {number}\n")
    assert load(Flags(), {}).serve.port == 1
    assert load(Flags(), {"DYNMAP_CONFIG": "named.toml"}).serve.port == 2
    assert load(Flags(), {"DYNMAP_CONFIG": "named.toml"}, Path("given.toml")).serve.port == 3


def test_paths_in_a_file_are_relative_to_it(folder: Path) -> None:
    (folder / "etc").mkdir()
    file = folder / "etc" / "some.toml"
    file.write_text('geo = "city.mmdb"\n[[source]]\nkind = "tail"\npath = "access.log"\n')
    settings = load(Flags(), {}, file)
    assert settings.geo == folder / "etc" / "city.mmdb"
    assert settings.source[0].path == folder / "etc" / "access.log"


def test_a_base_map_in_a_file_is_relative_to_it_unless_it_is_a_url(folder: Path) -> None:
    (folder / "etc").mkdir()
    file = folder / "etc" / "some.toml"
    for written, meant in (
        ("world.pmtiles", str(folder / "etc" / "world.pmtiles")),
        ("https://a.example/style.json", "https://a.example/style.json"),
        ("bundled", "bundled"),
    ):
        file.write_text(f'[map]\nbasemap = "{written}"\n')
        assert load(Flags(), {}, file).map.basemap == meant


def test_home_is_a_table_or_one_text(folder: Path) -> None:
    (folder / "dynmap.toml").write_text('[home]\nname = "Suva"\nlat = -18.14\nlon = 178.44\n')
    assert load(Flags(), {}).home == HomeSettings(name="Suva", lat=-18.14, lon=178.44)
    berlin = HomeSettings(name="Berlin, Mitte", lat=52.52, lon=13.4)
    assert load(Flags({"home": "52.52, 13.40, Berlin, Mitte"}), {}).home == berlin
    assert load(Flags(), {"DYNMAP_HOME": "52.52,13.4"}).home == HomeSettings(lat=52.52, lon=13.4)
    assert Settings().home.lat is None


def test_sources_of_flags_replace_those_of_the_file(folder: Path) -> None:
    (folder / "dynmap.toml").write_text('[[source]]\nkind = "tail"\npath = "a.log"\n')
    assert [source.name for source in load(Flags(), {}).source] == ["a", "tcp", "http"]
    assert [source.name for source in load(tail("b.log"), {}).source] == ["b", "tcp", "http"]


def test_the_default_port_gives_way_to_another_one_or_to_none() -> None:
    other = load(Flags(sources=(("tcp", "[::1]:4243"),)), {})
    assert [source.address for source in other.source] == ["[::1]:4243", None]
    none = load(Flags({"tcp": False}), {})
    assert [source.kind for source in none.source] == ["http"]
    assert [source.kind for source in load(Flags(), {"DYNMAP_TCP": "false"}).source] == ["http"]


def test_defaults_hold_for_sources_of_flags_and_give_way_to_their_options() -> None:
    sources = (("tail", "a.log"), ("tail", "b.log,format=ip"))
    settings = load(Flags(sources=sources, defaults={"format": "json"}), {})
    assert [source.format for source in settings.source] == ["json", "ip", "auto", "auto"]
    alone = load(Flags(defaults={"format": "json"}), {})
    assert [source.format for source in alone.source] == ["json", "json"]


def test_names_are_made_unique_and_fit_for_topics() -> None:
    names = (
        "/a/access.log",
        "/b/access.log.1",
        "/c/naïve log.txt",
        "/d/1.2.3.4.log",
        "/e/::1.log",
        "/f/...log",
    )
    sources = load(Flags(sources=tuple(("tail", name) for name in names)), {}).source
    assert [source.name for source in sources] == [
        "access",
        "access-2",
        "na-ve-log",
        "1",
        "1-2",
        "tail",
        "tcp",
        "http",
    ]


@example(["0:0:0", "0:0:0"])
@given(st.lists(st.text(min_size=1).filter(lambda name: ",name=" not in name), max_size=5))
def test_whatever_files_are_called_their_sources_get_names(paths: list[str]) -> None:
    taken: list[str] = []
    for path in paths:
        taken.append(specs.name_for({"kind": "tail", "path": path}, taken))
    assert [SourceSettings(kind="http", name=name).name for name in taken] == taken
    assert len(set(taken)) == len(taken)


@pytest.mark.parametrize(
    ("kind", "spec", "expected"),
    [
        ("tail", "a.log", {"path": "a.log"}),
        ("tail", "a,b.log,from=start", {"path": "a,b.log", "from": "start"}),
        (
            "tail",
            "x,pattern=(?P<ip>.{1,3}),topic=a",
            {"path": "x", "pattern": "(?P<ip>.{1,3})", "topic": "a"},
        ),
        ("exec", "cut -d, -f1 x", {"command": "cut -d, -f1 x"}),
        ("exec", "run --set a,name=b c", {"command": "run --set a,name=b c"}),
        ("exec", "cut -d, -f1 x,format=ip,name=y", {"command": "cut -d, -f1 x", "format": "ip", "name": "y"}),
        ("tcp", "127.0.0.1:0,name=mail", {"address": "127.0.0.1:0", "name": "mail"}),
        ("stdin", "", {}),
        ("stdin", "format=json,topic=a.{b}", {"format": "json", "topic": "a.{b}"}),
        ("demo", "rate=50", {"rate": "50"}),
    ],
)
def test_source_flags(kind: str, spec: str, expected: dict[str, str]) -> None:
    assert specs.parse(kind, spec) == {"kind": kind, **expected}


@pytest.mark.parametrize(
    ("flags", "environ", "file", "line"),
    [
        (
            tail("a.log,precision=99"),
            {},
            "",
            "--tail a.log,precision=99: precision: should be less than",
        ),
        (tail("a.log,formt=json"), {}, "", 'unknown key "formt" (did you mean "format"?)'),
        (tail("a.log,name=x,name=y"), {}, "", "name is given twice"),
        (tail("a.log,name=1-2-3-4"), {}, "", "name looks like an IP address"),
        (tail("a.log,name=a.b"), {}, "", "is one token, without dots"),
        (tail("a.log,topic=a b"), {}, "", "topic is not tokens of [A-Za-z0-9_-] joined by dots"),
        (tail("a.log,pattern=(?P<ip"), {}, "", "pattern: not a regular expression: missing >"),
        (
            tail("a.log,pattern=x"),
            {},
            "",
            "pattern: needs a group (?P<ip>...), or (?P<lat>...) and (?P<lon>...)",
        ),
        (tail("a.log,format=regex"), {}, "", 'format "regex" needs "pattern"'),
        (tail("a.log,rate=5"), {}, "", 'a source of kind "tail" has no "rate"'),
        (tail(""), {}, "", "--tail: names no path (--tail PATH[,key=value...])"),
        (Flags(sources=(("exec", " "),)), {}, "", "--exec: names no command"),
        (Flags(sources=(("stdin", "json"),)), {}, "", '--stdin: "json" is not key=value'),
        (Flags(sources=(("tcp", "4242x"),)), {}, "", 'is "4242x", but must be HOST:PORT'),
        (Flags(sources=(("tcp", "::1:4242"),)), {}, "", "an IPv6 address needs brackets: [::1]:4242"),
        (Flags(sources=(("stdin", ""), ("stdin", ""))), {}, "", "there is only one standard input"),
        (Flags(sources=(("tail", "a,name=x"), ("tail", "b,name=x"))), {}, "", 'two sources are named "x"'),
        (Flags(defaults={"format": "jsn"}), {}, "", "--format: should be 'auto', 'ip'"),
        (
            Flags(defaults={"format": "ip"}),
            {},
            '[[source]]\nkind="http"',
            "--format: is for sources given as flags",
        ),
        (
            Flags({"serve": {"port": "x"}}, {("serve", "port"): "--port"}),
            {},
            "",
            "--port: should be a valid integer",
        ),
        (
            Flags(),
            {"DYNMAP_SERVE__PORT": "70000"},
            "",
            "DYNMAP_SERVE__PORT: should be less than or equal to 65535",
        ),
        (Flags(), {"DYNMAP_SRVE__PORT": "1"}, "", 'DYNMAP_SRVE: unknown setting (did you mean "serve"?)'),
        (
            Flags(),
            {"DYNMAP_SERVE__PROT": "1"},
            "",
            'DYNMAP_SERVE__PROT: unknown setting (did you mean "port"?)',
        ),
        (
            Flags(),
            {"DYNMAP_SERVE": "1", "DYNMAP_SERVE__PORT": "1"},
            "",
            "DYNMAP_SERVE is set too, as one value",
        ),
        (Flags(), {"DYNMAP_SOURCE": "{"}, "", "DYNMAP_SOURCE: not a JSON list of sources"),
        (
            Flags(),
            {"DYNMAP_SOURCE": '[{"kind":"tail"}]'},
            "",
            'DYNMAP_SOURCE: source 1: a source of kind "tail" needs',
        ),
        (Flags(), {"DYNMAP_SOURCE": '[{"name":"x"}]'}, "", "DYNMAP_SOURCE: source 1: kind: is missing"),
        (Flags(), {"DYNMAP_SOURCE": "3"}, "", "DYNMAP_SOURCE: should be a valid list, is 3"),
        (
            Flags(),
            {},
            "prot = 1",
            "dynmap.toml: prot: unknown setting (known: serve, auth, limits, map, home, geo, tcp, source, ring_s",
        ),
        (Flags(), {}, "[serve]\nprot = 1", 'dynmap.toml: serve.prot: unknown setting (did you mean "port"?)'),
        (
            Flags(),
            {},
            "[[source]]\nkind='http'\nspeed=1",
            "dynmap.toml: source 1: speed: unknown setting (known: kind",
        ),
        (Flags(), {}, "[[source]]\nkind='htp'", "dynmap.toml: source 1: kind: should be 'tail', 'exec'"),
        (Flags(), {}, "serve = 3", "dynmap.toml: serve: should be a valid dictionary"),
        (Flags(), {}, "source = 3", "dynmap.toml: source: should be a valid list"),
        (Flags(), {}, "source = [3]", "dynmap.toml: source 1: should be a valid dictionary"),
        (
            Flags(allow=("10.0.0.0/8",)),
            {},
            "",
            "--allow: is for TCP sources given as flags; 127.0.0.1:4242 is",
        ),
        (
            Flags(sources=(("tcp", "4243"),), allow=("10/8",)),
            {},
            "",
            '--allow: "10/8" is neither an address nor a network such as',
        ),
        (
            Flags(sources=(("tcp", "4243,allow=x"),)),
            {},
            "",
            '--tcp 4243,allow=x: allow: "x" is neither an address',
        ),
        (tail("a.log,allow=10.0.0.0/8"), {}, "", 'a source of kind "tail" has no "allow"'),
        (
            Flags({"auth": {"origins": ["*"]}}, {("auth", "origins"): "--origin"}),
            {},
            "",
            '--origin: "*" is no origin',
        ),
        (
            Flags(),
            {"DYNMAP_SERVE__PROXIES": "10.0.0.1,x"},
            "",
            'DYNMAP_SERVE__PROXIES: "x" is neither an address',
        ),
        (
            Flags(),
            {"DYNMAP_AUTH__SECRET": "short"},
            "",
            "DYNMAP_AUTH__SECRET: is shorter than 32 bytes; `dynmap token",
        ),
        (
            Flags(),
            {"DYNMAP_AUTH__INGEST_TOKENS": f"{'x' * 16},short"},
            "",
            "has a token of under 16 characters",
        ),
        (Flags(), {}, '[auth]\ningest_tokens = ["a token with spaces in it"]', "has a token with a space"),
        (
            Flags(),
            {},
            '[auth]\nsecrt = "x"',
            'dynmap.toml: auth.secrt: unknown setting (did you mean "secret"?)',
        ),
        (Flags(), {}, '[auth]\nsecret = "@none"', "dynmap.toml: auth.secret: can't read none: No such file"),
        (
            Flags(),
            {},
            '[auth]\npublic_key = "none.pem"',
            "dynmap.toml: auth.public_key: can't read none.pem: No such",
        ),
        (
            Flags(),
            {"DYNMAP_AUTH__PUBLIC_KEY": "-----BEGIN PRIVATE KEY-----x"},
            "",
            "is a private key, but must be",
        ),
        (
            Flags(),
            {},
            "[limits]\nconnections_per_address = 0",
            "limits.connections_per_address: should be greater",
        ),
        (
            Flags({"map": {"basemap": "https://a.example/{x}/{y}.png"}}, {("map", "basemap"): "--basemap"}),
            {},
            "",
            '--basemap: "https://a.example/{x}/{y}.png" lacks {z}: a template of tiles has',
        ),
        (
            Flags(),
            {"DYNMAP_MAP__BASEMAP": "ftp://a.example"},
            "",
            'DYNMAP_MAP__BASEMAP: "ftp://a.example" is',
        ),
        (Flags(), {}, '[map]\norigins = ["a.example"]', 'dynmap.toml: map.origins: "a.example" is no origin'),
        (Flags(), {}, "[map]\nbase = 1", 'map.base: unknown setting (did you mean "basemap"?)'),
        (Flags(), {}, "[home]\nlat = 91\nlon = 0", "home.lat: should be less than or equal to 90, is 91"),
        (Flags(), {}, "[home]\nlat = 1", "dynmap.toml: home: needs lat and lon"),
        (Flags(), {}, '[home]\nname = "x"', "dynmap.toml: home: needs lat and lon beside its name"),
        (Flags({"home": "52.5"}), {}, "", '--home: is "52.5", but must be latitude,longitude or'),
        (Flags(), {}, "x = ", "dynmap.toml: not TOML: Invalid value (at end of document)"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_wrong_is_one_line_that_says_where(
    flags: Flags, environ: dict[str, str], file: str, line: str, folder: Path
) -> None:
    if file:
        (folder / "dynmap.toml").write_text(file)
    with pytest.raises(SettingsError) as caught:
        load(flags, environ)
    assert line in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["missing.toml", "."])
def test_a_settings_file_that_cant_be_read(name: str) -> None:
    with pytest.raises(SettingsError, match="can't read the settings"):
        load(Flags(), {}, Path(name))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("127.0.0.1:4242", ("127.0.0.1", 4242)),
        (":4242", ("127.0.0.1", 4242)),
        ("4242", ("127.0.0.1", 4242)),
        ("[::]:0", ("::", 0)),
        ("localhost:65535", ("localhost", 65535)),
    ],
)
def test_addresses(text: str, expected: tuple[str, int]) -> None:
    assert host_and_port(text) == expected
    assert host_and_port(joined(*expected)) == expected


@pytest.mark.parametrize("text", ["", "localhost", "localhost:", "localhost:65536", "a:-1", "[x]:1", "a:٣"])
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(ValueError, match=r"must be HOST:PORT|At least 3 parts"):
        host_and_port(text)


def test_children_read_what_the_supervisor_wrote() -> None:
    flags = Flags(
        {"auth": {"secret": SECRET, "ingest_tokens": ["0123456789abcdef"], "public_key": PEM}},
        sources=(
            ("tail", "a.log,from=start"),
            ("exec", "x"),
            ("stdin", ""),
            ("demo", ""),
            ("tcp", "1,allow=::1"),
        ),
    )
    settings = load(flags, {})
    written = settings.model_dump_json(by_alias=True, context=REVEAL)
    assert SECRET in written
    assert Settings.model_validate_json(written) == settings


# --- secrets


SECRET = "a secret of at least 32 bytes, as HS256 wants it"
KEY = "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE="
PEM = f"-----BEGIN PUBLIC KEY-----\n{KEY}\n-----END PUBLIC KEY-----\n"


def secrets_of(settings: Settings) -> tuple[list[str], list[str]]:
    auth = settings.auth
    return tuple(
        [secret.get_secret_value() for secret in given] for given in (auth.secret, auth.ingest_tokens)
    )  # type: ignore[return-value]


def test_secrets_are_texts_lists_or_lines_of_files(folder: Path) -> None:
    (folder / "etc").mkdir()
    (folder / "etc" / "secret").write_text(f"{SECRET}\n\n{SECRET} 2\n")
    (folder / "tokens").write_text("0123456789abcdef\n")
    file = folder / "etc" / "some.toml"
    file.write_text(f'[auth]\nsecret = "@secret"\ningest_tokens = ["fedcba9876543210", "@{folder}/tokens"]\n')
    assert secrets_of(load(Flags(), {}, file)) == (
        [SECRET, f"{SECRET} 2"],
        ["fedcba9876543210", "0123456789abcdef"],
    )
    environ = {
        "DYNMAP_AUTH__SECRET": f"@{folder}/etc/secret",
        "DYNMAP_AUTH__INGEST_TOKENS": "a" * 16 + "," + "b" * 16,
    }
    assert secrets_of(load(Flags(), environ)) == ([SECRET, f"{SECRET} 2"], ["a" * 16, "b" * 16])
    comma = "a secret, which holds a comma, of 32 bytes and more"
    assert secrets_of(load(Flags(), {"DYNMAP_AUTH__SECRET": f'["{comma}"]'})) == ([comma], [])
    file.write_text(f'[auth]\nsecret = "{comma}"\n')
    assert secrets_of(load(Flags(), {}, file)) == ([comma], [])


@pytest.mark.parametrize("given", ["text", "path", "escaped"])
def test_a_public_key_is_pem_or_a_file(given: str, folder: Path) -> None:
    (folder / "viewers.pem").write_text(PEM)
    value = {"text": PEM, "path": "viewers.pem", "escaped": PEM.replace("\n", "\\n")}[given]
    assert load(Flags(), {"DYNMAP_AUTH__PUBLIC_KEY": value}).auth.public_key == PEM


@pytest.mark.parametrize(
    "wrong",
    [
        {"auth": {"secret": "hidden"}},
        {"auth": {"secret": ["hidden"]}},
        {"auth": {"secret": {"hidden": "hidden"}}},
        {"auth": {"secret": [["hidden"]]}},
        {"auth": {"ingest_tokens": "hidden"}},
        {"auth": {"ingest_tokens": ["hidden with spaces in it"]}},
        {"auth": {"public_key": "-----BEGIN PRIVATE KEY-----hidden"}},
        {"auth": {"public_key": ["hidden"]}},
        {"auth": "hidden"},
        {"auth": ["hidden"]},
        {"auth": {"secret": f"hidden{SECRET}"}, "serve": {"port": "x"}},
    ],
)
def test_secrets_are_in_no_error(wrong: dict[str, Any]) -> None:
    with pytest.raises(SettingsError) as caught:
        load(Flags(wrong), {})
    assert "hidden" not in f"{caught.value} {caught.value.__cause__}"


def test_secrets_are_not_shown() -> None:
    settings = Settings.model_validate({"auth": {"secret": SECRET, "ingest_tokens": ["0123456789abcdef"]}})
    told = f"{settings} {settings!r} {settings.model_dump()} {settings.model_dump_json()}"
    assert SECRET not in told
    assert "0123456789abcdef" not in told


def test_tokens_are_asked_for_as_soon_as_there_are_any() -> None:
    def asked(**auth: Any) -> tuple[bool, bool]:
        settings = AuthSettings.model_validate(auth)
        return settings.of_viewers, settings.of_posts

    assert asked() == asked(open=True, origins="https://a.example") == (False, False)
    assert asked(secret=SECRET) == asked(public_key=PEM) == (True, True)
    assert asked(ingest_tokens="0123456789abcdef") == (False, True)


def test_who_may_send_is_said_for_all_tcp_sources_of_flags_or_for_one() -> None:
    sources = (
        ("tail", "a.log"),
        ("tcp", "0.0.0.0:1,allow=192.0.2.0/24,2001:db8::/32"),
        ("tcp", "0.0.0.0:2,name=two"),
    )
    settings = load(Flags(sources=sources, allow=("10.0.0.0/8", "172.16.0.0/12")), {})
    assert [[str(network) for network in source.allow] for source in settings.source] == [
        [], ["192.0.2.0/24", "2001:db8::/32"], ["10.0.0.0/8", "172.16.0.0/12"], []
    ]  # fmt: skip


def test_cells_have_the_precision_of_the_grid() -> None:
    """The settings repeat the grid's limits, so that the supervising process does without numpy."""
    assert SourceSettings(kind="http", name="x").precision == grid.DEFAULT_BITS
    assert SourceSettings(kind="http", name="x", precision=grid.MAX_BITS).precision == grid.MAX_BITS
    with pytest.raises(ValidationError):
        SourceSettings(kind="http", name="x", precision=grid.MAX_BITS + 1)


def test_all_settings_are_documented_and_no_others() -> None:
    general, sources = re.findall(
        r"^## (?:All settings|Sources)$(.*?)(?=^## )", DOCUMENT.read_text(), re.M | re.S
    )
    assert _first_column(general) == _keys(Settings)
    assert _first_column(sources) == _keys(SourceSettings)


def test_documented_defaults_are_the_defaults() -> None:
    text = DOCUMENT.read_text()
    for model, prefix in (
        (Settings, ""),
        (ServeSettings, "serve."),
        (AuthSettings, "auth."),
        (LimitSettings, "limits."),
        (MapSettings, "map."),
        (HomeSettings, "home."),
        (SourceSettings, ""),
    ):
        for name, default in _defaults(model).items():
            row = re.search(rf"^\| `{re.escape(prefix + name)}` \|(?: [a-z]+ \|)? `([^`]*)` \|", text, re.M)
            assert row, f"{prefix}{name} has no documented default"
            assert row[1] == default


def _first_column(table: str) -> set[str]:
    return set(re.findall(r"^\| `([^`]+)` \|", table, re.M))


def _keys(model: type[BaseModel], prefix: str = "") -> set[str]:
    keys: set[str] = set()
    for name, entry in model.model_fields.items():
        nested = entry.annotation
        if isinstance(nested, type) and issubclass(nested, BaseModel):
            keys |= _keys(nested, f"{prefix}{name}.")
        else:
            keys.add(prefix + (entry.alias or name))
    return keys


def _defaults(model: type[BaseModel]) -> dict[str, str]:
    """Defaults that are plain values, as they stand in a settings file."""
    plain: dict[str, str] = {}
    for name, entry in model.model_fields.items():
        value: Any = entry.default
        if isinstance(value, bool | int | float | str):
            text = (
                str(value).lower()
                if isinstance(value, bool)
                else f"{value:g}"
                if isinstance(value, float)
                else value
            )
            plain[entry.alias or name] = str(text)
    return plain

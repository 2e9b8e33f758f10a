"""The command line: one command a role. Imports little, so that `--help` and the supervisor stay light.

Exit codes: 0 done, 1 something failed while running, 2 wrong usage or something that kept it from starting.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NoReturn

import click

from dynmap import __version__
from dynmap.errors import DynMapError, StartupError

FAILED: Final = 1
CANNOT_START: Final = 2

_SOURCE_FLAGS: Final = ("tail", "exec", "tcp")
_DEFAULT_FLAGS: Final = ("format", "topic", "precision", "time", "pattern")

Command = Callable[..., None]


class Commands(click.Group):
    """Commands whose modules are imported only when they are called for."""

    _elsewhere: Final = {
        "geo": ("dynmap.geo.commands", "geo", "Build, look up and describe the location table."),
        "token": ("dynmap.tokens", "token", "Make a token that lets a viewer see some topics."),
    }

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the order of a user's way: first look, then use, then explain."""
        return [*super().list_commands(ctx), *self._elsewhere]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """A command by its name, imported now if it lives elsewhere."""
        if cmd_name not in self._elsewhere:
            return super().get_command(ctx, cmd_name)
        import importlib

        module, name, _ = self._elsewhere[cmd_name]
        command = getattr(importlib.import_module(module), name)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands, without importing any."""
        shown = [
            (name, command.get_short_help_str(100))
            for name, command in sorted(self.commands.items())
            if not command.hidden
        ]
        elsewhere = [(name, text) for name, (_, _, text) in self._elsewhere.items()]
        with formatter.section("Commands"):
            formatter.write_dl(sorted([*shown, *elsewhere]))


def main() -> NoReturn:
    """Entry point of `dynmap`: an error that DynMap or its user made is one line, never a traceback."""
    try:
        code = dynmap.main(standalone_mode=False)
    except click.exceptions.Abort:
        code = FAILED
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        code = CANNOT_START
    except click.ClickException as error:
        code = _said(f"{_path_of(error)}: {error.format_message()}", error.exit_code)
    except StartupError as error:
        code = _said(f"dynmap: {error}", CANNOT_START)
    except DynMapError as error:
        code = _said(f"dynmap: {error}", FAILED)
    except BrokenPipeError:
        # The reader of our output has seen enough (`dynmap check ... | head`).
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = FAILED
    sys.exit(code or 0)


def _said(line: str, code: int) -> int:
    click.echo(" ".join(line.split()), err=True)
    return code


def _path_of(error: click.ClickException) -> str:
    context = getattr(error, "ctx", None)
    return context.command_path if context is not None else "dynmap"


@click.group("dynmap", cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="dynmap %(version)s")
def dynmap() -> None:
    """A live, global heat map of anything that happens somewhere."""


def _settings_flags(command: Command) -> Command:
    """The flags of every command that serves. Their values are checked with the settings, not by click."""
    options = [
        click.option(
            "--config", type=click.Path(path_type=Path), metavar="FILE", help="Settings [./dynmap.toml]."
        ),
        click.option("--host", metavar="HOST", help="Address to serve at [127.0.0.1]."),
        click.option("--port", metavar="PORT", help="Port to serve at, 0 for any [8080]."),
        click.option("--open", is_flag=True, help="Who needs no token may come from other machines."),
        click.option(
            "--origin", multiple=True, metavar="ORIGIN", help="Pages of https://other.example may ask."
        ),
        click.option("--geo", metavar="FILE", help="MMDB or built table to locate addresses with."),
        click.option(
            "--basemap", metavar="URL|FILE", help="Style, tiles with {z}/{x}/{y}, or PMTiles [bundled]."
        ),
        click.option("--attribution", metavar="TEXT", help="What the base map's makers want to be shown."),
        click.option("--home", metavar="LAT,LON[,NAME]", help="Where the arcs of events lead to."),
        click.option("--tail", multiple=True, metavar="FILE[,KEY=VALUE...]", help="Follow a log file."),
        click.option("--exec", multiple=True, metavar="COMMAND[,...]", help="Lines that a command prints."),
        click.option(
            "--tcp", multiple=True, metavar="HOST:PORT[,...]", help="Listen for lines [127.0.0.1:4242]."
        ),
        click.option("--allow", multiple=True, metavar="CIDR", help="Who else may send lines over TCP."),
        click.option("--no-tcp", is_flag=True, help="Don't listen for lines over TCP."),
        click.option(
            "--stdin",
            is_flag=False,
            flag_value="",
            metavar="[KEY=VALUE,...]",
            help="Lines from standard input.",
        ),
        click.option("--format", metavar="FORMAT", help="auto, ip, combined, common, json or regex."),
        click.option("--pattern", metavar="REGEX", help="Regular expression with groups ip, or lat and lon."),
        click.option("--topic", metavar="TOPIC", help="Topic, or a template such as web.{status}."),
        click.option("--precision", metavar="BITS", help="Bits of a cell, 1 to 24 [20: 38 m]."),
        click.option("--time", metavar="arrival|event", help="Which time counts [arrival]."),
        click.option("--ready-fd", type=int, metavar="FD", help="Write one line of JSON there when ready."),
    ]
    for option in reversed(options):
        command = option(command)
    return command


@dynmap.command()
@_settings_flags
@click.option("--browser/--no-browser", default=False, help="Open the page in a browser [no].")
def serve(browser: bool, ready_fd: int | None, **given: Any) -> None:
    """Serve the live map of what the sources bring.

    Sources may be given many times and end in options: ,name= ,format= ,pattern= ,topic= ,precision= ,time=
    ,from=now|start. The flags --format to --time are their defaults.

    \b
      dynmap serve --tail /var/log/nginx/access.log
      dynmap serve --tail access.log,topic=web.{status},from=start,time=event
      dynmap serve --exec 'journalctl -fo cat -u sshd' --pattern 'from (?P<ip>\\S+)'
      zcat old.log.gz | dynmap serve --stdin
    """
    sys.exit(_serve(given, None, ready_fd, browser))


@dynmap.command()
@_settings_flags
@click.option("--rate", metavar="N", help="Events a second [800].")
@click.option(
    "--browser/--no-browser", default=None, help="Open the page in a browser [where there is a display]."
)
def demo(browser: bool | None, ready_fd: int | None, rate: str | None, **given: Any) -> None:
    """Serve the map of a lifelike synthetic world; real sources may be added."""
    if browser is None:
        browser = sys.stdout.isatty() and (
            sys.platform == "darwin" or any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))
        )
    sys.exit(_serve(given, f"rate={rate}" if rate else "", ready_fd, browser))


def _serve(given: dict[str, Any], demo: str | None, ready_fd: int | None, browser: bool) -> int:
    from dynmap import app, layers

    sources = [(kind, spec) for kind in _SOURCE_FLAGS for spec in given[kind]]
    if given["stdin"] is not None:
        sources.append(("stdin", given["stdin"]))
    if demo is not None:
        sources.append(("demo", demo))
    values: dict[str, Any] = {key: given[key] for key in ("geo", "home") if given[key] is not None}
    values |= {"serve": {key: given[key] for key in ("host", "port") if given[key] is not None}}
    values |= {"map": {key: given[key] for key in ("basemap", "attribution") if given[key] is not None}}
    values |= {"tcp": False} if given["no_tcp"] else {}
    auth = ({"open": True} if given["open"] else {}) | (
        {"origins": list(given["origin"])} if given["origin"] else {}
    )
    values |= {"auth": auth} if auth else {}
    names: dict[layers.Key, str] = {
        ("serve", "host"): "--host",
        ("serve", "port"): "--port",
        ("map", "basemap"): "--basemap",
        ("map", "attribution"): "--attribution",
        ("tcp",): "--no-tcp",
        ("auth", "open"): "--open",
        ("auth", "origins"): "--origin",
    }
    defaults = {key: given[key] for key in _DEFAULT_FLAGS if given[key] is not None}
    flags = layers.Flags(values, names, tuple(sources), defaults, tuple(given["allow"]))
    return app.serve(layers.load(flags, os.environ, given["config"]), ready_fd=ready_fd, browser=browser)


@dynmap.command()
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@click.option("--format", metavar="FORMAT", help="Take this format instead of the detected one.")
@click.option("--pattern", metavar="REGEX", help="Regular expression with groups ip, or lat and lon.")
@click.option("--topic", metavar="TOPIC", help="Topic, or a template such as web.{status}.")
@click.option(
    "--geo", type=click.Path(path_type=Path), metavar="FILE", help="MMDB or built table to locate with."
)
def check(file: Path, **given: Any) -> None:
    """Explain how the lines of FILE (- for standard input) are understood, and where they are."""
    from dynmap import checking

    sys.exit(checking.run(file, given))

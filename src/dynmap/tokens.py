"""`dynmap token`: makes tokens for viewers, and the secrets that make them good."""

from __future__ import annotations

import os
import re
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from dynmap.errors import StartupError, TokenError

if TYPE_CHECKING:
    from dynmap.serve.auth import Key

_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_LONGEST: Final = 100 * 366 * 86_400
_SECRET_BYTES: Final = 36
"""Random ones, which make 48 characters."""


class Duration(click.ParamType[int]):
    """A time such as 30m, 12h, 7d; as seconds."""

    name = "TIME"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Fails for what is none, and for more than a century."""
        found = re.fullmatch(r"([0-9]{1,12})([smhdw])", value)
        seconds = int(found[1]) * _SECONDS[found[2]] if found else 0
        if not 0 < seconds <= _LONGEST:
            self.fail(f'"{value}" is no time such as 30m, 12h, 7d or 4w', param, ctx)
        return seconds


@click.command()
@click.option(
    "--topics", multiple=True, metavar="PATTERN", help="What it lets see: email.>, web.*, or > for all."
)
@click.option(
    "--expires", type=Duration(), default="1d", show_default=True, help="How long it is good: 30m, 12h, 7d."
)
@click.option("--sub", metavar="NAME", help="Whom it is for, to know it again by.")
@click.option(
    "--private-key",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Ed25519 key (PEM) to sign with instead of the settings' secret.",
)
@click.option("--config", type=click.Path(path_type=Path), metavar="FILE", help="Settings [./dynmap.toml].")
@click.option(
    "--new-secret", is_flag=True, help="Print a new secret, or ingest token, for the settings instead."
)
def token(
    topics: tuple[str, ...],
    expires: int,
    sub: str | None,
    private_key: Path | None,
    config: Path | None,
    new_secret: bool,
) -> None:
    """Make a token that lets a viewer see some topics.

    \b
      dynmap token --topics 'email.>' --expires 7d
      dynmap token --topics 'web.*' --topics mail --sub wall-display --expires 52w
      dynmap token --new-secret
    """
    if new_secret:
        click.echo(secrets.token_urlsafe(_SECRET_BYTES))
        return
    if not topics:
        raise click.UsageError("Missing option '--topics': what may its bearer see? '>' is everything.")
    key = _key_of_file(private_key) if private_key else _key_of_settings(config)

    from dynmap.serve.auth import made

    try:
        click.echo(made(key, topics, expires, sub))
    except TokenError as error:
        raise StartupError(error.what, where="--topics") from error


def _key_of_file(path: Path) -> Key:
    from dynmap.serve.auth import private_key_of

    try:
        return private_key_of(path.read_bytes())
    except OSError as error:
        raise StartupError(error.strerror or str(error), where=f"--private-key {path}") from error
    except ValueError as error:
        raise StartupError(str(error), where=f"--private-key {path}") from error


def _key_of_settings(config: Path | None) -> Key:
    from dynmap import layers

    auth = layers.load(layers.Flags(), os.environ, config).auth
    if auth.secret:
        return auth.secret[0].get_secret_value()
    what = "the settings have no secret to sign with"
    hint = "the private key that goes with auth.public_key: --private-key FILE"
    raise StartupError(
        what, hint=hint if auth.public_key else "make one: dynmap token --new-secret; then [auth] secret"
    )

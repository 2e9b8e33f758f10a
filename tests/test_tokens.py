"""`dynmap token`, as its users meet it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from base64 import urlsafe_b64decode
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from dynmap.serve.auth import ViewerTokens, public_keys_of

SECRET = "a secret of at least 32 bytes as HS256 wants it"


class Dynmap:
    """Runs `dynmap token` in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run(self, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "dynmap", "token", *arguments],
            env=os.environ | environ, cwd=self.folder, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip

    def made(self, *arguments: str, **environ: str) -> str:
        done = self.run(*arguments, **environ)
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout.strip()

    def error(self, *arguments: str, **environ: str) -> str:
        done = self.run(*arguments, **environ)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.count("\n") == 1, done.stderr
        return done.stderr.strip()


@pytest.fixture
def token(tmp_path: Path) -> Dynmap:
    return Dynmap(tmp_path)


def claims_of(made: str) -> dict[str, Any]:
    middle = made.split(".")[1]
    claims: dict[str, Any] = json.loads(urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))
    return claims


def test_a_token_of_the_settings_secret(token: Dynmap) -> None:
    (token.folder / "dynmap.toml").write_text(f'[auth]\nsecret = ["{SECRET}", "{SECRET} that was"]\n')
    made = token.made("--topics", "email.>", "--topics", "web.*", "--expires", "7d", "--sub", "wall")
    claims = claims_of(made)
    assert (claims["topics"], claims["sub"], claims["aud"]) == (["email.>", "web.*"], "wall", "dynmap")
    assert claims["exp"] - claims["iat"] == 7 * 86_400
    access = ViewerTokens([SECRET], []).access(made)
    assert access.patterns == ("email.>", "web.*")
    assert access.expires == pytest.approx(time.time() + 7 * 86_400, abs=60)
    day = claims_of(token.made("--topics", ">", DYNMAP_AUTH__SECRET=SECRET))
    assert day["exp"] - day["iat"] == 86_400


def test_a_token_of_a_private_key(token: Dynmap) -> None:
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (token.folder / "private.pem").write_bytes(pem)
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    made = token.made("--topics", "a.b", "--private-key", "private.pem")
    assert ViewerTokens([], public_keys_of(public)).access(made).patterns == ("a.b",)
    (token.folder / "public.pem").write_text(public)
    assert token.error("--topics", "a", "--private-key", "public.pem").startswith(
        "dynmap: --private-key public.pem: is no private key in PEM without a password"
    )
    assert token.error("--topics", "a", "--private-key", "none.pem") == (
        "dynmap: --private-key none.pem: No such file or directory"
    )
    assert token.error("--topics", "a", DYNMAP_AUTH__PUBLIC_KEY="public.pem") == (
        "dynmap: the settings have no secret to sign with (the private key that goes with auth.public_key: "
        "--private-key FILE)"
    )


def test_new_secrets_are_good_and_new(token: Dynmap) -> None:
    one, two = token.made("--new-secret"), token.made("--new-secret")
    assert one != two
    assert len(one) == 48
    assert token.made("--topics", ">", DYNMAP_AUTH__SECRET=one)


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ((), "dynmap token: Missing option '--topics': what may its bearer see? '>' is everything."),
        (
            ("--topics", ">"),
            "the settings have no secret to sign with (make one: dynmap token --new-secret; then",
        ),
        (("--topics", ">", "--expires", "soon"), '"soon" is no time such as 30m, 12h, 7d or 4w'),
        (("--topics", ">", "--expires", "0d"), '"0d" is no time'),
        (("--topics", ">", "--expires", "9999999w"), '"9999999w" is no time'),
        (("--topics", ">", "--config", "none.toml"), "none.toml: can't read the settings"),
    ],
)
def test_what_is_wrong_is_one_line(token: Dynmap, arguments: tuple[str, ...], line: str) -> None:
    assert line in token.error(*arguments)


def test_a_pattern_that_is_none(token: Dynmap) -> None:
    assert token.error("--topics", "a..b", DYNMAP_AUTH__SECRET=SECRET).startswith(
        'dynmap: --topics: the claim "topics", [0]: pattern is not tokens'
    )

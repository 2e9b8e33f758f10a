"""Viewer tokens: JWTs that say which topics their bearer may see, and until when. No I/O.

    {"topics": ["email.>"], "exp": 1700000000}      `sub` and, as "dynmap", `aud` may be there too

Each algorithm has keys of its own and is tried with no others, so a token can't have a public key taken for a secret.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, Final

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key
from jwt.algorithms import OKPAlgorithm, get_default_algorithms

from dynmap import topics
from dynmap.config import AuthSettings
from dynmap.errors import SettingsError, TokenError
from dynmap.serve.access import Access

MAX_TOKEN: Final = 8192
"""Characters of a token."""

MAX_PATTERNS: Final = 64

_SHARED: Final = "HS256"
_SIGNED: Final = ("EdDSA", "Ed25519")
"""The old and the new name (RFC 9864) of one algorithm."""

_AUDIENCE: Final = "dynmap"
_LATEST: Final = 1 << 53
_END_OF_PEM: Final = "-----END PUBLIC KEY-----"

if _SIGNED[1] not in get_default_algorithms():
    jwt.register_algorithm(_SIGNED[1], OKPAlgorithm())

Key = str | Ed25519PrivateKey


class ViewerTokens:
    """What makes a viewer's token good: the secrets and public keys of the settings."""

    def __init__(self, secrets: Sequence[str], public_keys: Sequence[Ed25519PublicKey]) -> None:
        self._keys: dict[str, Sequence[str] | Sequence[Ed25519PublicKey]] = {}
        if secrets:
            self._keys[_SHARED] = secrets
        if public_keys:
            self._keys |= dict.fromkeys(_SIGNED, public_keys)

    @classmethod
    def of(cls, auth: AuthSettings) -> ViewerTokens:
        """Those of the settings. Raises SettingsError when a public key is none."""
        secrets = [secret.get_secret_value() for secret in auth.secret]
        return cls(secrets, public_keys_of(auth.public_key) if auth.public_key else [])

    def access(self, token: str) -> Access:
        """What a token opens. Raises TokenError: `bad_token`, `forged_token`, `expired_token` or `bad_claims`."""
        claims = self._claims(token, self._algorithm_of(token))
        if _AUDIENCE not in _several(claims.get("aud", _AUDIENCE)):
            raise TokenError("bad_claims", f'the token is meant for another audience than "{_AUDIENCE}"')
        return Access(_patterns(claims["topics"]), float(min(int(claims["exp"]), _LATEST)))

    def _algorithm_of(self, token: str) -> str:
        if len(token) > MAX_TOKEN or not token.isascii():
            raise TokenError("bad_token", "this is no JWT")
        try:
            algorithm = jwt.get_unverified_header(token).get("alg")
        except jwt.PyJWTError:
            raise TokenError("bad_token", "this is no JWT") from None
        if not isinstance(algorithm, str) or algorithm not in self._keys:
            known = " or ".join(self._keys)
            raise TokenError("bad_token", f"the token is not signed with {known}, as it must be here")
        return algorithm

    def _claims(self, token: str, algorithm: str) -> dict[str, Any]:
        options: jwt.types.Options = {"require": ["exp", "topics"], "verify_aud": False, "verify_iat": False}
        for key in self._keys[algorithm]:
            try:
                return jwt.decode(token, key, [algorithm], options)
            except jwt.InvalidSignatureError:
                continue
            except jwt.ExpiredSignatureError:
                raise TokenError("expired_token", "the token has expired", hint="ask for a new one") from None
            except jwt.ImmatureSignatureError:
                raise TokenError("bad_claims", "the token is not valid yet") from None
            except jwt.MissingRequiredClaimError as error:
                raise TokenError("bad_claims", f'the token has no claim "{error.claim}"') from None
            except jwt.PyJWTError as error:
                raise TokenError("bad_claims", f"the token's claims are none: {error}") from None
        raise TokenError("forged_token", "the token's signature is not made with a key of this server")


def _several(claim: Any) -> list[Any]:
    return claim if isinstance(claim, list) else [claim]


def _patterns(claim: Any) -> tuple[str, ...]:
    """The patterns of a claim. Raises TokenError."""
    if not isinstance(claim, list) or not 1 <= len(claim) <= MAX_PATTERNS:
        raise TokenError("bad_claims", f'the claim "topics" is not a list of 1 to {MAX_PATTERNS} patterns')
    for place, pattern in enumerate(claim):
        problem = topics.problem_with_pattern(pattern) if isinstance(pattern, str) else "is no text"
        if problem:
            raise TokenError("bad_claims", f'the claim "topics", [{place}]: {problem}')
    return (">",) if ">" in claim else tuple(sorted(set(claim)))


def made(key: Key, patterns: Sequence[str], seconds: int, subject: str | None = None) -> str:
    """A token for some topics that is good for so many seconds from now on. Raises TokenError for a bad pattern."""
    now = int(time.time())
    claims = {"aud": _AUDIENCE, "iat": now, "exp": now + seconds, "topics": list(_patterns(list(patterns)))}
    claims |= {"sub": subject} if subject else {}
    return jwt.encode(claims, key, _SHARED if isinstance(key, str) else _SIGNED[0])


def public_keys_of(pem: str) -> list[Ed25519PublicKey]:
    """The keys of a PEM text. Raises SettingsError when one is none."""
    keys: list[Ed25519PublicKey] = []
    for part in pem.split(_END_OF_PEM):
        if not part.strip():
            continue
        try:
            key = load_pem_public_key(f"{part.strip()}\n{_END_OF_PEM}\n".encode())
        except ValueError as error:
            raise SettingsError("is damaged", where="auth.public_key") from error
        if not isinstance(key, Ed25519PublicKey):
            raise SettingsError("must be an Ed25519 key", where="auth.public_key", hint=_HOW)
        keys.append(key)
    return keys


def private_key_of(pem: bytes) -> Ed25519PrivateKey:
    """The key of a PEM file. Raises ValueError when it is none."""
    try:
        key = load_pem_private_key(pem, None)
    except (ValueError, TypeError):
        raise ValueError(f"is no private key in PEM without a password ({_HOW})") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise ValueError(f"must be an Ed25519 key ({_HOW})")
    return key


_HOW: Final = "openssl genpkey -algorithm ed25519 makes one"

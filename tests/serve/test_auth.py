"""Viewer tokens: what they open, and why others open nothing."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from hypothesis import given
from hypothesis import strategies as st

from dynmap.errors import SettingsError, TokenError
from dynmap.serve.auth import MAX_TOKEN, ViewerTokens, made, private_key_of, public_keys_of

SECRET = "a secret of at least 32 bytes, as HS256 wants it"
OTHER_SECRET = "another secret of at least 32 bytes for the rotation"
PRIVATE = Ed25519PrivateKey.generate()
PEM = PRIVATE.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
SOON = int(time.time()) + 3600

SHARED = ViewerTokens([SECRET], [])
SIGNED = ViewerTokens([], [PRIVATE.public_key()])
BOTH = ViewerTokens([OTHER_SECRET, SECRET], public_keys_of(PEM))


def signed(
    claims: dict[str, Any] | None = None, key: Any = SECRET, algorithm: str = "HS256", **more: Any
) -> str:
    known: dict[str, Any] = {"topics": ["email.>"], "exp": SOON} if claims is None else claims
    return jwt.encode(known | more, key, algorithm)


def by_hand(header: Any, claims: Any, signature: bytes = b"") -> str:
    parts = [json.dumps(header).encode(), json.dumps(claims).encode(), signature]
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts)


def code_of(token: str, tokens: ViewerTokens = SHARED) -> str:
    with pytest.raises(TokenError) as caught:
        tokens.access(token)
    assert token[:20] not in str(caught.value) or not token
    return caught.value.code


def test_a_token_opens_its_topics_until_it_expires() -> None:
    access = SHARED.access(signed(topics=["web.*", "email.>", "web.*"], sub="me"))
    assert access.patterns == ("email.>", "web.*")
    assert access.expires == SOON
    assert not access.is_whole
    assert SHARED.access(signed(topics=["email.>", ">"])).is_whole


@pytest.mark.parametrize("key", [SECRET, PRIVATE], ids=["HS256", "EdDSA"])
def test_what_is_made_here_is_good_here(key: Any) -> None:
    access = BOTH.access(made(key, ["email.>", "web.ok"], 60, "somebody"))
    assert access.patterns == ("email.>", "web.ok")
    assert access.expires == pytest.approx(time.time() + 60, abs=5)


def test_a_bad_pattern_makes_no_token() -> None:
    with pytest.raises(TokenError, match=r'"topics", \[1\]: pattern is not tokens'):
        made(SECRET, ["email.>", "a b"], 60)


def test_all_keys_are_good_so_that_one_can_follow_another() -> None:
    for key in (SECRET, OTHER_SECRET):
        assert BOTH.access(signed(key=key)).patterns == ("email.>",)
    second = Ed25519PrivateKey.generate()
    pem = second.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    tokens = ViewerTokens([], public_keys_of(PEM + "\n" + pem))
    for private in (PRIVATE, second):
        for name in ("EdDSA", "Ed25519"):
            assert tokens.access(signed(key=private, algorithm=name)).expires == SOON


@pytest.mark.parametrize("audience", ["dynmap", ["other", "dynmap"]])
def test_an_audience_may_be_named(audience: Any) -> None:
    assert SHARED.access(signed(aud=audience)).expires == SOON


@pytest.mark.parametrize(
    ("token", "code"),
    [
        ("", "bad_token"),
        ("nonsense", "bad_token"),
        ("a.b.c", "bad_token"),
        ("ü.ü.ü", "bad_token"),
        ("\ud800.a.b", "bad_token"),
        ("." * 3, "bad_token"),
        ("a" * (MAX_TOKEN + 1), "bad_token"),
        (by_hand([], {}), "bad_token"),
        (by_hand({"alg": "none"}, {"topics": [">"], "exp": SOON}), "bad_token"),
        (by_hand({"alg": ["HS256"]}, {"topics": [">"], "exp": SOON}), "bad_token"),
        (by_hand({"alg": "HS256"}, {"topics": [">"], "exp": SOON}), "forged_token"),
        (signed(key=OTHER_SECRET), "forged_token"),
        (signed() + "x", "forged_token"),
        (signed().rpartition(".")[0] + "." + "A" * 43, "forged_token"),
        (signed(algorithm="HS384"), "bad_token"),
        (signed(key=PRIVATE, algorithm="EdDSA"), "bad_token"),
        (signed(exp=int(time.time()) - 1), "expired_token"),
        (signed(exp=0), "expired_token"),
        (signed(exp="never"), "bad_claims"),
        (signed(exp=float("inf")), "bad_claims"),
        (signed({"topics": [">"]}), "bad_claims"),
        (signed({"exp": SOON}), "bad_claims"),
        (signed(topics=None), "bad_claims"),
        (signed(topics=[]), "bad_claims"),
        (signed(topics=">"), "bad_claims"),
        (signed(topics=[3]), "bad_claims"),
        (signed(topics=["a..b"]), "bad_claims"),
        (signed(topics=[">.a"]), "bad_claims"),
        (signed(topics=["a"] * 65), "bad_claims"),
        (signed(topics={">": True}), "bad_claims"),
        (signed(nbf=SOON), "bad_claims"),
        (signed(aud="grafana"), "bad_claims"),
        (signed(aud=[3]), "bad_claims"),
        (signed(sub=3), "bad_claims"),
    ],
)
def test_what_opens_nothing_says_why(token: str, code: str) -> None:
    assert code_of(token) == code


def test_no_key_is_tried_with_another_algorithm() -> None:
    """The public key is no secret: a token that is signed with its text as if it were one must be none."""
    header, claims = {"alg": "HS256", "typ": "JWT"}, {"topics": [">"], "exp": SOON}
    for text in (PEM, PEM.strip()):
        parts = by_hand(header, claims).rstrip(".")
        signature = hmac.digest(text.encode(), parts.encode(), hashlib.sha256)
        token = f"{parts}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"
        assert code_of(token, SIGNED) == "bad_token"
        assert code_of(token, BOTH) == "forged_token"


def test_each_reason_is_said() -> None:
    said = dict.fromkeys(("bad_token", "forged_token", "expired_token", "bad_claims"), "")
    for token in ("x", signed(key=OTHER_SECRET), signed(exp=1), signed({"exp": SOON})):
        with pytest.raises(TokenError) as caught:
            SHARED.access(token)
        said[caught.value.code] = str(caught.value)
    assert said == {
        "bad_token": "this is no JWT",
        "forged_token": "the token's signature is not made with a key of this server",
        "expired_token": "the token has expired (ask for a new one)",
        "bad_claims": 'the token has no claim "topics"',
    }


@given(
    st.text()
    | st.text("abcdefABCDEF0123456789-_=.", max_size=300)
    | st.binary().map(lambda raw: raw.decode("latin-1"))
)
def test_nonsense_opens_nothing(token: str) -> None:
    for tokens in (SHARED, SIGNED, BOTH):
        with pytest.raises(TokenError):
            tokens.access(token)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@given(json_values | st.fixed_dictionaries({"alg": json_values}), json_values, st.binary(max_size=64))
def test_made_up_tokens_open_nothing(header: Any, claims: Any, signature: bytes) -> None:
    with pytest.raises(TokenError):
        BOTH.access(by_hand(header, claims, signature))


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "topics": json_values | st.lists(st.sampled_from(["a", "a.>", "*", ">", "", "a b"])),
            "exp": json_values | st.integers(SOON, SOON + 99),
            "nbf": json_values, "iat": json_values, "aud": json_values, "sub": json_values, "jti": json_values,
        },
    )
)  # fmt: skip
def test_whatever_is_signed_is_understood_or_refused(claims: dict[str, Any]) -> None:
    try:
        token = jwt.encode(claims, SECRET, "HS256")
    except (TypeError, ValueError):  # PyJWT itself looks at some claims
        return
    try:
        access = SHARED.access(token)
    except TokenError:
        return
    assert access.patterns
    assert access.expires is not None
    assert access.expires > time.time() - 1


def test_changing_any_character_of_a_token_makes_it_none() -> None:
    token = signed()
    for place, letter in enumerate(token):
        for other in "A_.":
            if other != letter:
                assert code_of(token[:place] + other + token[place + 1 :]) in ("bad_token", "forged_token")


@pytest.mark.parametrize(
    ("pem", "what"),
    [
        ("-----BEGIN PUBLIC KEY-----\nnonsense\n-----END PUBLIC KEY-----\n", "is damaged"),
        (
            generate_private_key(SECP256R1())
            .public_key()
            .public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
            .decode(),
            "must be an Ed25519 key",
        ),
        (PEM + "more", "is damaged"),
    ],
)
def test_a_public_key_that_is_none(pem: str, what: str) -> None:
    with pytest.raises(SettingsError, match=f"auth.public_key: {what}"):
        public_keys_of(pem)


def test_a_private_key_that_is_none() -> None:
    def pem(key: Any) -> bytes:
        return bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))

    assert private_key_of(pem(PRIVATE)).private_bytes_raw() == PRIVATE.private_bytes_raw()
    with pytest.raises(ValueError, match="must be an Ed25519 key"):
        private_key_of(pem(generate_private_key(SECP256R1())))
    with pytest.raises(ValueError, match="is no private key in PEM"):
        private_key_of(PEM.encode())

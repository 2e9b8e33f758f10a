"""Who is let in, and to what: the one place that decides it, for HTTP, WebSocket and whatever else is served.

A request is looked at from the outside in: under which name it reached this server, from which site's page it comes,
which token it brings. It gets a RequestError where it is not let in. Nothing is done by cookies, so a browser never
sends along what its user did not mean to.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Scope

from dynmap.config import Settings
from dynmap.errors import TokenError
from dynmap.hosts import address_of, name_of, without_default_port
from dynmap.serve.access import WHOLE, Access
from dynmap.serve.crowd import Crowd
from dynmap.serve.refusal import RequestError

if TYPE_CHECKING:
    from dynmap.serve.auth import ViewerTokens

EVENTS: Final = "/api/events"
OPENAPI: Final = "/api/openapi.json"

SUBPROTOCOL: Final = "dynmap"
"""What a WebSocket is accepted as when it is offered, beside the token that only so fits into a browser's handshake."""

_TOKEN_PROTOCOL: Final = "bearer."
_METHODS: Final = ("GET", "HEAD", "POST")
_HEADERS: Final = ("Authorization", "Content-Encoding", "Content-Type", "Idempotency-Key", "Last-Event-ID")


class Gate:
    """Lets in what the settings let in."""

    def __init__(self, settings: Settings) -> None:
        """Raises SettingsError when a key of viewer tokens can't be used."""
        auth = settings.auth
        self._auth = auth
        self._crowd = Crowd(settings.limits)
        self._origins = frozenset(auth.origins)
        self._names = {name_of(origin.partition("://")[2]) for origin in auth.origins}
        self._names |= {settings.serve.host.lower(), "localhost"}
        self._ingest_tokens = [token.get_secret_value().encode() for token in auth.ingest_tokens]
        self._viewer_tokens = _viewer_tokens(settings)

    def check_host(self, scope: Scope) -> None:
        """Raises RequestError (403) when a page may have been led here under a name of its own making (DNS rebinding).

        That is of use to it only where whoever reaches the port is let in, and not everybody is meant to reach it.
        """
        host = Headers(scope=scope).get("host")
        if self._auth.of_viewers or self._auth.open or not host:
            return
        name = name_of(host)
        if name in self._names or name.endswith(".localhost") or address_of(name) is not None:
            return
        raise RequestError(
            403,
            "bad_host",
            "this server is not known by the name in the Host header",
            hint=f'if it is meant to be: auth.origins = ["https://{_shown(name)}"], or --origin',
        )

    def check_origin(self, scope: Scope) -> None:
        """Raises RequestError (403) when a browser asks on behalf of another site's page that may not."""
        headers = Headers(scope=scope)
        origin = headers.get("origin")
        if origin is None or origin in self._origins:
            return
        scheme, _, host = origin.lower().partition("://")
        if host and host == without_default_port(headers.get("host", "").lower(), scheme):
            return
        raise RequestError(
            403,
            "bad_origin",
            "pages of this origin may not ask here",
            hint="if they are meant to: auth.origins, or --origin; behind a proxy, have it pass the Host header on",
        )

    def let_in(self, scope: Scope) -> None:
        """Let a request to something under `/api` pass; its state's `access` is then what it may see.

        A route that nobody thought of here is for viewers only. Raises RequestError.
        """
        asked = (scope["method"], scope["path"])
        if asked == ("POST", EVENTS):
            self.poster(scope)
        elif asked != ("GET", OPENAPI):
            scope["state"]["access"] = self.viewer(scope)

    def viewer(self, scope: Scope) -> Access:
        """What whoever asks may see. Raises RequestError (401, 403, 429)."""
        self.check_host(scope)
        self.check_origin(scope)
        if self._viewer_tokens is None:
            return WHOLE
        token = self._token(scope, "a viewer token", "see `dynmap token`")
        if self._is_ingest_token(token):
            raise RequestError(403, "forbidden", "an ingest token posts events; it can see nothing")
        try:
            return self._viewer_tokens.access(token)
        except TokenError as error:
            raise self._wrong(scope, error.code, str(error)) from None

    def poster(self, scope: Scope) -> None:
        """Let pass who may post events. Raises RequestError (401, 403, 429)."""
        self.check_host(scope)
        self.check_origin(scope)
        if not self._auth.of_posts:
            return
        if not self._ingest_tokens:
            hint = "auth.ingest_tokens lets some do so"
            raise RequestError(403, "forbidden", "nobody may post events here", hint=hint)
        token = self._token(scope, "an ingest token", "auth.ingest_tokens")
        if self._is_ingest_token(token):
            return
        if self._is_viewer_token(token):
            raise RequestError(403, "forbidden", "a viewer token sees; it can't post events")
        raise self._wrong(scope, "bad_token", "this is no ingest token of this server")

    def connection(self, scope: Scope) -> AbstractContextManager[None]:
        """For as long as a live connection lasts. Entering raises RequestError (429) when its address has too many."""
        return self._crowd.connection(_client(scope))

    def sharing(self, app: ASGIApp) -> ASGIApp:
        """An application whose answers pages of the other origins may read."""
        if not self._origins:
            return app
        return CORSMiddleware(
            app,
            allow_origins=self._origins,
            allow_methods=_METHODS,
            allow_headers=_HEADERS,
            expose_headers=("Retry-After",),
        )

    def _token(self, scope: Scope, what: str, hint: str) -> str:
        """The token that was brought. Raises RequestError."""
        self._crowd.check(_client(scope))
        token = next(_tokens(scope), None)
        if token is None:
            where = "as Authorization: Bearer, as ?token=, or as the WebSocket's subprotocol bearer.<token>"
            raise _unauthorized("no_token", f"this needs {what}, {where}", hint)
        return token

    def _wrong(self, scope: Scope, code: str, what: str) -> RequestError:
        if code in ("bad_token", "forged_token"):  # others were made by somebody who could
            self._crowd.failed(_client(scope))
        return _unauthorized(code, what)

    def _is_ingest_token(self, token: str) -> bool:
        """Compares with all, each in a time that tells nothing of how alike they are."""
        given = token.encode(errors="replace")
        return sum(hmac.compare_digest(given, known) for known in self._ingest_tokens) > 0

    def _is_viewer_token(self, token: str) -> bool:
        if self._viewer_tokens is None:
            return False
        try:
            self._viewer_tokens.access(token)
        except TokenError:
            return False
        return True


def _viewer_tokens(settings: Settings) -> ViewerTokens | None:
    """What checks them, when there are any. Its libraries cost 20 MB and a tenth of a second."""
    if not settings.auth.of_viewers:
        return None
    from dynmap.serve.auth import ViewerTokens

    return ViewerTokens.of(settings.auth)


def _tokens(scope: Scope) -> Iterator[str]:
    """The tokens that a request brings, in the order in which they count."""
    scheme, _, token = Headers(scope=scope).get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        yield token.strip()
    for protocol in scope.get("subprotocols", ()):
        if protocol.startswith(_TOKEN_PROTOCOL):
            yield protocol.removeprefix(_TOKEN_PROTOCOL)
    yield from parse_qs(scope["query_string"].decode("latin-1")).get("token", ())


def _client(scope: Scope) -> str | None:
    client = scope.get("client")
    return client[0] if client else None


def _unauthorized(code: str, what: str, hint: str | None = None) -> RequestError:
    error = "" if code == "no_token" else ', error="invalid_token"'
    return RequestError(
        401, code, what, hint=hint, headers={"WWW-Authenticate": f'Bearer realm="dynmap"{error}'}
    )


def _shown(name: str) -> str:
    """A name that a stranger gave, as far as it can be one."""
    return "".join(letter for letter in name if letter.isascii() and (letter.isalnum() or letter in ".-"))[
        :253
    ]

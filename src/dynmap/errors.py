"""Errors with fields: what went wrong, where, and what to do about it."""

from __future__ import annotations


class DynMapError(Exception):
    """Base of all errors that DynMap raises on purpose.

    `str(error)` is always one line: ``where: what (hint)``.
    """

    def __init__(self, what: str, *, where: str | None = None, hint: str | None = None) -> None:
        self.what = what
        self.where = where
        self.hint = hint
        text = f"{where}: {what}" if where else what
        super().__init__(" ".join(f"{text} ({hint})".split()) if hint else " ".join(text.split()))


class StartupError(DynMapError):
    """Something that keeps a role from starting; shown as one line, exit code 2."""


class SettingsError(StartupError):
    """A setting that is unknown, of the wrong type, or out of its range."""


class GeoError(StartupError):
    """A location database or table that can't be read."""


class FrameError(DynMapError):
    """Columns or bytes that are not a frame."""


class MessageError(DynMapError):
    """Bytes that are not a message of the relay, or of a live server."""


class TokenError(DynMapError):
    """A viewer's token that opens nothing; `code` goes out with the refusal."""

    def __init__(self, code: str, what: str, *, hint: str | None = None) -> None:
        self.code = code
        super().__init__(what, hint=hint)


class SubscriptionError(DynMapError):
    """A viewer's request that can't be served; `code` goes out on the wire."""

    def __init__(self, code: str, what: str) -> None:
        self.code = code
        super().__init__(what)


class UnreachableError(DynMapError):
    """A server that a client could not reach; another attempt may."""


class RefusedError(DynMapError):
    """What a server refuses a client: `code` says why, as on the wire (`unauthorized`, `bad_topics`...)."""

    def __init__(self, code: str, what: str, *, where: str | None = None, hint: str | None = None) -> None:
        self.code = code
        super().__init__(what, where=where, hint=hint)

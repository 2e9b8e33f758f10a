"""`POST /api/events`: bodies that the serving process passes on, answered once what they hold is safe."""

from __future__ import annotations

import asyncio
from typing import Final

import msgspec
import numpy as np

from dynmap.config import SourceSettings
from dynmap.ingest.base import Intake, Positions, Sequence, Span
from dynmap.ingest.batching import Clock, wall_clock
from dynmap.ingest.idempotency import MAX_KEY, Answer, Answers
from dynmap.ingest.lines import READ_SIZE, U8
from dynmap.pipeline.pipeline import MAX_ERRORS, Decoder, LineError, Taken
from dynmap.relay.message import Post, PostAnswer, SourceStatus

JSON_LINES: Final = ("application/x-ndjson", "application/ndjson", "application/jsonl")
LINES: Final = (*JSON_LINES, "text/plain")
DOCUMENT: Final = "application/json"

_NOTHING: Final = Taken(0, 0, 0, 0)


class HttpSource:
    """All posts of one `http` source: one producer, whose sequence is their lines as they came."""

    def __init__(self, settings: SourceSettings, *, clock: Clock = wall_clock) -> None:
        self.producer = settings.name
        self._settings = settings
        self._sequence = Sequence(clock())
        self._intake: Intake | None = None
        self._answers: Answers
        self._at_work = 0
        self._stopping = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()

    @property
    def status(self) -> SourceStatus:
        """Open while posts are taken."""
        state = "waiting" if self._intake is None else "ended" if self._stopping.is_set() else "open"
        return SourceStatus(
            self._settings.name, "http", self._settings.format, state, producers=self._at_work
        )

    def begin(self, positions: Positions) -> None:
        """Nothing: whoever posted has no answer yet, and posts again."""

    async def run(self, intake: Intake) -> None:
        """Take posts until `stop`, then finish those at work."""
        self._answers = Answers()
        self._intake = intake
        await self._stopping.wait()
        await self._idle.wait()

    def stop(self) -> None:
        """Refuse further posts."""
        self._stopping.set()

    async def post(self, post: Post) -> PostAnswer:
        """Take a body in; the answer's status is 202, 400, 415 or 503."""
        if self._intake is None or self._stopping.is_set():
            return PostAnswer(
                post.id, *_refused(503, "draining", "events are not taken in just now; try again in a second")
            )
        self._at_work += 1
        self._idle.clear()
        try:
            answer = await self._once(post, self._intake)
        finally:
            self._at_work -= 1
            if not self._at_work:
                self._idle.set()
        return PostAnswer(post.id, *answer)

    async def _once(self, post: Post, intake: Intake) -> Answer:
        if post.key is None:
            return await self._answer(post, intake)
        if len(post.key) > MAX_KEY:
            return _refused(400, "bad_key", f"Idempotency-Key is longer than {MAX_KEY} characters")
        return await self._answers.once((post.source, post.key), lambda: self._answer(post, intake))

    async def _answer(self, post: Post, intake: Intake) -> Answer:
        kind = post.content_type.partition(";")[0].strip().lower()
        if kind == DOCUMENT:
            try:
                body = lines_of_document(post.body)
            except ValueError as error:
                return _refused(400, "bad_json", f"the body is not a JSON document: {error}")
        elif kind in LINES:
            body = post.body
        else:
            return _refused(
                415,
                "unsupported_type",
                f"can't read {kind or 'a body without Content-Type'}; send {DOCUMENT} or {LINES[0]} or text/plain",
            )
        return await self._take_in(body, intake, "json" if kind in (DOCUMENT, *JSON_LINES) else None)

    async def _take_in(self, body: bytes, intake: Intake, format: str | None) -> Answer:
        await intake.room()
        lines = np.frombuffer(body if body.endswith(b"\n") or not body else body + b"\n", np.uint8)
        errors: list[LineError] = []
        total, span = _NOTHING, None
        decoder = intake.decoder(format)
        number = 0
        for piece in _pieces(lines):
            span = self._sequence.span(len(piece))
            taken, found = _take_piece(piece, span, decoder, intake)
            errors += [
                LineError(number + error.line, error.reason) for error in found[: MAX_ERRORS - len(errors)]
            ]
            total = Taken(*(a + b for a, b in zip(total, taken, strict=True)))
            number += int(np.count_nonzero(piece == 10))
            if len(lines) > READ_SIZE:
                await asyncio.sleep(0)
        if span is not None:
            await intake.stored(span)
        return Answer(
            202,
            {
                **total._asdict(),
                "errors": [{"line": error.line, "error": error.reason} for error in errors],
                "durable": False,
            },
        )


def _take_piece(piece: U8, span: Span, decoder: Decoder, intake: Intake) -> tuple[Taken, list[LineError]]:
    errors: list[LineError] = []
    return intake.take_in(piece, span, decoder, errors), errors


def _pieces(lines: U8) -> list[U8]:
    """Whole lines in pieces of about 1 MiB, so that a large body does not hold the others up."""
    pieces, start = [], 0
    while start < len(lines):
        end = min(len(lines), start + READ_SIZE)
        if end < len(lines):
            newline = np.flatnonzero(lines[end - 1 :][:READ_SIZE] == 10)
            end = end + int(newline[0]) if len(newline) else len(lines)
        pieces.append(lines[start:end])
        start = end
    return pieces


def lines_of_document(body: bytes) -> bytes:
    """A JSON document as lines: an object is one, each element of an array is one.

    Raises ValueError, which says where, when it is no JSON document or neither of the two.
    """
    kind = body.lstrip(b" \t\r\n")[:1]
    if kind == b"[":
        elements = msgspec.json.decode(body, type=list[msgspec.Raw])
    elif kind == b"{" or not kind:
        elements = [msgspec.json.decode(body, type=msgspec.Raw)]
    else:
        msgspec.json.decode(body)
        raise ValueError("it is neither an object nor an array of objects")
    return b"".join(_one_line(bytes(element)) for element in elements)


def _one_line(element: bytes) -> bytes:
    """JSON on one line: a line feed in JSON can only be white space, so it may become a space."""
    return element.replace(b"\n", b" ").replace(b"\r", b" ") + b"\n"


def _refused(status: int, code: str, what: str) -> Answer:
    return Answer(status, {"code": code, "message": what})

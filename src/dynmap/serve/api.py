"""The HTTP interface (section 7 of the design; docs/http.md)."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import numpy as np
from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException as AnyHTTPException

import dynmap
from dynmap.relay.base import Hub
from dynmap.serve import body, docs, messages, models, sse
from dynmap.serve.body import CONTENT_TYPES, RequestError
from dynmap.serve.intake import Intake
from dynmap.serve.live import Live
from dynmap.serve.site import SOCKET_IO
from dynmap.serve.socket_io import SocketIO

_PROBLEM: Final[dict[str, Any]] = {"model": models.Problem}

_EVENTS_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/x-ndjson": {
                "schema": {"type": "string"},
                "example": '{"ip":"203.0.113.7","topic":"email.open"}\n{"lat":52.5,"lon":13.4,"n":10}\n',
            },
            "application/json": {
                "schema": {"oneOf": [{"type": "object"}, {"type": "array", "items": {"type": "object"}}]},
                "example": [{"lat": 52.5, "lon": 13.4, "topic": "shop.order", "ts": 1700000000000, "n": 1}],
            },
            "text/plain": {"schema": {"type": "string"}, "example": "203.0.113.7\n198.51.100.9\n"},
        },
    },
    "parameters": [
        {
            "name": "Idempotency-Key",
            "in": "header",
            "schema": {"type": "string", "maxLength": 255},
            "description": "A repeated post with the same key counts once while the server remembers it.",
        },
        {"name": "Content-Encoding", "in": "header", "schema": {"enum": ["gzip", "identity"]}},
    ],
}
assert tuple(_EVENTS_BODY["requestBody"]["content"]) == CONTENT_TYPES


def create_app(live: Live, hub: Hub) -> FastAPI:
    """The application: the interface and its documentation."""
    app = FastAPI(
        title="DynMap",
        version=dynmap.__version__,
        summary="A live, global heat map of anything that happens somewhere.",
        description="Live frames are on the WebSocket `/api/live`; see docs/live-protocol.md.",
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
        responses={500: _PROBLEM},
    )
    _add_problems(app)
    _add_state(app, live, hub)
    _add_events(app, Intake(live, hub))
    _add_health(app, live, hub)
    sse.add_to(app, live)
    docs.add_to(app)
    app.mount(SOCKET_IO, SocketIO(live))
    return app


def _add_problems(app: FastAPI) -> None:
    @app.exception_handler(RequestError)
    async def request_error(request: Request, error: RequestError) -> JSONResponse:
        headers = {"Retry-After": "1"} if error.status == 503 else {}
        if not body.is_soon_over(request.headers):
            headers["Connection"] = "close"
        return problem(error.status, error.code, str(error), headers)

    @app.exception_handler(AnyHTTPException)
    async def http_error(request: Request, error: HTTPException) -> Response:
        code = {404: "not_found", 405: "bad_method"}.get(error.status_code, "failed")
        message = f"there is nothing at {request.url.path}" if error.status_code == 404 else error.detail
        return problem(error.status_code, code, message, error.headers)

    @app.exception_handler(500)
    async def server_error(request: Request, error: Exception) -> Response:
        return problem(500, "failed", "the server made a mistake; its log says more")


def problem(status: int, code: str, message: str, headers: Any = None) -> JSONResponse:
    """A JSON answer that says what is wrong."""
    return JSONResponse({"code": code, "message": message}, status, headers)


def _add_state(app: FastAPI, live: Live, hub: Hub) -> None:
    @app.get("/api/stats", tags=["state"])
    async def stats() -> models.Stats:
        """The state of the server as of its last tick."""
        return _stats(live, hub)

    @app.get("/api/topics", tags=["state"])
    async def topics() -> models.Topics:
        """The topics that events came under, busiest first."""
        counted = [
            models.Topic(
                name=live.index.names[number],
                number=number,
                located=int(live.totals.located[number]),
                unlocated=int(live.totals.unlocated[number]),
            )
            for number in _counted(live)
        ]
        return models.Topics(topics=sorted(counted, key=lambda topic: (-topic.located, topic.name)))


def _add_events(app: FastAPI, intake: Intake) -> None:
    @app.post(
        "/api/events",
        status_code=202,
        response_model=models.Accepted,
        responses=dict.fromkeys((400, 413, 415, 502, 503, 504), _PROBLEM),
        openapi_extra=_EVENTS_BODY,
        tags=["events"],
    )
    async def events(request: Request) -> Response:
        """Take events in: lines, NDJSON, or a JSON object or array. Bad ones are counted and said, line by line."""
        answer = await intake.post(request.headers, request.stream())
        headers = {"Retry-After": "1"} if answer.status == 503 else None
        return JSONResponse(answer.body, answer.status, headers)


def _add_health(app: FastAPI, live: Live, hub: Hub) -> None:
    @app.get("/healthz", tags=["health"])
    async def healthz() -> models.Health:
        """Whether the server runs."""
        return models.Health(status="ok")

    @app.get("/readyz", tags=["health"], responses={503: {"model": models.Health}})
    async def readyz(response: Response) -> models.Health:
        """Whether events can be taken in."""
        ingest = live.ingest
        if ingest.state != "ready" or not hub.connected:
            response.status_code = 503
        return models.Health(status=ingest.state, detail=ingest.detail)


def _counted(live: Live) -> list[int]:
    known = len(live.index)
    counted = (live.totals.located[:known] > 0) | (live.totals.unlocated[:known] > 0)
    return [int(number) for number in np.flatnonzero(counted)]


def _stats(live: Live, hub: Hub) -> models.Stats:
    shared = messages.builtins(live.stats())
    totals = live.totals
    p50, p90, p99 = totals.latency(0.5, 0.9, 0.99)
    return models.Stats(
        **{
            name: shared[name]
            for name in ("events", "rate", "sources", "viewers", "ingest", "notices", "started")
        },
        topics={
            live.index.names[number]: models.TopicCounts(
                located=int(totals.located[number]), unlocated=int(totals.unlocated[number])
            )
            for number in _counted(live)
        },
        reasons=dict(totals.reasons),
        examples=[models.Example(reason=example.reason, line=example.line) for example in totals.examples],
        latency=models.Latency(p50=p50, p90=p90, p99=p99),
        rooms=len(live.rooms),
        dropped=live.streams.dropped,
        relay=models.Relay(connected=hub.connected, batches=hub.batches, duplicates=hub.duplicates),
        geo=live.status.geo if live.status else {},
        epoch=live.ring.epoch,
        memory=_resident(),
    )


def _resident() -> int | None:
    with suppress(OSError, ValueError, IndexError):
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")
    return None

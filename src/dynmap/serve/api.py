"""The HTTP interface (section 7 of the design; docs/http.md)."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, Final

import numpy as np
from fastapi import Depends, FastAPI, Header, HTTPException, Query, Request, Response
from fastapi.responses import JSONResponse
from fastapi.security import HTTPBearer
from starlette.exceptions import HTTPException as AnyHTTPException

import dynmap
from dynmap.relay.base import Hub
from dynmap.serve import docs, messages, models, sse
from dynmap.serve.access import Access
from dynmap.serve.body import CONTENT_TYPES
from dynmap.serve.gate import EVENTS, OPENAPI, Gate
from dynmap.serve.intake import Intake
from dynmap.serve.live import Live
from dynmap.serve.refusal import RequestError, problem
from dynmap.serve.site import SOCKET_IO
from dynmap.serve.socket_io import SocketIO
from dynmap.serve.sse import EventStream, EventStreams

_PROBLEM: Final[dict[str, Any]] = {"model": models.Problem}
_NOT_LET_IN: Final[dict[int | str, Any]] = dict.fromkeys((401, 403, 429), _PROBLEM)

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


_viewer_token = HTTPBearer(scheme_name="viewer-token", bearerFormat="JWT", auto_error=False)
_ingest_token = HTTPBearer(scheme_name="ingest-token", auto_error=False)


def _access(request: Request) -> Access:
    """What whoever asks may see: `Gate.let_in` has found that out."""
    access: Access = request.state.access
    return access


Seen = Annotated[Access, Depends(_access)]


def create_app(live: Live, hub: Hub, gate: Gate) -> FastAPI:
    """The application: the interface and its documentation."""
    app = FastAPI(
        title="DynMap",
        version=dynmap.__version__,
        summary="A live, global heat map of anything that happens somewhere.",
        description="Live frames are on the WebSocket `/api/live`; see docs/live-protocol.md.",
        docs_url=None,
        redoc_url=None,
        openapi_url=OPENAPI,
        responses={500: _PROBLEM},
    )
    _add_problems(app)
    _add_state(app, live, hub)
    _add_events(app, Intake(live, hub))
    _add_live(app, EventStreams(live, gate))
    _add_health(app, live, hub)
    docs.add_to(app)
    app.mount(SOCKET_IO, SocketIO(live, gate))
    return app


def _add_problems(app: FastAPI) -> None:
    @app.exception_handler(RequestError)
    async def refused(request: Request, refusal: RequestError) -> JSONResponse:
        return refusal.response(request.headers)

    @app.exception_handler(AnyHTTPException)
    async def http_error(request: Request, error: HTTPException) -> Response:
        code = {404: "not_found", 405: "bad_method"}.get(error.status_code, "failed")
        message = f"there is nothing at {request.url.path}" if error.status_code == 404 else error.detail
        return problem(error.status_code, code, message, error.headers)

    @app.exception_handler(500)
    async def server_error(request: Request, error: Exception) -> Response:
        return problem(500, "failed", "the server made a mistake; its log says more")


def _add_state(app: FastAPI, live: Live, hub: Hub) -> None:
    @app.get("/api/stats", responses=_NOT_LET_IN, dependencies=[Depends(_viewer_token)], tags=["state"])
    async def stats(access: Seen) -> models.Stats:
        """The state of the server as of its last tick. A token for some topics gets what is theirs, and no more."""
        return _stats(live, hub, access)

    @app.get("/api/topics", responses=_NOT_LET_IN, dependencies=[Depends(_viewer_token)], tags=["state"])
    async def topics(access: Seen) -> models.Topics:
        """The topics that events came under, of those that the token is for, busiest first."""
        counted = [
            models.Topic(
                name=live.index.names[number],
                number=number,
                located=int(live.totals.located[number]),
                unlocated=int(live.totals.unlocated[number]),
            )
            for number in _counted(live, access)
        ]
        return models.Topics(topics=sorted(counted, key=lambda topic: (-topic.located, topic.name)))


def _add_events(app: FastAPI, intake: Intake) -> None:
    @app.post(
        EVENTS,
        status_code=202,
        response_model=models.Accepted,
        responses=_NOT_LET_IN | dict.fromkeys((400, 413, 415, 502, 503, 504), _PROBLEM),
        dependencies=[Depends(_ingest_token)],
        openapi_extra=_EVENTS_BODY,
        tags=["events"],
    )
    async def events(request: Request) -> Response:
        """Take events in: lines, NDJSON, or a JSON object or array. Bad ones are counted and said, line by line."""
        answer = await intake.post(request.headers, request.stream())
        headers = {"Retry-After": "1"} if answer.status == 503 else None
        return JSONResponse(answer.body, answer.status, headers)


def _add_live(app: FastAPI, streams: EventStreams) -> None:
    content = {"text/event-stream": {"schema": {"type": "string"}, "example": sse.EXAMPLE}}

    @app.get(
        "/api/live.sse",
        status_code=200,
        response_class=EventStream,
        responses={**_NOT_LET_IN, 200: {"content": content}, 400: _PROBLEM},
        dependencies=[Depends(_viewer_token)],
        tags=["state"],
    )
    async def live_sse(
        access: Seen,
        topics: Annotated[list[str], Query(description="patterns, repeated or joined by commas")] = [">"],  # noqa: B006
        since: Annotated[str | None, Query(description="the `id` of an event: go on after it")] = None,
        last_event_id: Annotated[str | None, Header(description="likewise, as EventSource sends it")] = None,
    ) -> EventStream:
        """What happens, as it happens: server-sent events, each with an `id` to resume from."""
        return streams.stream(",".join(topics).split(","), access, last_event_id or since)


def _add_health(app: FastAPI, live: Live, hub: Hub) -> None:
    @app.get("/healthz", tags=["health"])
    async def healthz() -> models.Health:
        """Whether the server runs."""
        return models.Health(status="ok", progress=1.0)

    @app.get("/readyz", tags=["health"], responses={503: {"model": models.Health}})
    async def readyz(response: Response) -> models.Health:
        """Whether events can be taken in."""
        ingest = live.ingest
        if ingest.state != "ready" or not hub.connected:
            response.status_code = 503
        return models.Health(status=ingest.state, detail=ingest.detail, progress=ingest.progress)


def _counted(live: Live, access: Access) -> list[int]:
    known = len(live.index)
    counted = (live.totals.located[:known] > 0) | (live.totals.unlocated[:known] > 0)
    return [int(number) for number in np.flatnonzero(counted & live.report.shown(access)[:known])]


def _stats(live: Live, hub: Hub, access: Access) -> models.Stats:
    shared = messages.builtins(live.stats(access))
    totals = live.totals
    of_all = _of_all(live, hub) if access.is_whole else {}
    return models.Stats(
        **{
            name: shared[name]
            for name in ("events", "rate", "sources", "viewers", "ingest", "notices", "started")
        },
        topics={
            live.index.names[number]: models.TopicCounts(
                located=int(totals.located[number]), unlocated=int(totals.unlocated[number])
            )
            for number in _counted(live, access)
        },
        geo=models.Geo(**live.status.geo if live.status else {}),
        epoch=live.ring.epoch,
        **of_all,
    )


def _of_all(live: Live, hub: Hub) -> dict[str, Any]:
    """What is of all topics together, or tells of what is none."""
    totals = live.totals
    p50, p90, p99 = totals.latency(0.5, 0.9, 0.99)
    return {
        "reasons": dict(totals.reasons),
        "examples": [models.Example(reason=example.reason, line=example.line) for example in totals.examples],
        "latency": models.Latency(p50=p50, p90=p90, p99=p99),
        "rooms": len(live.rooms),
        "dropped": live.streams.dropped,
        "relay": models.Relay(connected=hub.connected, batches=hub.batches, duplicates=hub.duplicates),
        "memory": _resident(),
    }


def _resident() -> int | None:
    with suppress(OSError, ValueError, IndexError):
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")
    return None

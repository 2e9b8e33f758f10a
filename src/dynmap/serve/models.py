"""What the HTTP interface answers, as models: OpenAPI at `/docs` is made from them."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class EventCounts(BaseModel):
    """Sums of weights: received = located + unlocated + rejected, always."""

    received: int
    located: int
    unlocated: int
    rejected: int


class TopicCounts(BaseModel):
    """Sums of weights of a topic."""

    located: int
    unlocated: int


class Ingest(BaseModel):
    """How the process that takes events in does."""

    state: Literal["starting", "compiling", "ready", "draining", "down"]
    detail: str
    progress: float = Field(description="0 to 1")


class Source(BaseModel):
    """How a source does."""

    name: str
    kind: str
    format: str
    state: str = Field(description="waiting, open, down or ended")
    detail: str
    received: int
    rejected: int
    producers: int = Field(description="files or connections that it reads")
    lag_bytes: int | None = Field(description="how far it is behind, where that is known")


class Example(BaseModel):
    """A rejected line, its addresses masked."""

    reason: str
    line: str


class Latency(BaseModel):
    """Milliseconds from an event's arrival to the frame that shows it, by weight, over the last batches."""

    p50: float | None
    p90: float | None
    p99: float | None


class Relay(BaseModel):
    """What came over the relay."""

    connected: bool
    batches: int
    duplicates: int = Field(description="batches sent twice, counted once")


class Geo(BaseModel):
    """The location table, once it is open: whom its places are owed to, and what it holds."""

    model_config = ConfigDict(extra="allow")

    attribution: str = ""
    link: str = ""


class Stats(BaseModel):
    """The state of the server as of its last tick, or as much of it as a token for some topics lets see."""

    events: EventCounts
    rate: float = Field(description="located events a second, over the last two seconds")
    topics: dict[str, TopicCounts]
    reasons: dict[str, int] = Field({}, description="rejected weight by reason")
    examples: list[Example] = Field([], description="the last rejected lines")
    sources: list[Source]
    latency: Latency | None = None
    viewers: int
    rooms: int | None = Field(None, description="different subscriptions that are watched")
    dropped: int | None = Field(
        None, description="steps that clients of Socket.IO did without, since they were too slow for them"
    )
    ingest: Ingest
    relay: Relay | None = None
    store: None = Field(None, description="there is no history yet")
    geo: Geo
    notices: list[str]
    epoch: str = Field(description="names this life of the server")
    started: int = Field(description="ms since 1970")
    memory: int | None = Field(None, description="bytes resident in the serving process")


class Topic(BaseModel):
    """A topic and its sums of weights."""

    name: str
    number: int = Field(description="its number on the WebSocket, while the server lives")
    located: int
    unlocated: int


class Topics(BaseModel):
    """Topics with events, busiest first."""

    topics: list[Topic]


class RejectedLine(BaseModel):
    """A line that was not taken, and why."""

    model_config = ConfigDict(extra="allow")

    line: int
    error: str


class Accepted(BaseModel):
    """What became of posted events."""

    model_config = ConfigDict(extra="allow")

    received: int
    located: int
    unlocated: int
    rejected: int
    errors: list[RejectedLine]
    durable: bool = Field(description="whether they would survive a crash of the whole machine")


class Home(BaseModel):
    """The place that arcs lead to."""

    name: str
    lat: float = Field(description="degrees")
    lon: float


class Basemap(BaseModel):
    """What is under the live picture."""

    kind: Literal["bundled", "style", "pmtiles", "raster"]
    url: str | None = Field(
        None, description="of the style, of the file, or a template of tiles; may be relative to the page"
    )
    attribution: str | None = Field(None, description="what is to be shown; else what the map says itself")
    origins: list[str] = Field([], description="whom the browser lets the page ask beside this server")


class PageSettings(BaseModel):
    """`map.json`, beside the page: what it has to know before it draws."""

    home: Home | None
    basemap: Basemap


class Health(BaseModel):
    """Whether the server runs, or is ready."""

    status: str
    detail: str = ""
    progress: float = Field(description="how far it is until it is ready, 0 to 1")


class Problem(BaseModel):
    """Why a request was not carried out."""

    code: str
    message: str

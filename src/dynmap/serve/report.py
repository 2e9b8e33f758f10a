"""How the server does, as much of it as an access may know. No I/O."""

from __future__ import annotations

from typing import Final, cast

import numpy as np
import numpy.typing as npt

from dynmap.relay.message import Status
from dynmap.serve import messages
from dynmap.serve.access import Access
from dynmap.serve.index import TopicIndex
from dynmap.serve.interest import Interest
from dynmap.serve.messages import EventCounts, Ingest, IngestState, Source, Stats
from dynmap.serve.totals import Totals

_MOST_ACCESSES: Final = 256
"""Accesses whose topics are kept in mind."""


class Report:
    """What is known of the ingest process and of the totals."""

    def __init__(self, started: int, index: TopicIndex, totals: Totals) -> None:
        self.status: Status | None = None
        self.started = started
        self._index = index
        self._totals = totals
        self._gone = False
        self._drained = False
        self._interests: dict[tuple[str, ...], Interest] = {}
        self._encoded: dict[tuple[str, ...], bytes] = {}

    def hear(self, status: Status) -> None:
        """Note how ingest does."""
        self.status, self._gone, self._drained = status, False, False

    def ingest_is_gone(self, drained: bool) -> None:
        """Note that the ingest process is gone, `drained` if it said so before."""
        self._gone, self._drained = True, drained

    def forget(self) -> None:
        """A step has closed: what was encoded before is not true any more."""
        self._encoded.clear()

    @property
    def ingest(self) -> Ingest:
        """How the ingest process does."""
        if self._gone:
            return Ingest("down", "stopped" if self._drained else "stopped unexpectedly; it is started again")
        if self.status is None:
            return Ingest("starting")
        return Ingest(cast(IngestState, self.status.state), self.status.detail, self.status.progress)

    def shown(self, access: Access) -> npt.NDArray[np.bool_]:
        """Which topics may be seen, by number: bool[16384]."""
        interest = self._interests.get(access.patterns)
        if interest is None:
            if len(self._interests) >= _MOST_ACCESSES:
                del self._interests[next(iter(self._interests))]
            interest = self._interests[access.patterns] = Interest((">",), access, self._index)
        return interest.mask()

    def encoded(self, access: Access, viewers: int) -> bytes:
        """The stats as JSON, made once a step for all who may see the same."""
        made = self._encoded.get(access.patterns)
        if made is None:
            made = self._encoded[access.patterns] = messages.encode(self.stats(access, viewers))
        return made

    def stats(self, access: Access, viewers: int) -> Stats:
        """The state of things as of the last step. A narrow access sees sums over its topics: nothing of sources, whose
        names are topics, nor of what is rejected, which has none."""
        status = self.status
        everything = access.is_whole
        return Stats(
            events=self._counts(access),
            rate=self._totals.rate if everything else self._totals.rate_of(self.shown(access)),
            viewers=viewers,
            started=self.started,
            ingest=self.ingest if everything else Ingest(self.ingest.state, "", self.ingest.progress),
            sources=self._sources() if everything else [],
            notices=[*(status.notices if status else []), *self._notices()] if everything else [],
        )

    def _counts(self, access: Access) -> EventCounts:
        totals = self._totals
        if access.is_whole:
            return EventCounts(totals.received, totals.all_located, totals.all_unlocated, totals.rejected)
        shown = self.shown(access)
        located, unlocated = int(totals.located[shown].sum()), int(totals.unlocated[shown].sum())
        return EventCounts(located + unlocated, located, unlocated, 0)

    def _notices(self) -> list[str]:
        if not self._index.folded:
            return []
        most = len(self._index.parents)
        return [f"over {most:,} topics since the start: new ones are counted as <first token>.other"]

    def _sources(self) -> list[Source]:
        received, rejected = self._totals.received_by_source, self._totals.rejected_by_source
        known = [
            Source(
                name=source.name,
                kind=source.kind,
                format=source.format,
                state=source.state,
                detail=source.detail,
                received=received[source.name],
                rejected=rejected[source.name],
                producers=source.producers,
                lag_bytes=source.lag_bytes,
            )
            for source in (self.status.sources if self.status else [])
        ]
        names = {source.name for source in known}
        return known + [
            Source(name, "", "", "open", "", received[name], rejected[name])
            for name in received
            if name not in names
        ]

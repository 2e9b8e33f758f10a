"""A serving process that is started again knows what the one before knew: totals, topics, steps, positions, cursors."""

from __future__ import annotations

import errno
import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dynmap import grid
from dynmap.frame import TICK_MS, merge, tick_of
from dynmap.relay.message import BatchMessage, Rejection
from dynmap.serve.journal import Journal
from dynmap.serve.live import Live, now_ms
from dynmap.serve.steps import Step

PLACES = [(52.52, 13.40), (35.68, 139.69), (-33.87, 151.21)]
TOPICS = ["web.ok", "web.bad", "mail", "shop.order.new"]


def batch(position: int, rows: list[tuple[int, int, int]], tick: int) -> BatchMessage:
    cells = [grid.cell(*PLACES[place]) for _, place, _ in rows]
    return BatchMessage(
        source="log", producer="log", generation=1, first=position, last=position + 1, arrival=tick, topics=TOPICS,
        ticks=[tick], located=sum(count for _, _, count in rows), unlocated={1: 2}, rejected=3,
        reasons={"no address": 3}, examples=[Rejection("no address", "x.x.x.x")], checkpoint={"at": position},
        **BatchMessage.columns(
            np.zeros(len(rows), np.uint16),
            np.array([topic for topic, _, _ in rows], np.uint16),
            np.array([x for x, _ in cells], np.uint32),
            np.array([y for _, y in cells], np.uint32),
            np.array([count for _, _, count in rows], np.uint32),
        ),
    )  # fmt: skip


def same_steps(one: list[Step], other: list[Step]) -> None:
    assert [(step.number, step.tick) for step in one] == [(step.number, step.tick) for step in other]
    for mine, yours in zip(one, other, strict=True):
        assert merge(mine.frames, 0) == merge(yours.frames, 0)
        assert mine.old == yours.old


def same(one: Live, other: Live) -> None:
    assert one.ring.epoch == other.ring.epoch
    assert (one.ring.last, one.ring.tick, one.started) == (other.ring.last, other.ring.tick, other.started)
    assert one.index.names == other.index.names
    assert one.index.parents.tolist() == other.index.parents.tolist()
    assert one.stats().events == other.stats().events
    assert one.totals.located.tolist() == other.totals.located.tolist()
    assert one.totals.unlocated.tolist() == other.totals.unlocated.tolist()
    assert (one.totals.reasons, one.totals.received_by_source) == (
        other.totals.reasons,
        other.totals.received_by_source,
    )
    since = max(one.ring.floor, other.ring.floor)
    same_steps(one.ring.between(since, one.ring.last), other.ring.between(since, one.ring.last))


actions = st.one_of(
    st.tuples(
        st.just("take"),
        st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2), st.integers(1, 9)), max_size=5),
    ),
    st.tuples(st.just("step"), st.just(0)),
    st.tuples(st.just("restart"), st.just(0)),
)


@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(st.lists(actions, max_size=40), st.sampled_from([500, 3000, 1 << 20]))
def test_who_is_started_again_knows_all_that_was_taken(
    tmp_path_factory: pytest.TempPathFactory, happened: list[tuple[str, Any]], file_bytes: int
) -> None:
    folder = tmp_path_factory.mktemp("journal")
    told = Live(300)
    live = Live(300, Journal(folder, 300, 4 * file_bytes))
    told.ring.epoch, told.started, told.report.started = live.ring.epoch, live.started, live.started
    tick = tick_of(now_ms())
    live.restore(tick)
    told.step(tick)
    for position, (what, rows) in enumerate(happened):
        match what:
            case "take":
                for side in (told, live):
                    side.take(batch(position, rows, tick))
            case "step":
                tick += TICK_MS
                for side in (told, live):
                    side.step(tick)
            case _:
                tick += TICK_MS
                live = Live(300, Journal(folder, 300, 4 * file_bytes))
                live.restore(tick)
                told.step(tick)
                same(live, told)
    for side in (told, live):
        side.step(tick + TICK_MS)
    same(live, told)
    assert sum(path.stat().st_size for path in folder.iterdir()) < 5 * file_bytes + 100_000


def test_positions_are_known_so_that_what_is_sent_again_counts_once(tmp_path: Path) -> None:
    live = Live(300, Journal(tmp_path / "j", 300))
    live.restore(now_ms())
    live.take(batch(5, [(0, 0, 1)], now_ms()))
    after = Live(300, Journal(tmp_path / "j", 300))
    after.restore(now_ms())
    assert after.positions.holds(batch(5, [(0, 0, 1)], now_ms()))
    (position,) = after.positions
    assert position.checkpoint == {"at": 5}


def test_a_record_that_was_cut_off_is_left_out_and_what_follows_is_read(tmp_path: Path) -> None:
    live = Live(300, Journal(tmp_path, 300))
    live.restore(now_ms())
    live.take(batch(0, [(0, 0, 7)], now_ms()))
    live.take(batch(1, [(0, 0, 100)], now_ms()))
    (path,) = tmp_path.iterdir()
    os.truncate(path, path.stat().st_size - 3)
    second = Live(300, Journal(tmp_path, 300))
    second.restore(now_ms())
    second.take(batch(1, [(0, 0, 100)], now_ms()))
    second.step(now_ms())
    second.take(batch(2, [(0, 0, 1000)], now_ms()))
    third = Live(300, Journal(tmp_path, 300))
    third.restore(now_ms())
    third.step(now_ms())
    assert third.totals.all_located == 1107
    assert second.ring.epoch == live.ring.epoch == third.ring.epoch


def test_a_full_disk_is_said_and_life_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    live = Live(300, Journal(tmp_path, 300))
    live.restore(now_ms())

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    for number in range(10):
        live.take(batch(number, [(0, 0, 1)], now_ms()))
        live.step(now_ms())
    assert caplog.text.count("No space left on device") == 1
    assert live.totals.all_located == 10
    monkeypatch.undo()
    monkeypatch.setattr(time, "monotonic", lambda now=time.monotonic: now() + 31)
    live.step(now_ms())
    after = Live(300, Journal(tmp_path, 300))
    after.restore(now_ms())
    assert after.totals.all_located == 10

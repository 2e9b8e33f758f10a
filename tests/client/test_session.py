"""The conversation without a socket: whatever the order of events, losses, restarts and wishes, the books are right."""

from __future__ import annotations

import json
from collections import Counter, deque
from typing import Any

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from dynmap import grid, topics, wire
from dynmap.client.session import ACK_SECONDS, Session, Wish
from dynmap.errors import FrameError, MessageError, RefusedError
from dynmap.frame import Frame
from dynmap.wire import Kind

NAMES = ["web", "web.ok", "web.bad", "mail.in"]
PATTERNS = [(">",), ("web.>",), ("web.ok", "mail.*"), ("nothing",)]
PLACES = [grid.cell(52.52, 13.40, 16), grid.cell(-33.87, 151.21, 16), grid.cell(35.68, 139.69, 7)]
TICK = 1_700_000_000_000

Row = tuple[str, tuple[int, int]]
Message = str | bytes


def text(kind: str, **fields: Any) -> str:
    return json.dumps({"type": kind, **fields})


def frames(
    rows: Counter[Row], number: dict[str, int], subscription: int, kind: Kind = Kind.LIVE
) -> list[bytes]:
    columns = list(zip(*((number[name], x, y) for name, (x, y) in rows), strict=True)) or [(), (), ()]
    types = (np.uint16, np.uint32, np.uint32)
    topic, x, y = (np.array(column, dtype) for column, dtype in zip(columns, types, strict=True))
    frame = Frame.of(TICK, topic, x, y, np.array(list(rows.values()), np.uint64))
    return wire.encode(frame, kind, 250, subscription=subscription)


class Server:
    """As simple as a server can be: it remembers all steps of its life, and numbers topics anew for each connection."""

    def __init__(self, life: int) -> None:
        self.life = life
        self.steps: list[Counter[Row]] = []

    def cursor(self, number: int | None = None) -> str:
        return f"{self.life}.{len(self.steps) if number is None else number}"

    def number(self, cursor: str | None) -> int | None:
        life, _, number = (cursor or "").partition(".")
        return int(number) if life == str(self.life) else None

    def within(self, patterns: tuple[str, ...], first: int, last: int | None = None) -> Counter[Row]:
        rows = sum(self.steps[first:last], Counter[Row]())
        return Counter(
            {
                row: n
                for row, n in rows.items()
                if any(topics.matches(pattern, row[0]) for pattern in patterns)
            }
        )

    def totals(self, patterns: tuple[str, ...], last: int | None = None) -> dict[str, int]:
        counts: Counter[str] = Counter()
        for (name, _), n in self.within(patterns, 0, last).items():
            counts[name] += n
        return dict(counts)


class Connection:
    """A server's side of a connection: what it has said, and the client has not read yet."""

    def __init__(self, server: Server, first_number: int) -> None:
        self.server = server
        self.said: deque[Message] = deque([text("hello", protocol=1)])
        self.numbers = {name: first_number + place for place, name in enumerate(NAMES)}
        self.told: set[str] = set()
        self.id = 0
        self.patterns: tuple[str, ...] = ()
        self.sent = 0

    def hear(self, message: str) -> None:
        wish = json.loads(message)
        self.id, self.patterns, self.told = wish["id"], tuple(wish["topics"]), set()
        since = self.server.number(wish.get("since"))
        if since is None and wish.get("since"):
            self.said.append(text("reset", id=self.id, reason="unknown"))
        if since is None:
            counts = self.server.totals(self.patterns)
            self.name(set(counts))
            numbered = {self.numbers[name]: n for name, n in counts.items()}
            located = sum(counts.values())
            cursor = self.server.cursor()
            self.said.append(text("subscribed", id=self.id, cursor=cursor, located=located, topics=numbered))
            self.sent = len(self.server.steps)
        else:
            self.sent = since
        self.catch_up(Kind.CAUGHT_UP)

    def catch_up(self, kind: Kind) -> None:
        rows = self.server.within(self.patterns, self.sent)
        self.name({name for name, _ in rows})
        self.said.extend(frames(rows, self.numbers, self.id, kind))
        self.sent = len(self.server.steps)
        self.said.append(text("mark", id=self.id, cursor=self.server.cursor(), tick=TICK))

    def name(self, names: set[str]) -> None:
        if fresh := names - self.told:
            self.said.append(text("topics", topics={self.numbers[name]: name for name in sorted(fresh)}))
            self.told |= fresh


class Conversation(RuleBasedStateMachine):
    """A client, a server, and all that can come between them."""

    @initialize(patterns=st.sampled_from(PATTERNS), changes=st.booleans())
    def begin(self, patterns: tuple[str, ...], changes: bool) -> None:
        self.changes = changes
        self.server = Server(1)
        self.client = Session(Wish(topics=patterns))
        self.found: Counter[Row] = Counter()
        self.gap = 0
        self.asked: list[tuple[int, tuple[str, ...]]] = []
        self.connection: Connection | None = None
        self.connect(0)

    @precondition(lambda self: self.connection is None)
    @rule(first=st.sampled_from([0, 7, 16_000]))
    def connect(self, first: int) -> None:
        self.connection = Connection(self.server, first)
        self.connection.hear(self.client.opened())

    @rule(
        steps=st.lists(
            st.dictionaries(
                st.tuples(st.sampled_from(NAMES), st.sampled_from(PLACES)), st.integers(1, 9), min_size=1
            ),
            min_size=1,
            max_size=4,
        ),
        unread=st.integers(0, 4),
    )
    def happen(self, steps: list[dict[Row, int]], unread: int) -> None:
        """Some steps, of which the last messages are still on their way."""
        for rows in steps:
            self.server.steps.append(Counter(rows))
            if self.connection is not None:
                self.connection.catch_up(Kind.LIVE)
        while self.connection is not None and len(self.connection.said) > unread:
            self.read(self.connection.said.popleft())

    def read(self, message: Message) -> None:
        before = self.client.ledger.cursor
        self.client.take(message)
        if isinstance(message, str) and json.loads(message)["type"] == "subscribed":
            cursor = self.server.number(self.client.ledger.cursor)
            if cursor is not None and json.loads(message)["cursor"] == self.client.ledger.cursor != before:
                self.gap, self.found = cursor, Counter()
                self.asked = [(cursor, self.client.wish.topics)]
        while self.client.steps:
            step = self.client.next_step()
            rows = step.columns()
            for topic, x, y, n in zip(rows.topic, rows.x, rows.y, rows.count, strict=True):
                self.found[step.topics[topic], (int(x), int(y))] += int(n)
            assert step.total == rows.count.sum()
            assert step.reset in (None, "unknown")

    @precondition(lambda self: self.connection is not None)
    @rule(id=st.integers(0, 255), names=st.sets(st.sampled_from(NAMES), min_size=1))
    def meddle(self, id: int, names: set[str]) -> None:
        """What answers another subscription, or is of a kind that this client does not know, changes nothing."""
        assert self.connection is not None
        if id == self.connection.id:
            return
        self.connection.name(names)
        rows = Counter({(name, PLACES[0]): 5 for name in names})
        self.connection.said.extend(frames(rows, self.connection.numbers, id))
        self.connection.said += [
            text("mark", id=id, cursor="1.999", tick=TICK),
            text("subscribed", id=id, cursor="1.999", located=0, topics={}),
            text("reset", id=id, reason="another"),
            text("pace", id=id, every=1000, reason="another"),
            text("error", id=id, code="bad_topics", message="another"),
            text("news", weather="fine"),
        ]

    @precondition(lambda self: self.connection is not None)
    @rule(restart=st.sampled_from([False, False, True]))
    def lose(self, restart: bool) -> None:
        self.connection = None
        self.client.lost()
        if restart:
            self.server = Server(self.server.life + 1)

    @precondition(lambda self: self.changes and self.client.ledger.cursor is not None)
    @rule(patterns=st.sampled_from(PATTERNS))
    def change(self, patterns: tuple[str, ...]) -> None:
        message = self.client.change(self.client.wish.but(topics=patterns))
        cursor = self.server.number(self.client.ledger.cursor)
        if cursor is not None and self.asked:
            self.asked.append((cursor, patterns))
        if self.connection is not None:
            self.connection.hear(message)

    @invariant()
    def steps_hold_everything_once(self) -> None:
        cursor = self.server.number(self.client.ledger.cursor)
        if cursor is None or not self.asked or self.asked[0][0] > cursor:
            return
        expected: Counter[Row] = Counter()
        ends = [*(start for start, _ in self.asked[1:]), cursor]
        for (start, patterns), end in zip(self.asked, ends, strict=True):
            expected += self.server.within(patterns, start, end)
        assert self.found == expected

    @invariant()
    def totals_are_the_servers(self) -> None:
        cursor = self.server.number(self.client.ledger.cursor)
        if cursor is not None and not self.changes:
            assert self.client.ledger.totals == self.server.totals(self.client.wish.topics, cursor)
            assert self.client.ledger.located == sum(self.client.ledger.totals.values())


TestConversation = Conversation.TestCase
TestConversation.settings = settings(max_examples=150, stateful_step_count=40)


def granted(**fields: Any) -> Session:
    session = Session(Wish())
    session.opened()
    session.take(text("topics", topics={"3": "web"}))
    session.take(text("subscribed", id=1, cursor="1.0", located=4, topics={"3": 4}))
    return session


def test_wishes_that_there_are_none_of_are_not_sent() -> None:
    assert json.loads(Session(Wish()).opened()) == {"type": "subscribe", "id": 1, "topics": [">"]}
    wish = Wish().but(topics="web.>", tiles=[(1, 0, 0)], rest=True, every=1000, window=10)
    assert json.loads(Session(wish, since="1.5").opened()) == {
        "type": "subscribe", "id": 1, "topics": ["web.>"], "tiles": [[1, 0, 0]], "rest": True, "every": 1000,
        "since": "1.5", "window": 10,
    }  # fmt: skip


def test_each_subscription_has_an_id_of_its_own() -> None:
    session = Session(Wish())
    ids = [json.loads(session.opened())["id"] for _ in range(257)]
    assert ids == [*range(1, 256), 0, 1]


def test_acks_are_a_second_apart_and_the_last_mark_has_one() -> None:
    session = granted()
    assert session.ack_due() is None
    assert session.acknowledge(100.0) is None
    session.take(text("mark", id=1, cursor="1.1", tick=TICK))
    assert session.acknowledge(100.0) == '{"type":"ack","cursor":"1.1"}'
    assert session.acknowledge(100.1) is None
    for number in (2, 3):
        session.take(text("mark", id=1, cursor=f"1.{number}", tick=TICK))
        assert session.acknowledge(100.5) is None
    assert session.ack_due() == 100.0 + ACK_SECONDS
    assert session.acknowledge(100.0 + ACK_SECONDS) == '{"type":"ack","cursor":"1.3"}'
    session.take(text("mark", id=1, cursor="1.3", tick=TICK))
    session.lost()
    assert session.ack_due() is None


def test_the_pace_is_what_the_server_says_until_the_connection_ends() -> None:
    session = granted()
    session.take(text("pace", id=1, every=1000, reason="a thin line"))
    assert session.every == 1000
    session.take(text("pace", id=2, every=2000, reason="another's"))
    assert session.every == 1000
    session.opened()
    assert session.every is None


def test_the_rest_is_counted_and_has_no_place() -> None:
    session = granted()
    [encoded] = frames(Counter({("web", PLACES[0]): 9}), {"web": 3}, 1)
    session.take(encoded[:6] + b"\0" + encoded[7:])
    session.take(text("mark", id=1, cursor="1.1", tick=TICK))
    [step] = session.steps
    [frame] = step.frames
    assert (frame.is_rest, frame.is_counted, frame.is_drawn) == (True, True, False)
    assert step.counts == {"web": 9}
    assert len(step.columns()) == 0
    assert session.ledger.totals == {"web": 13}


def test_a_reset_is_told_once_even_if_the_connection_is_lost_with_it() -> None:
    session = granted()
    session.lost()
    session.opened()
    session.take(text("reset", id=2, reason="too old"))
    session.lost()
    assert "since" not in json.loads(session.opened())
    session.take(text("topics", topics={"0": "web"}))
    session.take(text("subscribed", id=3, cursor="2.9", located=7, topics={"0": 7}))
    for _ in range(2):
        session.take(text("mark", id=3, cursor="2.9", tick=TICK))
    assert [step.reset for step in session.steps] == ["too old", None]
    assert session.ledger.totals == {"web": 7}


def test_steps_that_came_at_once_are_one_unless_there_is_a_gap() -> None:
    session = granted()
    for number in (1, 2):
        session.take(frames(Counter({("web", PLACES[0]): number}), {"web": 3}, 1)[0])
        session.take(text("mark", id=1, cursor=f"1.{number}", tick=TICK + number))
    session.take(text("reset", id=1, reason="fell behind"))
    session.take(text("subscribed", id=1, cursor="1.9", located=50, topics={"3": 50}))
    session.take(text("mark", id=1, cursor="1.9", tick=TICK + 9))
    first, second = session.next_step(), session.next_step()
    assert (first.cursor, first.tick, first.counts, len(first.frames)) == ("1.2", TICK + 2, {"web": 3}, 2)
    assert (first.reset, second.reset, second.counts) == (None, "fell behind", {})


def test_a_refused_change_is_taken_back() -> None:
    session = granted()
    session.change(Wish(topics=("web..x",)), anew=True)
    with pytest.raises(RefusedError, match="no such pattern") as refused:
        session.take(text("error", id=2, code="bad_topics", message="no such pattern"))
    assert refused.value.code == "bad_topics"
    again = json.loads(session.opened())
    assert (again["topics"], again["since"]) == ([">"], "1.0")


def test_a_wish_that_was_replaced_may_be_refused() -> None:
    session = granted()
    session.change(Wish(topics=("web..x",)))
    session.change(Wish(topics=("web",)))
    session.take(text("error", id=2, code="bad_topics", message="no such pattern"))
    session.take(text("mark", id=3, cursor="1.1", tick=TICK))
    assert session.wish.topics == ("web",)


def test_a_change_forgets_totals_of_what_is_not_asked_for_any_more() -> None:
    session = granted()
    session.change(Wish(topics=("mail",)))
    assert session.ledger.totals == {"web": 4}
    session.take(text("mark", id=2, cursor="1.1", tick=TICK))
    assert session.ledger.totals == {}


def test_what_was_rolled_up_into_a_parent_is_kept_when_the_tiles_change() -> None:
    session = Session(Wish(topics=("web.ok",)))
    session.opened()
    session.take(text("topics", topics={"3": "web"}))
    session.take(text("subscribed", id=1, cursor="1.0", located=0, topics={}))
    session.take(frames(Counter({("web", PLACES[0]): 7}), {"web": 3}, 1)[0])
    session.take(text("mark", id=1, cursor="1.1", tick=TICK))
    session.change(session.wish.but(tiles=[(1, 0, 0)], rest=True))
    session.take(text("mark", id=2, cursor="1.2", tick=TICK))
    assert session.ledger.totals == {"web": 7}


@pytest.mark.parametrize(
    "message",
    ["", "[]", "{}", "nonsense", '{"type":"mark"}', '{"type":"mark","id":1,"cursor":7,"tick":1}',
     '{"type":"topics","topics":{"65536":"web"}}', '{"type":"topics","topics":{"x":"web"}}',
     '{"type":"subscribed","id":1,"cursor":"1.0","topics":{"9":4}}'],
)  # fmt: skip
def test_what_makes_no_sense_is_an_error(message: str) -> None:
    with pytest.raises(MessageError):
        granted().take(message)


def test_a_broken_frame_is_an_error() -> None:
    with pytest.raises(FrameError):
        granted().take(b"DYN1")
    [encoded] = frames(Counter({("web", PLACES[0]): 1}), {"web": 8}, 1)
    with pytest.raises(MessageError, match="8 is used before it is named"):
        granted().take(encoded)


def test_another_version_of_the_protocol_is_refused() -> None:
    with pytest.raises(RefusedError, match="upgrade") as refused:
        Session(Wish()).take(text("hello", protocol=2))
    assert refused.value.code == "protocol"

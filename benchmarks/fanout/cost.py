"""CPU-seconds per million frames: ours, the bare C server, and what others use for this."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.fanout import ours, servers
from benchmarks.fanout.load import LoadError, Result, load
from benchmarks.fanout.servers import MissingPeerError, Start

VIEWERS = (1000, 5000)
SECONDS = 5.0
WARM_SECONDS = 1.5
ROUNDS = 3

SERVED = 0.99
"""Share of its frames that a server must have sent for its figure to count before others': one that is starved of the
core has less to do for each frame."""

C, OURS, ACKED, FOUR = "bare C", "DynMap", "DynMap, acks", "DynMap, 4 rooms"
SOCKETIO = "Node socket.io"


@dataclass(frozen=True, slots=True)
class Contender:
    """A server that is measured.

    rounds  in how many rounds it takes part; frames  so many a viewer at each beat
    hz      beats a second by number of viewers, where that is not the usual one
    ack     whether viewers acknowledge
    """

    name: str
    start: Start
    rounds: int = ROUNDS
    frames: int = 1
    ack: bool = False
    hz: dict[int, float] = field(default_factory=dict)

    def beats(self, viewers: int) -> float:
        """How often a second every viewer is sent something."""
        return self.hz.get(viewers, servers.HZ)

    def sent(self, result: Result) -> float:
        """The share of its frames that viewers got."""
        return result.frames / (self.beats(result.viewers) * self.frames * result.seconds * result.viewers)

    def rank(self, result: Result) -> tuple[bool, float]:
        """Less is better."""
        return self.sent(result) < SERVED, result.cost


def contenders(server: Path) -> list[Contender]:
    """All of them; `server` is the bare C server, compiled."""
    return [
        Contender(C, lambda hz: servers.bare_c(server, hz)),
        Contender(OURS, ours.one_room),
        Contender(FOUR, ours.four_rooms, frames=len(ours.QUARTERS)),
        Contender(ACKED, ours.one_room, rounds=1, ack=True),
        Contender("Node ws", servers.node_ws),
        Contender("NATS", servers.nats),
        Contender(SOCKETIO, servers.node_socketio),
        # At four a second 5,000 viewers would take it more than two cores: they never all get in.
        Contender("python-socketio", servers.python_socketio, rounds=1, hz={5000: 0.5}),
    ]


@dataclass(slots=True)
class Costs:
    """The best result of each contender and number of viewers, and what ours spends a tick on a single viewer."""

    best: dict[tuple[str, int], Result] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    step_seconds: dict[str, float] = field(default_factory=dict)

    def note(self, contender: Contender, viewers: int, result: Result) -> None:
        """Keep a result if it is the best: what the machine's other users took is in the others."""
        key, before = (contender.name, viewers), self.best.get((contender.name, viewers))
        if before is None or contender.rank(result) < contender.rank(before):
            self.best[key] = result

    def note_step(self, name: str, result: Result) -> None:
        """Keep what a tick costs with one viewer."""
        spent = result.cpu / result.seconds / servers.HZ
        self.step_seconds[name] = min(spent, self.step_seconds.get(name, spent))

    def cost(self, name: str, viewers: int) -> float | None:
        """CPU-seconds per million frames, where it was measured."""
        result = self.best.get((name, viewers))
        return None if result is None else result.cost

    def ratio(self, name: str, to: str, viewers: int) -> float | None:
        """How many times the cost of another."""
        cost, other = self.cost(name, viewers), self.cost(to, viewers)
        return None if cost is None or other is None else cost / other


def run(console: Console, programs: Path) -> Costs:
    """Measures all, interleaved, and prints the tables; `programs` holds the compiled ones."""
    costs = Costs()
    with console.status("") as status:
        for number, contender, viewers in _plan(programs / "server"):
            if contender.name in costs.missing:
                continue
            status.update(f"round {number} of {ROUNDS}: {contender.name}, {viewers:,} viewers")
            try:
                _measure(costs, programs / "load", contender, viewers)
            except (MissingPeerError, LoadError) as error:
                costs.missing[contender.name] = str(error)
    console.print(_costs(costs, contenders(programs / "server")))
    for name, why in costs.missing.items():
        console.print(f"[dim]{name}: {why}")
    console.print(_aims(costs))
    return costs


def _plan(server: Path) -> Iterator[tuple[int, Contender, int]]:
    for number in range(1, ROUNDS + 1):
        for contender in contenders(server):
            if number <= contender.rounds:
                for viewers in VIEWERS:
                    yield number, contender, viewers


def _measure(costs: Costs, program: Path, contender: Contender, viewers: int) -> None:
    with contender.start(contender.beats(viewers)) as target:
        if contender.name in (OURS, FOUR) and viewers == max(VIEWERS):
            single = replace(target, wishes=target.wishes[:1])
            costs.note_step(contender.name, load(program, single, 1, seconds=3, warm=WARM_SECONDS))
        result = load(program, target, viewers, seconds=SECONDS, warm=WARM_SECONDS, ack=contender.ack)
    costs.note(contender, viewers, result)


def _costs(costs: Costs, all_contenders: list[Contender]) -> Table:
    table = Table(
        title="CPU-seconds per million frames of 2 KB, four a second to each viewer",
        caption=_caption(all_contenders),
        caption_justify="left",
    )
    table.add_column("", no_wrap=True)
    for viewers in VIEWERS:
        table.add_column(f"{viewers:,}", justify="right")
        table.add_column("x C", justify="right")
    for heading in ("sent", "p99, ms", "KB each"):
        table.add_column(heading, justify="right")
    for contender in all_contenders:
        cells = []
        for viewers in VIEWERS:
            cells += _beside_c(costs, costs.cost(contender.name, viewers), viewers)
        table.add_row(contender.name, *cells, *_at_most(costs, contender))
        if contender.name in costs.step_seconds:
            table.add_row(*_without_steps(costs, contender))
    return table


def _caption(all_contenders: list[Contender]) -> str:
    seldom = "".join(
        f"\n{contender.name} with {viewers:,} viewers: {hz:g} a second."
        for contender in all_contenders
        for viewers, hz in contender.hz.items()
    )
    return (
        "x C: times the bare C server. less step: without what a step costs however\n"
        f"many watch. Share of frames sent, delay and memory: {max(VIEWERS):,} viewers.{seldom}"
    )


def _beside_c(costs: Costs, cost: float | None, viewers: int) -> list[str]:
    bare = costs.cost(C, viewers)
    if cost is None:
        return ["-", "-"]
    return [f"{cost:.1f}", "-" if bare is None else f"{cost / bare:.3g}"]


def _at_most(costs: Costs, contender: Contender) -> list[str]:
    """With most viewers: the share of frames that came, their delay, and memory."""
    viewers = max(VIEWERS)
    result = costs.best.get((contender.name, viewers))
    if result is None:
        return ["-", "-", "-"]
    delay = "-" if result.p99_ms is None else f"{result.p99_ms:.0f}"
    grown = (result.resident_after - result.resident_before) / viewers / 1000
    return [f"{contender.sent(result):.0%}", delay, f"{grown:.0f}"]


def _without_steps(costs: Costs, contender: Contender) -> list[str]:
    step = costs.step_seconds[contender.name]
    cells = [f"  less step, {step * 1e3:.1f} ms"]
    for viewers in VIEWERS:
        cost = costs.cost(contender.name, viewers)
        if cost is not None:
            cost -= step / viewers / contender.frames * 1e6
        cells += _beside_c(costs, cost, viewers)
    return cells


def _aims(costs: Costs) -> Table:
    table = Table(title="Aims of fan-out")
    for heading in ("", *(f"{viewers:,} viewers" for viewers in VIEWERS), "aim"):
        table.add_column(heading, justify="right" if heading else "left")
    aims = (
        ("DynMap to bare C", OURS, C, 1.3),
        ("DynMap to Node socket.io", OURS, SOCKETIO, 1 / 3),
        ("4 rooms to bare C's one frame a write", FOUR, C, 0.5),
    )
    for what, name, to, aim in aims:
        ratios = [costs.ratio(name, to, viewers) for viewers in VIEWERS]
        cells = [
            "-" if ratio is None else f"{ratio:.2f}{'' if ratio <= aim else ' missed'}" for ratio in ratios
        ]
        table.add_row(what, *cells, f"{aim:.2f}")
    return table

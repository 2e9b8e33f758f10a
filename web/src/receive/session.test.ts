import { beforeEach, describe, expect, it } from "vitest";
import { ServerClock } from "./clock.ts";
import { type Frame, Kind } from "./frame.ts";
import { type Listener, Session } from "./session.ts";
import { type ConnectionState, type Environment, SILENCE_MS, type Wire } from "./socket.ts";
import { encode, row } from "./testing.ts";

/** A world in which time passes when told and the server is the test. */
class World implements Environment {
  time = 0;
  wires: FakeWire[] = [];
  #timers = new Set<{ due: number; run: () => void }>();

  open(): Wire {
    const wire = new FakeWire();
    this.wires.push(wire);
    return wire;
  }
  now = () => this.time;
  random = () => 1;
  after(ms: number, run: () => void) {
    const timer = { due: this.time + ms, run };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }
  pass(ms: number) {
    const end = this.time + ms;
    for (;;) {
      const next = [...this.#timers].filter(({ due }) => due <= end).sort((a, b) => a.due - b.due)[0];
      if (!next) break;
      this.#timers.delete(next);
      this.time = next.due;
      next.run();
    }
    this.time = end;
  }
  get wire(): FakeWire {
    return this.wires.at(-1)!;
  }
}

class FakeWire implements Wire {
  onopen: Wire["onopen"] = null;
  onmessage: Wire["onmessage"] = null;
  onclose: Wire["onclose"] = null;
  sent: Record<string, unknown>[] = [];
  closed = false;
  send(text: string) {
    this.sent.push(JSON.parse(text) as Record<string, unknown>);
  }
  close() {
    this.closed = true;
  }
  says(message: object | string) {
    this.onmessage?.({ data: typeof message === "string" ? message : JSON.stringify(message) });
  }
  sends(data: ArrayBuffer) {
    this.onmessage?.({ data });
  }
}

let world: World;
let session: Session;
let states: ConnectionState[];
let drawn: [Frame, boolean][];
let troubles: string[];

beforeEach(() => {
  world = new World();
  states = [];
  drawn = [];
  troubles = [];
  const listener: Listener = {
    connection: (state) => states.push(state),
    hello: () => {},
    topics: () => {},
    opened: () => {},
    draw: (frame, replaces) => drawn.push([frame, replaces]),
    committed: () => {},
    mark: () => {},
    stats: () => {},
    trouble: (message) => troubles.push(message),
  };
  session = new Session(world, new ServerClock(), listener);
  session.start();
});

/** Opens the newest connection and answers its subscription; returns the subscription's id. */
function accept(answer: object = { cursor: "c0", located: 0, topics: {} }): number {
  world.wire.onopen?.();
  world.wire.says({ type: "hello", protocol: 1, tick_ms: 250, now: 1000, epoch: "e" });
  world.wire.says({ type: "topics", topics: { 3: "web" } });
  const id = world.wire.sent[0]!.id as number;
  world.wire.says({ type: "subscribed", id, ...answer });
  return id;
}

const live = (id: number, count: number, facts = {}) => encode([row(3, count)], { subscription: id, ...facts });

describe("Session", () => {
  it("subscribes to everything, with a warm picture, and acknowledges about once a second", () => {
    const id = accept();
    expect(world.wire.sent).toEqual([{ type: "subscribe", id, topics: [">"], since: null, window: 10 }]);
    for (let tick = 1; tick <= 8; tick++) {
      world.pass(250);
      world.wire.says({ type: "mark", cursor: `c${tick}`, tick });
    }
    expect(world.wire.sent.slice(1)).toEqual([
      { type: "ack", cursor: "c4" },
      { type: "ack", cursor: "c8" },
    ]);
  });

  it("takes up again from the last mark, counting nothing twice and missing nothing", () => {
    let id = accept({ cursor: "c0", located: 40, topics: { 3: 40 } });
    world.wire.sends(live(id, 2));
    world.wire.says({ type: "mark", cursor: "c1", tick: 1 });
    world.wire.sends(live(id, 100)); // No mark follows: this will come again.
    world.wire.onclose?.();
    expect(states.at(-1)).toEqual({ at: "waiting", retryAt: 500, failures: 1 });
    world.pass(500);
    expect(world.wires.length).toBe(2);
    id = accept({ cursor: "c1" });
    expect(world.wire.sent[0]).toMatchObject({ since: "c1" });
    world.wire.sends(live(id, 100, { kind: Kind.caughtUp }));
    world.wire.says({ type: "mark", cursor: "c2", tick: 2 });
    expect([session.ledger.located, session.ledger.total(0)]).toEqual([142, 142]);
  });

  it("starts anew when the server can't go on from the cursor", () => {
    accept({ cursor: "c0", located: 40, topics: { 3: 40 } });
    world.wire.says({ type: "mark", cursor: "c1", tick: 1 });
    world.wire.onclose?.();
    world.pass(500);
    world.wire.onopen?.();
    const id = world.wire.sent[0]!.id;
    world.wire.says({ type: "reset", id, reason: "restarted" });
    world.wire.says({ type: "topics", topics: { 8: "web" } });
    world.wire.says({ type: "subscribed", id, cursor: "d0", located: 5, topics: { 8: 5 } });
    world.wire.says({ type: "mark", cursor: "d0", tick: 1 });
    expect([session.ledger.located, session.ledger.total(0), session.ledger.cursor]).toEqual([5, 5, "d0"]);
  });

  it("passes by frames of a subscription that was replaced", () => {
    const id = accept();
    world.wire.sends(live((id + 255) % 256, 9));
    world.wire.says({ type: "mark", cursor: "c1", tick: 1 });
    expect([session.ledger.located, drawn.length]).toEqual([0, 0]);
  });

  it("empties the map for the first frame of a picture only, and draws no old additions", () => {
    const id = accept();
    world.wire.sends(live(id, 1, { kind: Kind.picture }));
    world.wire.sends(live(id, 1, { kind: Kind.picture, bits: 7 }));
    world.wire.sends(live(id, 1));
    world.wire.sends(live(id, 1, { kind: Kind.old }));
    world.wire.says({ type: "mark", cursor: "c1", tick: 1 });
    world.wire.sends(live(id, 1, { kind: Kind.picture }));
    expect(drawn.map(([frame, replaces]) => [frame.kind, replaces])).toEqual([
      [Kind.picture, true],
      [Kind.picture, false],
      [Kind.live, false],
      [Kind.picture, true],
    ]);
    expect(session.ledger.located).toBe(2);
  });

  it("waits longer after each failure, and short again once a mark has come", () => {
    for (const wait of [500, 1000, 2000]) {
      const before = world.wires.length;
      world.wire.onclose?.();
      world.pass(wait - 1);
      expect(world.wires.length).toBe(before);
      world.pass(1);
      expect(world.wires.length).toBe(before + 1);
    }
    accept();
    world.wire.says({ type: "mark", cursor: "c1", tick: 1 });
    world.wire.onclose?.();
    expect(states.at(-1)).toMatchObject({ at: "waiting", failures: 1 });
  });

  it("gives up a connection that has fallen silent, or never opens", () => {
    const never = world.wire;
    world.pass(SILENCE_MS);
    expect([never.closed, states.at(-1)!.at]).toEqual([true, "waiting"]);
    world.pass(500);
    accept();
    const silent = world.wire;
    world.pass(SILENCE_MS - 1);
    silent.says({ type: "mark", cursor: "c1", tick: 1 });
    world.pass(SILENCE_MS - 1);
    expect(silent.closed).toBe(false);
    world.pass(1);
    expect(silent.closed).toBe(true);
  });

  it("tries at once when asked to, and only when it waits", () => {
    session.retry();
    expect(world.wires.length).toBe(1);
    world.wire.onclose?.();
    session.retry();
    expect(world.wires.length).toBe(2);
    world.pass(5000);
    expect(world.wires.length).toBe(2); // The wait that was cut short doesn't end a second time.
  });

  it.each(["not json", "[]", "null", "{}"])("takes up again after text that it can't understand: %s", (text) => {
    accept();
    const wire = world.wire;
    wire.says(text);
    expect([wire.closed, states.at(-1)!.at, troubles.length]).toEqual([true, "waiting", 1]);
    wire.says({ type: "mark", cursor: "late", tick: 1 }); // Nothing of the old connection is heard any more.
    expect(session.ledger.cursor).toBe("c0");
  });

  it("takes up again after a frame that it can't understand", () => {
    const id = accept();
    world.wire.sends(live(id, 1));
    world.wire.sends(new ArrayBuffer(7));
    world.pass(500);
    expect(world.wires.length).toBe(2);
    accept({ cursor: "c0" });
    world.wire.says({ type: "mark", cursor: "c1", tick: 1 });
    expect(session.ledger.located).toBe(0);
  });

  it("passes by messages and fields that it doesn't know", () => {
    accept();
    world.wire.says({ type: "sparkle", more: 1 });
    expect([world.wire.closed, troubles]).toEqual([false, []]);
  });

  it("shows the server's errors, and asks to reload when the protocol has moved on", () => {
    accept();
    world.wire.says({ type: "error", code: "topics", message: "no such topics" });
    world.wire.says({ type: "hello", protocol: 2, tick_ms: 250, now: 1, epoch: "e" });
    expect(troubles).toEqual(["no such topics", "The server has been updated: reload this page."]);
  });
});

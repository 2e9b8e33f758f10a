import { beforeEach, describe, expect, it } from "vitest";
import { ServerClock } from "./clock.ts";
import { type Frame, Kind } from "./frame.ts";
import { type Listener, Session } from "./session.ts";
import { type ConnectionState, SILENCE_MS } from "./socket.ts";
import { chance, encode, row, World } from "./testing.ts";
import type { Area } from "./tiles.ts";

let world: World;
let session: Session;
let states: ConnectionState[];
/** Frames as they were handed over to be drawn together, and whether they replaced what was drawn. */
let drawn: [readonly Frame[], boolean][];
let troubles: string[];
let paces: [number, string][];

beforeEach(() => {
  world = new World();
  states = [];
  drawn = [];
  troubles = [];
  paces = [];
  const listener: Listener = {
    connection: (state) => states.push(state),
    hello: () => {},
    topics: () => {},
    opened: () => {},
    draw: (frames, replaces) => drawn.push([[...frames], replaces]),
    committed: () => {},
    mark: () => {},
    stats: () => {},
    pace: (every, reason) => paces.push([every, reason]),
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
    const acks = () => world.wire.sent.slice(1).map(({ cursor }) => cursor);
    const mark = (cursor: string) => world.wire.says({ type: "mark", id, cursor, tick: 1 });
    mark("c0");
    expect(acks()).toEqual(["c0"]);
    for (let tick = 1; tick <= 9; tick++) {
      world.pass(250);
      mark(`c${tick}`);
    }
    expect(acks()).toEqual(["c0", "c3", "c7"]);
    world.pass(1000);
    expect(acks().at(-1)).toBe("c9"); // The last one too, though no mark follows.
    mark("c9");
    world.pass(1000);
    expect(acks()).toHaveLength(5); // A cursor that comes again, since the server holds back, is acknowledged again.
    expect(world.wire.sent[1]).toEqual({ type: "ack", cursor: "c0" });
  });

  it("takes up again from the last mark, counting nothing twice and missing nothing", () => {
    let id = accept({ cursor: "c0", located: 40, topics: { 3: 40 } });
    world.wire.sends(live(id, 2));
    world.wire.says({ type: "mark", cursor: "c1", tick: 1 });
    world.wire.sends(live(id, 100)); // No mark follows: this will come again.
    world.wire.breaks();
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
    world.wire.breaks();
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
    expect([session.ledger.located, drawn]).toEqual([0, [[[], true]]]);
  });

  const shown = () => drawn.map(([frames, replaces]) => [frames.map(({ kind }) => kind), replaces]);

  it("draws a picture, which may come in many frames, with what follows it at once; and no old additions", () => {
    const id = accept();
    world.wire.sends(live(id, 1, { kind: Kind.picture }));
    world.wire.sends(live(id, 1, { kind: Kind.picture, bits: 7 }));
    world.wire.sends(live(id, 1));
    world.wire.sends(live(id, 1, { kind: Kind.old }));
    expect(shown()).toEqual([]);
    world.wire.says({ type: "mark", id, cursor: "c1", tick: 1 });
    expect(shown()).toEqual([[[Kind.picture, Kind.picture, Kind.live], true]]);
    world.wire.sends(live(id, 1));
    expect(shown().slice(1)).toEqual([[[Kind.live], false]]); // From here on as they come.
    expect(session.ledger.located).toBe(2);
    world.wire.says({ type: "mark", id, cursor: "c2", tick: 2 });
    expect(session.ledger.located).toBe(3);
  });

  it("waits longer after each failure, and short again once a mark has come", () => {
    for (const wait of [500, 1000, 2000]) {
      const before = world.wires.length;
      world.wire.breaks();
      world.pass(wait - 1);
      expect(world.wires.length).toBe(before);
      world.pass(1);
      expect(world.wires.length).toBe(before + 1);
    }
    accept();
    world.wire.says({ type: "mark", cursor: "c1", tick: 1 });
    world.wire.breaks();
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
    world.wire.breaks();
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
    world.wire.says({ type: "error", code: "topics", message: "no such topics", id: null });
    world.wire.says({ type: "hello", protocol: 2, tick_ms: 250, now: 1, epoch: "e" });
    expect(troubles).toEqual(["no such topics", "The server has been updated: reload this page."]);
  });

  it("keeps no connection to a server that refuses it, and comes back with another token", () => {
    world.refusal = { status: 401, message: "no token" };
    world.wire.breaks();
    expect(states.at(-1)!.at).toBe("waiting");
    world.pass(20_000);
    expect(states.at(-1)).toEqual({ at: "refused", status: 401, message: "no token" });
    session.retry(); // As when the network is back: that helps nothing.
    world.pass(60_000);
    expect([world.wires.length, world.asked]).toEqual([1, 1]);
    session.startAnew();
    accept({ cursor: "c0", located: 3, topics: {} });
    expect([session.ledger.located, states.at(-1)!.at]).toEqual([3, "open"]);
  });

  it("asks why after a failed handshake only, and goes on trying when it is no refusal", () => {
    world.wire.breaks();
    world.pass(500);
    expect([world.asked, world.wires.length]).toEqual([1, 2]);
    accept();
    world.wire.breaks();
    world.pass(1000);
    expect([world.asked, world.wires.length]).toEqual([1, 3]);
  });

  it("doesn't let an answer that comes late end an attempt under way", () => {
    world.refusal = { status: 401, message: "no token" };
    world.wire.breaks();
    session.retry();
    world.pass(1000);
    expect(states.at(-1)!.at).toBe("connecting");
  });

  it("stops when its token has expired", () => {
    accept();
    world.wire.breaks(4401, "the token has expired");
    world.pass(60_000);
    expect(states.at(-1)).toEqual({ at: "refused", status: 401, message: "the token has expired" });
    expect([world.wires.length, world.asked]).toEqual([1, 0]);
  });

  it("starts the account anew with another token: it may let other topics through", () => {
    accept({ cursor: "c0", located: 40, topics: { 3: 40 } });
    const before = world.wire;
    session.startAnew();
    expect(before.closed).toBe(true);
    accept({ cursor: "c0", located: 2, topics: { 3: 2 } });
    expect([world.wire.subscribed.since, session.ledger.located]).toEqual([null, 2]);
  });

  it("says nothing and tries nothing once it is stopped", () => {
    const id = accept();
    world.wire.says({ type: "mark", id, cursor: "c1", tick: 1 });
    session.stop();
    const sent = world.wire.sent.length;
    session.retry();
    world.pass(60_000);
    expect([world.wires.length, world.wire.closed, states.at(-1), world.wire.sent.length]).toEqual([
      1,
      true,
      { at: "closed" },
      sent,
    ]);
  });
});

describe("Session that is asked for something else", () => {
  const berlin: Area = [
    [9, 275, 167],
    [9, 276, 167],
  ];
  const rome: Area = [[9, 273, 190]];

  /** As a server answers where it can go on: a picture, then the step that `count` happened in, and its mark. */
  function goOn(cursor: string, count: number, facts = {}) {
    const { id } = world.wire.subscribed as { id: number };
    world.wire.sends(live(id, 5, { kind: Kind.picture, ...facts }));
    world.wire.sends(live(id, count, facts));
    world.wire.says({ type: "mark", id, cursor, tick: 1 });
  }

  it("goes on from its last mark with other tiles, and passes by what comes for the old ones", () => {
    const id = accept({ cursor: "c0", located: 40, topics: { 3: 40 } });
    world.wire.sends(live(id, 1));
    world.wire.says({ type: "mark", id, cursor: "c1", tick: 1 });
    world.wire.sends(live(id, 7)); // Its mark comes too late: it is part of what comes for the new tiles.
    session.want({ tiles: berlin, rest: true });
    expect(world.wire.subscribed).toEqual({
      type: "subscribe",
      id: id + 1,
      topics: [">"],
      tiles: berlin,
      rest: true,
      since: "c1",
      window: 10,
    });
    world.wire.says({ type: "mark", id, cursor: "c2", tick: 2 });
    world.wire.sends(live(id, 9));
    expect([session.ledger.located, session.ledger.cursor, session.area]).toEqual([41, "c1", null]);
    const before = drawn.length;
    world.wire.sends(live(id + 1, 4, { z: 9, tileX: 275, tileY: 167, bits: 11 }));
    world.wire.sends(live(id + 1, 12, { bits: 0 })); // The rest of the world.
    world.wire.says({ type: "mark", id: id + 1, cursor: "c3", tick: 3 });
    expect([session.ledger.located, session.ledger.cursor, session.area]).toEqual([57, "c3", berlin]);
    expect(drawn.slice(before)).toEqual([[[expect.objectContaining({ z: 9, tileX: 275 })], true]]);
  });

  it("draws what is there of other tiles in place of what was drawn, even if that is nothing", () => {
    accept();
    goOn("c1", 1);
    session.want({ tiles: berlin, rest: true });
    goOn("c2", 1, { z: 9, tileX: 275, tileY: 167 });
    session.want({ tiles: rome, rest: true });
    world.wire.says({ type: "mark", id: world.wire.subscribed.id, cursor: "c3", tick: 3 });
    expect(drawn.map(([frames, replaces]) => [frames.length, replaces])).toEqual([
      [2, true],
      [2, true],
      [0, true],
    ]);
  });

  it("starts its account anew where other events are counted", () => {
    accept({ cursor: "c0", located: 40, topics: { 3: 40 } });
    goOn("c1", 2);
    session.want({ topics: ["web.>"] });
    expect(world.wire.subscribed).toMatchObject({ topics: ["web.>"], since: null });
    world.wire.says({ type: "subscribed", id: world.wire.subscribed.id, cursor: "c5", located: 7, topics: { 3: 7 } });
    goOn("c6", 1);
    expect(session.ledger.located).toBe(8);
    session.want({ tiles: rome });
    expect(world.wire.subscribed).toMatchObject({ tiles: rome, since: null }); // Without the rest of the world.
    session.want({ tiles: rome, every: 1000 });
    expect(world.wire.subscribed).toMatchObject({ every: 1000, since: null });
  });

  it("asks once it is connected, if that is later", () => {
    session.want({ tiles: rome, rest: true });
    expect(world.wire.sent).toEqual([]);
    accept();
    expect(world.wire.sent).toHaveLength(1);
    expect(world.wire.subscribed).toMatchObject({ tiles: rome, since: null });
  });

  it("goes back to what it had when the server refuses", () => {
    accept({ cursor: "c0", located: 40, topics: { 3: 40 } });
    goOn("c1", 1);
    session.want({ tiles: rome, rest: true });
    world.wire.says({ type: "error", code: "unsupported", message: "no tiles here" });
    expect(world.wire.subscribed).not.toHaveProperty("tiles");
    expect(world.wire.subscribed).toMatchObject({ since: "c1" });
    goOn("c2", 1);
    expect([session.ledger.located, session.area, troubles]).toEqual([42, null, ["no tiles here"]]);
  });

  it("tells at what pace the server sends, which outlives a subscription", () => {
    const id = accept();
    session.want({ tiles: rome, rest: true });
    world.wire.says({ type: "pace", id, every: 1000, reason: "the line took no more for a while" });
    expect(paces).toEqual([[1000, "the line took no more for a while"]]);
  });

  it("leaves acknowledging to whoever wants to", () => {
    const id = accept();
    session.acknowledgesMarks = false;
    world.wire.says({ type: "mark", id, cursor: "c1", tick: 1 });
    world.pass(5000);
    expect(world.wire.sent).toHaveLength(1);
    session.acknowledge("c1");
    expect(world.wire.sent.at(-1)).toEqual({ type: "ack", cursor: "c1" });
  });

  it("keeps its account whatever it asks for, and however often the connection is lost", () => {
    const random = chance(7);
    const areas = [null, berlin, rome];
    // A server that can always go on: what a cursor stands for is how many events there were.
    let happened = 0;
    let open = false;
    const step = (count: number) => {
      happened += count;
      if (!open) return;
      const { id } = world.wire.subscribed as { id: number };
      world.wire.sends(live(id, count, { bits: 0 }));
      // The write may be cut off before its mark.
      if (random() < 0.9) world.wire.says({ type: "mark", id, cursor: String(happened), tick: 1 });
      else lose();
    };
    const answer = () => {
      const { id, since } = world.wire.subscribed as { id: number; since: string | null };
      if (since === null) world.wire.says({ type: "subscribed", id, cursor: String(happened), located: happened });
      else world.wire.sends(live(id, happened - Number(since), { kind: Kind.caughtUp, bits: 0 }));
      world.wire.says({ type: "mark", id, cursor: String(happened), tick: 1 });
    };
    const lose = () => {
      open = false;
      world.wire.breaks();
    };
    for (let i = 0; i < 2000; i++) {
      const what = random();
      if (!open) {
        world.pass(20_000);
        world.wire.onopen?.();
        world.wire.says({ type: "topics", topics: { 3: "web" } });
        open = true;
        answer();
      } else if (what < 0.3) {
        session.want({ tiles: areas[Math.floor(random() * 3)]!, rest: true });
        const old = (world.wire.subscribed.id as number) - 1;
        world.wire.sends(live(old, 99));
        world.wire.says({ type: "mark", id: old, cursor: "far", tick: 1 });
        if (random() < 0.8) answer();
        else lose();
      } else if (what < 0.35) lose();
      else step(1 + Math.floor(random() * 9));
      if (open) expect(session.ledger.located).toBe(happened);
    }
  });
});

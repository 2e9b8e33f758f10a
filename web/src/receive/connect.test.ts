import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { connect, type Frame, Kind, lonLat, type Receiver, RefusedError, type Step } from "./index.ts";
import { encode, FakeWire, row } from "./testing.ts";

/** A WebSocket whose other side is the test. */
class FakeSocket extends FakeWire {
  static all: FakeSocket[] = [];
  static get last(): FakeSocket {
    return FakeSocket.all.at(-1)!;
  }
  readonly url: string;
  readonly protocols: readonly string[];
  constructor(url: string, protocols: readonly string[] = []) {
    super();
    this.url = url;
    this.protocols = protocols;
    FakeSocket.all.push(this);
  }
}

const open: Receiver[] = [];
function reach(options: Parameters<typeof connect>[1] = {}, url = "http://127.0.0.1:8080"): Receiver {
  const receiver = connect(url, { WebSocket: FakeSocket, ...options });
  open.push(receiver);
  return receiver;
}

/** The server takes the newest connection and its subscription. */
async function accept(located = 0): Promise<number> {
  await vi.advanceTimersByTimeAsync(1);
  const socket = FakeSocket.last;
  socket.onopen?.();
  socket.says({ type: "hello", protocol: 1, tick_ms: 250, now: Date.now(), epoch: "e" });
  socket.says({ type: "topics", topics: { 3: "web", 4: "mail" } });
  const id = socket.subscribed.id as number;
  socket.says({ type: "subscribed", id, cursor: "c0", located, topics: located ? { 3: located } : {} });
  return id;
}

const live = (id: number, counts: Record<number, number>, facts = {}) =>
  encode(
    Object.entries(counts).map(([topic, count]) => row(Number(topic), count, 32_768, 32_768)),
    { subscription: id, ...facts },
  );
const mark = (id: number, cursor: string) => FakeSocket.last.says({ type: "mark", id, cursor, tick: 7 });
const acks = () => FakeSocket.last.sent.filter(({ type }) => type === "ack").map(({ cursor }) => cursor);

beforeEach(() => {
  vi.useFakeTimers();
  FakeSocket.all = [];
});
afterEach(() => {
  for (const receiver of open.splice(0)) receiver.close();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

describe("connect", () => {
  it.each([
    ["http://127.0.0.1:8080", "ws://127.0.0.1:8080/api/live"],
    ["https://example.org/map/", "wss://example.org/map/api/live"],
    ["wss://example.org/api/live", "wss://example.org/api/live"],
  ])("finds the live connection of %s", async (url, live) => {
    reach({}, url);
    await vi.advanceTimersByTimeAsync(1);
    expect(FakeSocket.last.url).toBe(live);
  });

  it("says what it can't connect to", () => {
    expect(() => connect("ftp://example.org")).toThrow("neither http(s) nor ws(s)");
    expect(() => reach({ token: "no token" })).toThrow(TypeError);
    vi.stubGlobal("WebSocket", undefined);
    expect(() => connect("http://127.0.0.1")).toThrow("there is no WebSocket here");
  });

  it("asks for what is wanted", async () => {
    reach({ topics: "web.>", tiles: [[3, 1, 2]], rest: true, every: 1000, window: 0 });
    await accept();
    expect(FakeSocket.last.sent[0]).toEqual({
      type: "subscribe",
      id: 1,
      topics: ["web.>"],
      tiles: [[3, 1, 2]],
      rest: true,
      every: 1000,
      since: null,
      window: 0,
    });
  });

  it("tells of topics, frames and marks, and keeps totals", async () => {
    const told: unknown[] = [];
    const receiver = reach({
      onTopics: (names) => told.push([...names]),
      onClear: () => told.push("clear"),
      onFrame: (frame) => told.push([receiver.topicOf(frame, 0), frame.count[0], lonLat(frame, 0)]),
      onMark: ({ cursor }) => told.push([cursor, receiver.located]),
    });
    const id = await accept(40);
    FakeSocket.last.sends(live(id, { 3: 2 }));
    FakeSocket.last.sends(live(id, { 4: 5 }, { bits: 0 })); // Outside the tiles: counted only.
    mark(id, "c1");
    FakeSocket.last.sends(live(id, { 4: 1 }));
    const place = [expect.closeTo(0, 1), expect.closeTo(0, 1)];
    expect(told).toEqual([["web", "mail"], "clear", ["web", 2, place], ["c1", 47], ["mail", 1, place]]);
    expect([receiver.located, receiver.cursor, receiver.totals()]).toEqual([47, "c1", { web: 42, mail: 5 }]);
    expect([receiver.total("mail"), receiver.total("nothing")]).toEqual([5, 0]);
    mark(id, "c2");
    expect(receiver.total("mail")).toBe(6);
  });

  it("comes back by itself, from its last mark", async () => {
    const states: string[] = [];
    const receiver = reach({ onState: ({ at }) => states.push(at) });
    const id = await accept(40);
    FakeSocket.last.sends(live(id, { 3: 2 }));
    FakeSocket.last.breaks();
    await vi.advanceTimersByTimeAsync(600);
    expect(states).toEqual(["connecting", "open", "waiting", "connecting"]);
    FakeSocket.last.onopen?.();
    expect(FakeSocket.last.subscribed).toMatchObject({ since: "c0" });
    expect(receiver.located).toBe(40);
  });

  it("goes on with other tiles", async () => {
    const receiver = reach({ tiles: [[3, 1, 2]], rest: true });
    const id = await accept(40);
    receiver.want({ tiles: [[4, 1, 2]] });
    expect(FakeSocket.last.subscribed).toMatchObject({ id: id + 1, tiles: [[4, 1, 2]], rest: true, since: "c0" });
  });

  it("shows its token as a subprotocol, asked for at each attempt", async () => {
    let token = "a.b.c";
    reach({ token: () => token });
    await accept();
    expect(FakeSocket.last.protocols).toEqual(["dynmap", "bearer.a.b.c"]);
    token = "d.e.f";
    FakeSocket.last.breaks();
    await vi.advanceTimersByTimeAsync(600);
    expect(FakeSocket.last.protocols).toEqual(["dynmap", "bearer.d.e.f"]);
  });

  it("stops at a refusal, with the server's words", async () => {
    const fetched = vi.fn(async () => Response.json({ code: "unauthorized", message: "no token" }, { status: 401 }));
    vi.stubGlobal("fetch", fetched);
    const receiver = reach({ token: "a.b.c" });
    const steps = receiver[Symbol.asyncIterator]();
    const first = steps.next();
    const failed = expect(first).rejects.toEqual(new RefusedError({ status: 401, message: "no token" }));
    await vi.advanceTimersByTimeAsync(1);
    FakeSocket.last.breaks();
    await vi.advanceTimersByTimeAsync(60_000);
    await failed;
    expect(receiver.state).toEqual({ at: "refused", status: 401, message: "no token" });
    expect(fetched.mock.calls).toEqual([
      [new URL("http://127.0.0.1:8080/api/stats"), { headers: { Authorization: "Bearer a.b.c" } }],
    ]);
    expect(FakeSocket.all).toHaveLength(1);
    receiver.retry();
    expect(FakeSocket.all).toHaveLength(2);
  });

  it("goes on trying when it can't be known why it failed", async () => {
    vi.stubGlobal("fetch", async () => {
      throw new TypeError("fetch failed");
    });
    reach();
    await vi.advanceTimersByTimeAsync(1);
    FakeSocket.last.breaks();
    await vi.advanceTimersByTimeAsync(600);
    expect(FakeSocket.all).toHaveLength(2);
  });

  it("does nothing more once closed, even before it began", async () => {
    reach().close();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(FakeSocket.all).toHaveLength(0);
  });
});

describe("steps", () => {
  const counted = (frames: readonly Frame[]) => frames.map(({ kind, count }) => [kind, ...count]);

  it("come one by one, complete, the picture with the first", async () => {
    const receiver = reach();
    const id = await accept(9);
    const steps = receiver[Symbol.asyncIterator]();
    const first = steps.next();
    FakeSocket.last.sends(live(id, { 3: 9 }, { kind: Kind.picture }));
    mark(id, "c1");
    FakeSocket.last.sends(live(id, { 3: 1 }));
    FakeSocket.last.sends(live(id, { 4: 2 }, { bits: 7 }));
    mark(id, "c2");
    const [a, b] = [(await first).value as Step, (await steps.next()).value as Step];
    expect([a.cursor, a.clears, counted(a.frames)]).toEqual(["c1", true, [[Kind.picture, 9]]]);
    expect([b.cursor, b.clears, counted(b.frames)]).toEqual([
      "c2",
      false,
      [
        [0, 1],
        [0, 2],
      ],
    ]);
    receiver.close();
    expect(await steps.next()).toEqual({ done: true, value: undefined });
  });

  it("are acknowledged once the loop is done with them", async () => {
    const receiver = reach();
    const id = await accept();
    const steps = receiver[Symbol.asyncIterator]();
    for (const cursor of ["c1", "c2", "c3"]) mark(id, cursor);
    await vi.advanceTimersByTimeAsync(5000);
    expect(acks()).toEqual([]);
    await steps.next();
    await steps.next();
    await vi.advanceTimersByTimeAsync(5000);
    expect(acks()).toEqual(["c1"]);
    await steps.next();
    mark(id, "c3"); // The server is held back, and repeats itself: no step of its own.
    const next = steps.next();
    await vi.advanceTimersByTimeAsync(5000);
    expect(acks()).toEqual(["c1", "c2", "c3"]);
    mark(id, "c3");
    await vi.advanceTimersByTimeAsync(5000);
    expect(acks()).toEqual(["c1", "c2", "c3", "c3"]);
    mark(id, "c4");
    expect((await next).value).toMatchObject({ cursor: "c4" });
  });

  it("leave out what no mark has closed", async () => {
    const receiver = reach();
    await accept();
    const steps = receiver[Symbol.asyncIterator]();
    FakeSocket.last.sends(live(1, { 3: 1 }));
    FakeSocket.last.breaks();
    await vi.advanceTimersByTimeAsync(600);
    const id = await accept();
    FakeSocket.last.sends(live(id, { 3: 1 }));
    mark(id, "c1");
    expect(counted(((await steps.next()).value as Step).frames)).toEqual([[0, 1]]);
  });

  it("may be left, and taken up again", async () => {
    const receiver = reach();
    const id = await accept();
    expect(() => [receiver[Symbol.asyncIterator](), receiver[Symbol.asyncIterator]()]).toThrow("already");
    receiver.close();
    const again = reach();
    await accept();
    const loop = (async () => {
      for await (const { cursor } of again) if (cursor === "c2") break;
    })();
    mark(id, "c1");
    mark(id, "c2");
    await loop;
    mark(id, "c3");
    await vi.advanceTimersByTimeAsync(2000);
    expect(acks().at(-1)).toBe("c3"); // Nobody takes steps: marks are acknowledged as they come.
    again[Symbol.asyncIterator]();
  });
});

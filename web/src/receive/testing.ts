import { bytesOf, type Frame, HEADER_BYTES, Kind } from "./frame.ts";
import type { Environment, Refusal, Wire } from "./socket.ts";

/** For tests: what a server would send, and a world for a connection that tests drive by hand. */

export interface Row {
  x: number;
  y: number;
  topic: number;
  count: number;
}

type Facts = Partial<Omit<Frame, "n" | "x" | "y" | "topic" | "count">>;

/** A binary frame of those rows; what isn't said is a live frame of the world tile, subscription 1. */
export function encode(rows: readonly Row[], facts: Facts = {}): ArrayBuffer {
  const n = rows.length;
  const message = new ArrayBuffer(bytesOf(n));
  const view = new DataView(message);
  view.setUint32(0, 0x44594e31);
  view.setUint8(4, facts.kind ?? Kind.live);
  view.setUint8(5, facts.z ?? 0);
  view.setUint8(6, facts.bits ?? 16);
  view.setUint8(7, facts.subscription ?? 1);
  view.setUint32(8, facts.tileX ?? 0, true);
  view.setUint32(12, facts.tileY ?? 0, true);
  view.setFloat64(16, facts.tick ?? 1_000_000, true);
  view.setUint32(24, facts.covers ?? 250, true);
  view.setUint32(28, n, true);
  rows.forEach(({ x, y, topic, count }, i) => {
    [x, y, topic].forEach((value, column) => {
      view.setUint16(HEADER_BYTES + 2 * n * column + 2 * i, value, true);
    });
    view.setUint32(message.byteLength - 4 * (n - i), count, true);
  });
  return message;
}

export function row(topic: number, count: number, x = 0, y = 0): Row {
  return { x, y, topic, count };
}

/** A world in which time passes when told and the server is the test. */
export class World implements Environment {
  time = 0;
  wires: FakeWire[] = [];
  /** What the server says when it is asked why a handshake failed. */
  refusal: Refusal | null = null;
  asked = 0;
  readonly #timers = new Set<{ due: number; run: () => void }>();

  open(): Wire {
    const wire = new FakeWire();
    this.wires.push(wire);
    return wire;
  }
  askWhy(answer: (refusal: Refusal | null) => void) {
    this.asked++;
    this.after(10, () => answer(this.refusal));
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

export class FakeWire implements Wire {
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
  breaks(code = 1006, reason = "") {
    this.onclose?.({ code, reason });
  }
  /** The subscription that was asked for last. */
  get subscribed(): Record<string, unknown> {
    return this.sent.findLast(({ type }) => type === "subscribe")!;
  }
}

/** The same numbers in each run (mulberry32). */
export function chance(seed: number): () => number {
  let s = seed;
  return () => {
    s = (s + 0x6d2b79f5) | 0;
    let t = Math.imul(s ^ (s >>> 15), 1 | s);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

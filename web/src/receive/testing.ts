import { bytesOf, type Frame, HEADER_BYTES, Kind } from "./frame.ts";

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

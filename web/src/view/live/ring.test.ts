import { describe, expect, it } from "vitest";
import { decode, Kind } from "../../receive/frame.ts";
import { encode, row } from "../../receive/testing.ts";
import { eachStretch } from "./buffers.ts";
import { APPEAR_MS, FRAME_ROWS, isRough, PointRing, ROW_FLOATS } from "./ring.ts";

const LIFE = 16_000;
const T0 = 1_795_000_000_000;

const frame = (n: number, facts = {}) =>
  decode(
    encode(
      Array.from({ length: n }, (_, i) => row(i % 5, i + 1, i, 1000 + i)),
      { tick: T0, covers: 250, ...facts },
    ),
  );
const tableRow = (ring: PointRing, number: number) => [
  ...ring.table.subarray((number % FRAME_ROWS) * ROW_FLOATS, ((number % FRAME_ROWS) + 1) * ROW_FLOATS),
];

describe("PointRing", () => {
  it("keeps the columns as they came", () => {
    const ring = new PointRing(16);
    ring.push(frame(3), T0 + 260, LIFE);
    expect([...ring.x.subarray(0, 3)]).toEqual([0, 1, 2]);
    expect([...ring.y.subarray(0, 3)]).toEqual([1000, 1001, 1002]);
    expect([...ring.count.subarray(0, 3)]).toEqual([1, 2, 3]);
    expect(ring.head).toBe(3);
  });

  it("goes round, the newest pushing the oldest out", () => {
    const ring = new PointRing(8);
    ring.push(frame(5), T0, LIFE);
    ring.push(frame(5), T0, LIFE);
    expect([...ring.x]).toEqual([3, 4, 2, 3, 4, 0, 1, 2]);
    expect([...ring.row]).toEqual([1, 1, 0, 0, 0, 1, 1, 1]);
    expect([ring.head, ring.oldest(T0)]).toEqual([10, 2]);
  });

  it("keeps the last part of a frame that is larger than itself", () => {
    const ring = new PointRing(4);
    ring.push(frame(10), T0, LIFE);
    expect([...ring.x].sort()).toEqual([6, 7, 8, 9]);
    expect(ring.oldest(T0)).toBe(ring.head - 4);
  });

  it("lets points go when their life is over", () => {
    const ring = new PointRing(16);
    ring.push(frame(3), T0 + 250, LIFE);
    ring.push(frame(2, { tick: T0 + 250 }), T0 + 500, LIFE);
    const end = T0 + APPEAR_MS + 250 + LIFE;
    expect([end - 1, end, end + 250].map((now) => ring.oldest(now))).toEqual([0, 3, 5]);
  });

  it("places cells of the world, of a tile and of a coarse grid", () => {
    const ring = new PointRing(16);
    ring.push(frame(1), T0, LIFE);
    ring.push(frame(1, { z: 2, tileX: 3, tileY: 1, bits: 7 }), T0, LIFE);
    const [west, north, unit, side] = tableRow(ring, 0);
    expect([west, north, unit, side, tableRow(ring, 0)[6]]).toEqual([0, 0, 2 ** -16, 2 ** -16, 0.5]);
    expect(tableRow(ring, 1).slice(0, 4)).toEqual([0.75, 0.25, 2 ** -18, 2 ** -9]);
    expect(tableRow(ring, 1)[6]).toBe(0); // The middle of a coarse cell is a whole unit.
  });

  it("places streets to a fraction of a pixel: the table's numbers are exact at any zoom", () => {
    const ring = new PointRing(16);
    const facts = { z: 15, tileX: 2 ** 15 - 1, tileY: 10_733, bits: 9 };
    ring.push(frame(1, facts), T0, LIFE);
    expect(tableRow(ring, 0).slice(0, 4)).toEqual([1 - 2 ** -15, 10_733 / 2 ** 15, 2 ** -31, 2 ** -24]);
  });

  it("knows which places are known only roughly, and how large those are that fit into no tile", () => {
    const rough = (z: number, bits: number) => isRough({ z, bits });
    expect([rough(0, 7), rough(0, 16), rough(3, 4), rough(4, 7), rough(14, 6), rough(14, 0)]).toEqual([
      true,
      false,
      true,
      false,
      false,
      true,
    ]);
    const ring = new PointRing(16);
    ring.push(frame(1, { z: 14, tileX: 1, bits: 0 }), T0, LIFE);
    ring.push(frame(1, { z: 5, tileX: 1, bits: 0 }), T0, LIFE);
    expect([0, 1].map((number) => tableRow(ring, number)[3])).toEqual([2 ** -7, 2 ** -5]);
  });

  it("lets no point of a picture flash: it has done so when it happened", () => {
    const ring = new PointRing(16);
    const now = T0 + 1250;
    ring.push(frame(1, { kind: Kind.picture, covers: 1250 }), now, LIFE);
    ring.push(frame(1, { kind: Kind.picture, covers: 1250, tick: now - 9000 }), now, LIFE);
    const youngest = [0, 1].map((number) => ring.seconds(now) - tableRow(ring, number)[4]! - 1.25);
    expect(youngest[0]).toBeCloseTo(1.6, 3);
    expect(youngest[1]).toBeCloseTo(9 - 1.25 - APPEAR_MS / 1000, 3);
  });

  it("keeps how much a frame warms the ground", () => {
    const ring = new PointRing(16);
    ring.push(frame(1), T0, LIFE);
    ring.push(frame(1), T0, LIFE, 4);
    expect([0, 1].map((number) => tableRow(ring, number)[7])).toEqual([1, 4]);
  });

  it("tells ages by the server's time: late ticks are old already, a wrong clock is not waited for", () => {
    const ring = new PointRing(16);
    const now = T0 + 10_000;
    ring.push(frame(1), now, LIFE);
    ring.push(frame(1, { tick: now + 60_000 }), now, LIFE);
    ring.push(frame(1, { tick: 1, kind: Kind.replay }), now, LIFE);
    const ages = [0, 1, 2].map((number) => ring.seconds(now) - tableRow(ring, number)[4]!);
    expect(ages[0]).toBeCloseTo(10 - APPEAR_MS / 1000, 3);
    expect(ages.slice(1)).toEqual([0, 0]);
  });

  it("stays good to a millisecond for days", () => {
    const ring = new PointRing(16);
    for (let hours = 0; hours < 100; hours++) {
      const tick = T0 + hours * 3_600_000 + 125;
      ring.push(frame(1, { tick }), tick + 250, LIFE);
      expect(Math.abs(ring.seconds(tick + APPEAR_MS) - tableRow(ring, hours)[4]!)).toBeLessThan(0.001);
    }
  });

  it("finds where the young ones begin", () => {
    const ring = new PointRing(64);
    for (let i = 0; i < 20; i++) ring.push(frame(2, { tick: T0 + i * 250 }), T0 + i * 250 + 250, LIFE);
    const now = T0 + 20 * 250;
    expect(ring.since(now - 1000)).toBe(28); // Ticks from 3,500 ms on appear until 4,050 and later.
    expect(ring.since(now + 10_000)).toBe(ring.head);
  });

  it("draws nothing that was there before it was cleared", () => {
    const ring = new PointRing(16);
    ring.push(frame(5), T0, LIFE);
    ring.clear();
    expect(ring.oldest(T0)).toBe(5);
    ring.push(frame(2), T0, LIFE);
    expect(ring.oldest(T0)).toBe(5);
  });

  it("holds more frames than its table", () => {
    const ring = new PointRing(FRAME_ROWS * 2);
    for (let i = 0; i < FRAME_ROWS + 10; i++) ring.push(frame(1), T0, LIFE);
    expect([ring.oldest(T0), ring.known()]).toEqual([10, 10]);
    ring.clear();
    expect([ring.oldest(T0), ring.known()]).toEqual([ring.head, 10]);
  });
});

it("eachStretch goes round the end of the ring once", () => {
  const told: number[][] = [];
  const tell = (first: number, n: number) => told.push([first, n]);
  eachStretch(8, 2, 5, tell);
  eachStretch(8, 6, 10, tell);
  eachStretch(8, 0, 100, tell);
  eachStretch(8, 5, 5, tell);
  expect(told).toEqual([
    [2, 3],
    [6, 2],
    [0, 2],
    [4, 4],
    [0, 4],
  ]);
});

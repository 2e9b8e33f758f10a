import { describe, expect, it } from "vitest";
import { bytesOf, decode, FrameError, isCounted, isDrawn, isRest, Kind } from "./frame.ts";
import { encode } from "./testing.ts";

const rows = [
  { x: 1, y: 65_535, topic: 7, count: 1 },
  { x: 40_000, y: 2, topic: 65_535, count: 4_294_967_295 },
  { x: 0, y: 0, topic: 0, count: 3 },
];

describe("decode", () => {
  it("reads every field of the header", () => {
    const facts = { kind: Kind.caughtUp, z: 3, bits: 7, subscription: 255, tileX: 5, tileY: 6 };
    const frame = decode(encode(rows, { ...facts, tick: 1_795_000_000_250, covers: 750 }));
    expect(frame).toMatchObject({ ...facts, tick: 1_795_000_000_250, covers: 750, n: 3 });
  });

  it.each([0, 1, 2, 3])("reads the columns of %i rows, padded or not", (n) => {
    const frame = decode(encode(rows.slice(0, n)));
    const read = Array.from({ length: frame.n }, (_, i) => ({
      x: frame.x[i],
      y: frame.y[i],
      topic: frame.topic[i],
      count: frame.count[i],
    }));
    expect(read).toEqual(rows.slice(0, n));
  });

  it("copies nothing: the columns are views of the message", () => {
    const message = encode(rows);
    const frame = decode(message);
    for (const column of [frame.x, frame.y, frame.topic, frame.count]) expect(column.buffer).toBe(message);
  });

  it("reads a frame as the server's encoder writes it", () => {
    // dynmap.wire.encode of one live row: x 0x1234, y 0x5678, topic 9, count 2; z 0, bits 16, subscription 7.
    const hex =
      "44594e31" +
      "00001007" +
      "00000000" +
      "00000000" +
      "0000000000000040" +
      "fa000000" +
      "01000000" +
      "3412" +
      "7856";
    const bytes = Uint8Array.from(`${hex}0900000002000000`.match(/../g)!, (byte) => Number.parseInt(byte, 16));
    const frame = decode(bytes.buffer);
    expect(frame).toMatchObject({ kind: 0, bits: 16, subscription: 7, tick: 2, covers: 250, n: 1 });
    expect([frame.x[0], frame.y[0], frame.topic[0], frame.count[0]]).toEqual([0x1234, 0x5678, 9, 2]);
  });

  it("refuses what is not one whole frame", () => {
    const good = encode(rows);
    const changed = (offset: number, value: number) => {
      const copy = good.slice(0);
      new DataView(copy).setUint8(offset, value);
      return copy;
    };
    const bad = {
      empty: new ArrayBuffer(0),
      "cut short": good.slice(0, good.byteLength - 1),
      "with a tail": encode([...rows, rows[0]!]).slice(0, good.byteLength + 4),
      "another magic": changed(0, 0),
      "an unknown kind": changed(4, 5),
      "a zoom that is none": changed(5, 25),
      "cells finer than the wire": changed(6, 17),
      "more rows than bytes": changed(31, 255),
    };
    for (const [what, message] of Object.entries(bad)) expect(() => decode(message), what).toThrow(FrameError);
  });
});

describe("kinds", () => {
  it("are counted and drawn as the contract says", () => {
    const told = Object.entries(Kind).map(([name, kind]) => [name, isCounted(kind), isDrawn({ kind, z: 0, bits: 16 })]);
    expect(told).toEqual([
      ["live", true, true],
      ["picture", false, true],
      ["replay", false, true],
      ["caughtUp", true, true],
      ["old", true, false],
    ]);
  });

  it("what lies outside the tiles has no place to be drawn at", () => {
    const rest = decode(encode([{ x: 0, y: 0, topic: 1, count: 5 }], { z: 0, bits: 0 }));
    expect([isRest(rest), isDrawn(rest), isCounted(rest.kind)]).toEqual([true, false, true]);
    expect(isDrawn({ kind: Kind.live, z: 9, bits: 0 })).toBe(true); // A cell as large as its tile.
  });
});

it("bytesOf counts the padding", () => {
  expect([0, 1, 2, 3].map(bytesOf)).toEqual([32, 44, 52, 64]);
});

import { describe, expect, it } from "vitest";
import { encodePolylines } from "../../../basemap/encode.mjs";
import { rowsOfLattice } from "../../../basemap/lattice.mjs";
import { maskOf } from "../../../basemap/mask.mjs";
import { coastOf } from "./base.ts";
import { decodePolylines } from "./polylines.ts";

describe("polylines", () => {
  it("come out as they went in, to half a unit", () => {
    const groups = [
      [
        [
          [-180, -90],
          [180, 83.645],
          [0.0049, -0.0049],
          [12.5, 41.9],
        ],
      ],
      [
        [
          [1, 1],
          [2, 2],
        ],
        [
          [3, 3],
          [4, 4],
          [3, 3],
        ],
      ],
    ];
    const read = decodePolylines(encodePolylines(groups));
    expect(read).toHaveLength(2);
    groups.flat(2).forEach(([lon, lat], i) => {
      const [x, y] = read.flat(2)[i]!;
      expect(Math.abs(x! - lon!)).toBeLessThanOrEqual(0.0025 + 1e-9);
      expect(Math.abs(y! - lat!)).toBeLessThanOrEqual(0.0025 + 1e-9);
    });
  });

  it("say when they are cut short", () => {
    const bytes = encodePolylines([
      [
        [
          [0, 0],
          [100, 50],
        ],
      ],
    ]);
    expect(() => decodePolylines(bytes.subarray(0, bytes.length - 1))).toThrow("cut short");
  });
});

it("coasts leave out the edges that cutting at the date line made", () => {
  const ring = [
    [170, 60],
    [180, 61],
    [180, 65],
    [170, 66],
    [170, 60],
  ];
  expect(coastOf([ring])).toEqual([
    [
      [170, 60],
      [180, 61],
    ],
    [
      [180, 65],
      [170, 66],
      [170, 60],
    ],
  ]);
});

it("dots are on land where the polygons are", () => {
  const square = [
    [
      [10.013, 10.013],
      [40.013, 10.013],
      [40.013, 40.013],
      [10.013, 40.013],
      [10.013, 10.013],
    ],
  ];
  const lake = [
    [20.013, 20.013],
    [30.013, 20.013],
    [30.013, 30.013],
    [20.013, 30.013],
    [20.013, 20.013],
  ];
  const mask = maskOf([[...square, lake]]);
  let index = 0;
  let [onLand, wrong] = [0, 0];
  for (const { lat, n, shift } of rowsOfLattice()) {
    for (let k = 0; k < n; k++, index++) {
      const lon = -180 + ((k + shift) * 360) / n;
      const inside = (from: number, to: number) => lon > from && lon < to && lat > from && lat < to;
      const lit = ((mask[index >> 3]! >> (index & 7)) & 1) === 1;
      if (lit) onLand++;
      if (lit !== (inside(10.013, 40.013) && !inside(20.013, 30.013))) wrong++;
    }
  }
  expect(wrong).toBe(0);
  expect(onLand).toBeGreaterThan(500);
});

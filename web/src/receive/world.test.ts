import { expect, it } from "vitest";
import { decode } from "./frame.ts";
import { encode, row } from "./testing.ts";
import { degreesOf, lonLat, placeOf, worldOf } from "./world.ts";

it("worldOf is the Web Mercator square, and degreesOf leads back", () => {
  expect(worldOf(0, 0)).toEqual([0.5, 0.5]);
  expect(worldOf(-180, 85.0511287798066)[1]).toBeCloseTo(0, 9);
  expect(worldOf(180, -85.0511287798066)[1]).toBeCloseTo(1, 9);
  for (const [lon, lat] of [
    [13.4, 52.5],
    [-77.03, -12.04],
    [179.9, 84.9],
  ] as const) {
    const back = degreesOf(...worldOf(lon, lat));
    expect(back[0]).toBeCloseTo(lon, 9);
    expect(back[1]).toBeCloseTo(lat, 9);
  }
});

it("rows lie at the centres of their cells, in the world's tile and in small ones", () => {
  const world = decode(encode([row(0, 1, 0, 65_535)]));
  expect(placeOf(world, 0)).toEqual([2 ** -17, 1 - 2 ** -17]);
  const tile = decode(encode([row(0, 1, 32_768, 16_384)], { z: 14, tileX: 8803, tileY: 5373, bits: 6 }));
  expect(placeOf(tile, 0)).toEqual([8803.5 / 2 ** 14, 5373.25 / 2 ** 14]);
  const [lon, lat] = lonLat(tile, 0);
  expect(worldOf(lon, lat)).toEqual(placeOf(tile, 0).map((part) => expect.closeTo(part, 12)));
});

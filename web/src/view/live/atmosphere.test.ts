import { expect, it } from "vitest";
import { missOf } from "./atmosphere.ts";

/** A camera `distance` radii from the Earth's middle, that sees as much to each side as it is away from things. */
function looking(distance: number): number[] {
  // By columns, as in WebGL: x, y, depth, and how far in front.
  return [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, -1, -1, 0, 0, distance, distance];
}

it("tells how far from the Earth's middle one looks", () => {
  const camera = looking(2);
  expect(missOf(camera, 0, 0)).toBeCloseTo(0, 12);
  // The rim is where the line of sight touches: 30 degrees off from two radii away.
  expect(missOf(camera, Math.tan(Math.PI / 6), 0)).toBeCloseTo(1, 12);
  expect(missOf(camera, 0, -Math.tan(Math.PI / 6))).toBeCloseTo(1, 12);
  expect(missOf(camera, 1, 1)).toBeCloseTo(2 * Math.sqrt(2 / 3), 12);
});

import { expect, it } from "vitest";
import { copiesIn, covers, NEAR_ZOOM, nearWindow, reachAt } from "./window.ts";

const COPIES: readonly [number, number, number[]][] = [
  [0, 1, [0]],
  [-0.01, 1.02, [-1, 0, 1]],
  [0.9, 0.2, [0, 1]],
  [-0.3, 0.2, [-1]],
];

it.each(COPIES)("knows which copies of the world are in a window from %f, %f wide", (x, width, copies) => {
  const into: number[] = [7];
  copiesIn({ x, y: 0, width, height: 1 }, into);
  expect(into).toEqual(copies);
});

it("is good for the view that it was made for, at all zooms between two steps", () => {
  for (let zoom = NEAR_ZOOM; zoom < 16; zoom += 0.07) {
    expect(covers(nearWindow(0.3, 0.6, zoom, 1600), 0.3, 0.6, zoom, 1600)).toBe(true);
  }
});

it("is good until the view leaves it, on either side of the date line", () => {
  const near = nearWindow(0.9995, 0.4, 6, 1000);
  const pixel = 1 / (512 * 2 ** 6);
  expect(covers(near, 0.9995 + 80 * pixel, 0.4, 6, 1000)).toBe(true);
  expect(covers(near, 0.9995 + 80 * pixel - 1, 0.4, 6, 1000)).toBe(true);
  expect(covers(near, 0.9995 + 400 * pixel, 0.4, 6, 1000)).toBe(false);
  expect(covers(near, 0.9995, 0.4 - 400 * pixel, 6, 1000)).toBe(false);
  expect(covers(near, 0.9995, 0.4, 7, 1000)).toBe(false);
});

it("warms as many pixels at every step", () => {
  expect(reachAt(8) * 2 ** 8).toBeCloseTo(reachAt(5) * 2 ** 5, 12);
});

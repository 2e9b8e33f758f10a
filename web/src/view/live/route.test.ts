import { expect, it } from "vitest";
import { POINT_FLOATS, POINTS, writeRoute } from "./route.ts";

function route(from: [number, number], to: [number, number]) {
  const into = new Float32Array(POINTS * POINT_FLOATS);
  expect(writeRoute(from, to, into, 0)).toBe(true);
  return Array.from({ length: POINTS }, (_, i) => into.subarray(POINT_FLOATS * i, POINT_FLOATS * (i + 1)));
}

it("runs from one place to the other, and is highest between them", () => {
  const points = route([0, 0], [90, 0]);
  expect(points[0]![0]).toBeCloseTo(0.5, 6);
  expect(points.at(-1)![0]).toBeCloseTo(0.75, 6);
  expect(points[0]![2]).toBe(0);
  expect(points.at(-1)![2]).toBe(0);
  expect(Math.max(...points.map((point) => point[2]!))).toBe(points[POINTS >> 1]![2]);
});

it("takes the short way over the date line without a jump", () => {
  const points = route([139.7, 35.7], [-122.4, 37.8]);
  for (let i = 1; i < POINTS; i++) expect(Math.abs(points[i]![0]! - points[i - 1]![0]!)).toBeLessThan(0.02);
  expect(points.at(-1)![0]).toBeCloseTo(1 + (180 - 122.4) / 360, 5);
});

it("bends towards the pole, as great circles do", () => {
  const points = route([-74, 40.7], [2.4, 48.9]);
  const north = Math.min(...points.map((point) => point[1]!));
  expect(north).toBeLessThan(points.at(-1)![1]!);
});

it("refuses what has no way, or many", () => {
  const into = new Float32Array(POINTS * POINT_FLOATS);
  expect(writeRoute([10, 10], [10, 10], into, 0)).toBe(false);
  expect(writeRoute([10, 10], [-170, -10], into, 0)).toBe(false);
});

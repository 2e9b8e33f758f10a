import { expect, it } from "vitest";
import { bending, eased } from "./projection.ts";

it("flattens the globe among streets, and never bends the flat map", () => {
  expect(bending(1, 3)).toBe(1);
  expect(bending(1, 11)).toBe(1);
  expect(bending(1, 11.5)).toBeCloseTo(0.5);
  expect(bending(1, 14)).toBe(0);
  expect(bending(0, 3)).toBe(0);
});

it("moves slowly at both ends", () => {
  expect([eased(0), eased(0.5), eased(1)]).toEqual([0, 0.5, 1]);
  expect(eased(0.1)).toBeLessThan(0.02);
  expect(eased(0.9)).toBeGreaterThan(0.98);
});

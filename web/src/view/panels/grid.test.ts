import { expect, it } from "vitest";
import { step } from "./grid.ts";

it("up and down keep to the column, Home and End go to the ends", () => {
  expect(step("ArrowDown", "solo", null)).toEqual({ rows: 1, column: "solo" });
  expect(step("ArrowUp", "toggle", true)).toEqual({ rows: -1, column: "toggle" });
  expect(step("Home", "expand", true)!.rows).toBe(Number.NEGATIVE_INFINITY);
  expect(step("End", "expand", true)!.rows).toBe(Number.POSITIVE_INFINITY);
});

it("right opens a closed group, then goes along the row", () => {
  expect(step("ArrowRight", "toggle", false)).toMatchObject({ open: true });
  expect(step("ArrowRight", "toggle", true)).toEqual({ rows: 0, column: "solo" });
  expect(step("ArrowRight", "toggle", null)).toEqual({ rows: 0, column: "solo" });
  expect(step("ArrowRight", "solo", false)).toBeNull();
});

it("left goes back along the row, closes an open group, then goes out to the group above", () => {
  expect(step("ArrowLeft", "solo", true)).toEqual({ rows: 0, column: "toggle" });
  expect(step("ArrowLeft", "toggle", true)).toMatchObject({ open: false });
  expect(step("ArrowLeft", "toggle", false)).toEqual({ rows: 0, column: "expand" });
  expect(step("ArrowLeft", "toggle", null)).toEqual({ rows: "parent", column: "toggle" });
  expect(step("ArrowLeft", "expand", false)).toEqual({ rows: "parent", column: "toggle" });
});

it("other keys are nobody's", () => {
  expect([step("a", "toggle", null), step("Enter", "toggle", null), step("Tab", "solo", null)]).toEqual([
    null,
    null,
    null,
  ]);
});

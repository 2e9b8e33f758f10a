import { expect, it } from "vitest";
import { beside } from "./beside.ts";

const CARD = [200, 100] as const;
const WINDOW = [1000, 600] as const;

it("goes to the right of the point, level with it", () => {
  expect(beside([400, 300], CARD, WINDOW)).toEqual([418, 250]);
});

it("goes to the left where there is no room at the right", () => {
  expect(beside([900, 300], CARD, WINDOW)).toEqual([682, 250]);
});

it("stays in the window at its top, at its bottom, and where it is narrow", () => {
  expect(beside([400, 5], CARD, WINDOW)[1]).toBe(10);
  expect(beside([400, 595], CARD, WINDOW)[1]).toBe(490);
  expect(beside([150, 300], CARD, [320, 600])).toEqual([110, 250]);
});

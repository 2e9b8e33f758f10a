import { expect, it } from "vitest";
import { clock, full, rate, short, since } from "./format.ts";

it("full", () => {
  expect([0, 999, 48_269_117].map(full)).toEqual(["0", "999", "48,269,117"]);
});

it("short", () => {
  const values = [0, 999, 9_999, 10_000, 12_345, 345_678, 999_499, 999_999, 1_234_567, 2.5e9, 3e12];
  expect(values.map(short)).toEqual(["0", "999", "9,999", "10k", "12.3k", "346k", "999k", "1M", "1.2M", "2.5G", "3T"]);
});

it("rate", () => {
  expect([0, 0.01, 0.2, 3, 3.25, 42.4, 9_999, 23_456].map(rate)).toEqual([
    "0",
    "<0.1",
    "0.2",
    "3",
    "3.3",
    "42",
    "9,999",
    "23.5k",
  ]);
});

it("times are UTC and say the day when it is another", () => {
  const then = Date.UTC(2026, 10, 23, 20, 5, 47);
  expect(clock(then)).toBe("20:05:47");
  expect(since(then, then + 3_600_000)).toBe("20:05 UTC");
  expect(since(then, then + 86_400_000)).toBe("23 Nov 20:05 UTC");
});

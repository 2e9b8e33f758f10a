import { expect, it } from "vitest";
import { age, change, clock, country, full, lasting, position, rate, short, since, span } from "./format.ts";

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

it("ages", () => {
  expect([-40, 999, 1000, 59_999, 60_000, 3_600_000].map(age)).toEqual(["now", "now", "1s", "59s", "1m", "1h"]);
});

it("times that something takes", () => {
  expect([0, 309.6, 999, 1240, 12_000].map(lasting)).toEqual(["0 ms", "310 ms", "999 ms", "1.2 s", "12 s"]);
});

it("changes", () => {
  expect([0.004, 0.064, -0.064, 0.0996, -0.25, 3, 11].map(change)).toEqual([
    "0.4%",
    "6.4%",
    "6.4%",
    "10%",
    "25%",
    "300%",
    "×12",
  ]);
});

it("spans", () => {
  expect([30, 57, 73, 100, 300].map(span)).toEqual(["30 seconds", "minute", "minute", "2 minutes", "5 minutes"]);
});

it("positions", () => {
  expect([position(13.4, 52.52), position(-70.04, -33)]).toEqual(["52.5° N, 13.4° E", "33.0° S, 70.0° W"]);
});

it("countries", () => {
  expect(["DE", "ZA", "", "QQ"].map(country)).toEqual(["Germany", "South Africa", "", "QQ"]);
});

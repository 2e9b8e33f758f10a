import { expect, it } from "vitest";
import { backoff } from "./backoff.ts";

it("doubles up to a bound", () => {
  expect([1, 2, 3, 4, 5, 6, 7, 60].map((failures) => backoff(failures, 1))).toEqual([
    500, 1000, 2000, 4000, 8000, 15_000, 15_000, 15_000,
  ]);
});

it("leaves half to chance", () => {
  expect([backoff(3, 0), backoff(3, 0.5), backoff(3, 1)]).toEqual([1000, 1500, 2000]);
});

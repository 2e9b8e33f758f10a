import { expect, it } from "vitest";
import { Latency } from "./latency.ts";

it("is the median of the last steps, so that one that was late says nothing", () => {
  const latency = new Latency();
  expect(latency.median).toBeNull();
  for (const ms of [300, 310, 9000, 320, 305]) latency.add(ms);
  expect(latency.median).toBe(310);
  for (let i = 0; i < 40; i++) latency.add(400);
  expect(latency.median).toBe(400);
  latency.clear();
  expect(latency.median).toBeNull();
});

import { expect, it } from "vitest";
import { ServerClock } from "./clock.ts";

it("stands still while it is held, and goes on where it would be by then", () => {
  const clock = new ServerClock();
  clock.set(1_000_000);
  clock.hold(500_000);
  expect(clock.isHeld).toBe(true);
  expect(clock.now()).toBe(500_000);
  clock.set(2_000_000);
  expect(clock.now()).toBe(500_000);
  clock.hold(null);
  expect(clock.isHeld).toBe(false);
  expect(clock.now()).toBeGreaterThanOrEqual(2_000_000);
});

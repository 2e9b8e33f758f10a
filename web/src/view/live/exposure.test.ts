import { expect, it } from "vitest";
import { Exposure } from "./exposure.ts";
import { MEMORY_S } from "./memory.ts";

/** What a second of a steady feed adds in the end to a place with this part of it, lit by the exposure then. */
function lit(eventsPerSecond: number, part: number): number {
  const exposure = new Exposure();
  let place = 0;
  for (let second = 0; second < 600; second++) {
    place = place * Math.exp(-1 / MEMORY_S) + eventsPerSecond * part;
    exposure.add(eventsPerSecond, second * 1000);
  }
  return place * exposure.gain(600_000);
}

it("lights the busiest places alike on every feed", () => {
  expect(lit(800, 0.02) / lit(80_000, 0.02)).toBeCloseTo(1, 2);
});

it("does not make a crowd of a single event", () => {
  const one = new Exposure();
  one.add(1, 0);
  const many = new Exposure();
  many.add(100_000, 0);
  expect(one.gain(0)).toBeLessThan(4);
  expect(many.gain(0)).toBeLessThan(one.gain(0) / 100);
});

it("lets the map cool down when the feed falls silent", () => {
  const exposure = new Exposure();
  exposure.add(100_000, 0);
  const then = exposure.gain(0);
  const left = Math.exp(-120 / MEMORY_S);
  expect((exposure.gain(120_000) / then) * left).toBeLessThan(0.15);
});

it("goes by when things happened, not by when they came", () => {
  const inOrder = new Exposure();
  inOrder.add(100_000, 1000);
  inOrder.add(50_000, 31_000);
  const late = new Exposure();
  late.add(50_000, 31_000);
  late.add(100_000, 1000);
  expect(late.gain(40_000)).toBeLessThan(1.5 * inOrder.gain(40_000));
  const asked = inOrder.gain(90_000);
  inOrder.gain(200_000);
  expect(inOrder.gain(90_000)).toBe(asked);
});

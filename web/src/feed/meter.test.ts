import { describe, expect, it } from "vitest";
import { Meter, SPARK_SECONDS } from "./meter.ts";

const spark = (meter: Meter, slot: number) => {
  const into = new Float32Array(SPARK_SECONDS);
  meter.spark(slot, into);
  return [...into];
};

describe("Meter", () => {
  it("is the mean of the last five whole seconds", () => {
    const meter = new Meter();
    for (let second = 100; second < 110; second++) meter.add(0, second, second * 1000, 250);
    expect(meter.rate(0)).toBe((104 + 105 + 106 + 107 + 108) / 5);
  });

  it("falls to nothing when nothing happens", () => {
    const meter = new Meter();
    meter.add(0, 50, 100_000, 250);
    meter.advance(101);
    expect(meter.rate(0)).toBe(10);
    meter.advance(106);
    expect(meter.rate(0)).toBe(0);
    meter.advance(10_000);
    expect(Math.max(...spark(meter, 0))).toBe(0);
  });

  it("puts what comes late where it belongs, and spreads what was merged", () => {
    const meter = new Meter();
    meter.advance(110);
    meter.add(0, 7, 105_000, 250);
    meter.add(0, 8, 106_000, 4000);
    expect(spark(meter, 0).slice(-6)).toEqual([0, 7, 2, 2, 2, 2]);
  });

  it("drops what is older than it remembers", () => {
    const meter = new Meter();
    meter.advance(1000);
    meter.add(0, 9, 100_000, 250);
    meter.add(0, 900, 901_000, 100_000);
    expect(Math.max(...spark(meter, 0))).toBe(9); // A hundred seconds' share each, of those that are remembered.
  });

  it("keeps topics apart, however many there are", () => {
    const meter = new Meter();
    meter.add(0, 5, 100_000, 250);
    meter.add(1000, 10, 100_000, 250);
    meter.advance(101);
    expect([meter.rate(0), meter.rate(1), meter.rate(1000), meter.rate(5000)]).toEqual([1, 0, 2, 0]);
  });
});

import { describe, expect, it } from "vitest";
import { Activity, between } from "./activity.ts";

const CITIES = {
  berlin: [13.4, 52.5],
  paris: [2.35, 48.86],
  rome: [12.5, 41.9],
  lima: [-77, -12],
  suva: [178.4, -18.1],
} as const;

function of(...places: readonly (readonly [number, number])[]): Activity {
  const activity = new Activity();
  for (const [lon, lat] of places) activity.add(lon, lat, 1);
  return activity;
}

const times = (n: number, place: readonly [number, number]) => Array.from({ length: n }, () => place);

describe("Activity", () => {
  it("that is none has no cap and no spots", () => {
    expect(new Activity().cap(0.9)).toBeNull();
    expect(new Activity().spots(3, 10)).toEqual([]);
  });

  it("of one town is a cap of no size there", () => {
    const cap = of(CITIES.suva).cap(0.9)!;
    expect(cap.radius).toBeLessThan(0.01);
    expect(between(cap, { lon: CITIES.suva[0], lat: CITIES.suva[1] })).toBeLessThan(0.01);
  });

  it("holds the share, and no more than it must: outliers don't matter", () => {
    const activity = of(
      ...times(30, CITIES.berlin),
      ...times(30, CITIES.paris),
      ...times(30, CITIES.rome),
      ...times(5, CITIES.lima),
    );
    const cap = activity.cap(0.9)!;
    expect(cap.radius).toBeGreaterThan(4);
    expect(cap.radius).toBeLessThan(8);
    for (const [lon, lat] of [CITIES.berlin, CITIES.paris, CITIES.rome]) {
      expect(between(cap, { lon, lat })).toBeLessThan(cap.radius + 0.01);
    }
    expect(activity.cap(1)!.radius).toBeGreaterThan(45);
  });

  it("goes by where it happens, not by how much one place sends", () => {
    const activity = of(CITIES.berlin, CITIES.paris, CITIES.rome, [-100, 40], [140, 36], [28, -26], [151, -34]);
    activity.add(...CITIES.lima, 1_000_000);
    expect(activity.cap(0.9)!.radius).toBeGreaterThan(50);
  });

  it("knows that the date line is no edge", () => {
    const cap = of(...times(5, [179, 0]), ...times(5, [-179, 0])).cap(1)!;
    expect(cap.radius).toBeCloseTo(1, 1);
    expect(Math.abs(cap.lon)).toBeCloseTo(180, 1);
  });

  it("stands the poles, and places all around", () => {
    const cap = of([0, 90], [0, -90], [0, 0], [90, 0], [180, 0], [-90, 0]).cap(0.9)!;
    expect(cap.radius).toBeGreaterThan(80);
    expect(Number.isFinite(cap.lon + cap.lat)).toBe(true);
  });

  it("is seen best with most of it in front, not all of it at the edges", () => {
    const { lon, lat } = of(
      ...times(8, [-75, 40]),
      ...times(9, [10, 50]),
      ...times(8, [120, 30]),
      ...times(3, [40, 30]),
    ).side(30);
    expect(lon).toBeGreaterThan(-10);
    expect(lon).toBeLessThan(40);
    expect(lat).toBeCloseTo(30);
    expect(of([180, 0]).side(30)).toEqual({ lon: -180, lat: 0 });
  });

  it("names the busiest spots, apart", () => {
    const activity = of(
      ...times(9, CITIES.lima),
      ...times(6, CITIES.berlin),
      ...times(5, [13.9, 52]),
      ...times(3, CITIES.suva),
    );
    const spots = activity.spots(5, 10);
    expect(spots).toHaveLength(3);
    expect(spots[0]!.lat).toBeCloseTo(52.3, 0);
    expect(spots[0]!.share).toBeCloseTo(11 / 23);
    expect(spots[1]!.lon).toBeCloseTo(-77);
    expect(activity.spots(1, 10)).toHaveLength(1);
  });
});

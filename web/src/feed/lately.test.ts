import { describe, expect, it } from "vitest";
import { decode, Kind } from "../receive/frame.ts";
import { chance, encode, row } from "../receive/testing.ts";
import { worldOf } from "../receive/world.ts";
import { rank } from "./ranking.ts";
import { RECENT_S, Recent } from "./recent.ts";
import { Sampler } from "./sampler.ts";
import { Tally } from "./tally.ts";
import { Trend } from "./trend.ts";
import { Finder, MOST_ASKED } from "./whereabouts.ts";

const T0 = 1_795_000_000;
const berlin = { town: 0, country: "DE" };
const paris = { town: 1, country: "FR" };
const towns = [
  { name: "Berlin", country: "DE", lon: 13.4, lat: 52.5 },
  { name: "Paris", country: "FR", lon: 2.35, lat: 48.85 },
];

describe("Tally", () => {
  it("counts the last five minutes, whenever word of them comes", () => {
    const tally = new Tally();
    tally.add(berlin, 5, T0);
    tally.add(paris, 1, T0 + 200);
    tally.add(berlin, 2, T0 + 100);
    expect([...tally.towns]).toEqual([
      [0, 7],
      [1, 1],
    ]);
    tally.advance(T0 + 305);
    expect([...tally.towns]).toEqual([
      [0, 2],
      [1, 1],
    ]);
    tally.add(berlin, 9, T0);
    expect(tally.towns.get(0)).toBe(2);
    tally.advance(T0 + 1000);
    expect(tally.towns.size + tally.countries.size).toBe(0);
  });

  it("holds no more towns than it may, and goes on counting their countries", () => {
    const tally = new Tally();
    for (let town = 0; town < 10_000; town++) tally.add({ town, country: "US" }, 1, T0);
    expect(tally.towns.size).toBe(3000);
    expect(tally.countries.get("US")).toBe(10_000);
  });

  it("says of how long it is", () => {
    const tally = new Tally();
    tally.advance(T0);
    expect([tally.seconds(T0 + 12), tally.seconds(T0 + 900)]).toEqual([12, 300]);
  });
});

describe("rank", () => {
  const tally = new Tally();
  tally.add(berlin, 5, T0);
  tally.add(paris, 8, T0);
  tally.add({ town: -1, country: "DE" }, 20, T0);

  it("puts the busiest first, and countries where their busiest town is", () => {
    const { places, countries } = rank(tally, (town) => towns[town]!, null);
    expect(places.map(({ name, count }) => [name, count])).toEqual([
      ["Paris", 8],
      ["Berlin", 5],
    ]);
    expect(countries).toEqual([
      { name: "", country: "DE", count: 25, lon: 13.4, lat: 52.5 },
      { name: "", country: "FR", count: 8, lon: 2.35, lat: 48.85 },
    ]);
  });

  it("leaves out what is not in view", () => {
    const { places, countries } = rank(tally, (town) => towns[town]!, { west: -350, south: 50, east: -340, north: 55 });
    expect(places.map(({ name }) => name)).toEqual(["Berlin"]);
    expect(countries.map(({ country, count }) => [country, count])).toEqual([["DE", 5]]);
  });
});

describe("Finder", () => {
  it("asks once for each cell, and only so many a step", () => {
    let asked = 0;
    const finder = new Finder({
      town: () => asked++,
      country: () => "DE",
    });
    expect(finder.find(0.5, 0.5)).toBe(finder.find(0.50001, 0.50001));
    expect(finder.find(1.5, 0.5)).toBe(finder.find(0.5, 0.5));
    expect(asked).toBe(1);
    for (let i = 0; i < 2 * MOST_ASKED; i++) finder.find(i / 4000, 0.1);
    expect(asked).toBe(MOST_ASKED);
    expect(finder.find(0.9, 0.9)).toBeNull();
    finder.refresh();
    expect(finder.find(0.9, 0.9)).not.toBeNull();
  });
});

describe("Trend", () => {
  it("compares the last ten seconds with the minutes before", () => {
    const trend = new Trend();
    for (let s = 0; s < 200; s++) trend.add(s >= 188 ? 150 : 100, (T0 + s) * 1000);
    expect(trend.value()).toBeCloseTo(0.5, 1);
  });

  it("says nothing of the first minute, nor where nothing was", () => {
    const trend = new Trend();
    for (let s = 0; s < 50; s++) trend.add(100, (T0 + s) * 1000);
    expect(trend.value()).toBeNull();
    const silent = new Trend();
    silent.advance(T0);
    silent.advance(T0 + 500);
    expect(silent.value()).toBeNull();
  });

  it("is -1 when a busy feed falls silent", () => {
    const trend = new Trend();
    for (let s = 0; s < 100; s++) trend.add(100, (T0 + s) * 1000);
    trend.advance(T0 + 115);
    expect(trend.value()).toBe(-1);
  });
});

describe("Sampler", () => {
  const frame = (tick: number, topics: number[]) =>
    decode(
      encode(
        topics.map((topic) => row(topic, 1)),
        { tick, kind: Kind.live },
      ),
    );

  it("shows each topic in turn, about one a second", () => {
    const sampler = new Sampler(chance(1));
    for (let i = 0; i < 100; i++) {
      sampler.offer(frame(T0 * 1000 + i * 250, [1, 1, 1, 1, 2, 3]));
      sampler.close();
    }
    expect(sampler.picked.length).toBe(10);
    expect(new Set(sampler.picked.map(({ slot }) => slot))).toEqual(new Set([1, 2, 3]));
    expect(new Set(sampler.picked.map(({ key }) => key)).size).toBe(10);
    const times = sampler.picked.map(({ at }) => at);
    expect(times).toEqual([...times].sort((a, b) => b - a));
    expect((times[0]! - times.at(-1)!) / 9).toBeGreaterThan(800);
  });

  it("shows nothing that is old", () => {
    const sampler = new Sampler(chance(1));
    sampler.offer(decode(encode([row(1, 1)], { kind: Kind.picture })));
    expect(sampler.close()).toBe(false);
  });
});

describe("Recent", () => {
  const at = (lon: number, lat: number, count: number, topic = 1) => {
    const [x, y] = worldOf(lon, lat);
    return row(topic, count, Math.floor(x * 65_536), Math.floor(y * 65_536));
  };
  const frame = (second: number, rows: ReturnType<typeof row>[], facts = {}) =>
    decode(encode(rows, { tick: second * 1000, ...facts }));

  it("finds what was near, over the date line too, by topic and second", () => {
    const recent = new Recent();
    recent.add(frame(T0, [at(179.99, 0, 3), at(-179.99, 0, 4, 2), at(178, 0, 50)]));
    recent.add(frame(T0 + 1, [at(179.99, 0, 1)]));
    const { count, topics, seconds } = recent.around(-179.99, 0, 0.1, T0 + 1);
    expect(count).toBe(8);
    expect([...topics]).toEqual([
      [1, 4],
      [2, 4],
    ]);
    expect([...seconds.subarray(RECENT_S - 2)]).toEqual([7, 1]);
  });

  it("forgets after a minute", () => {
    const recent = new Recent();
    recent.add(frame(T0, [at(0, 0, 3)]));
    recent.advance(T0 + 59);
    expect(recent.around(0, 0, 1, T0 + 59).count).toBe(3);
    recent.advance(T0 + 60);
    expect(recent.around(0, 0, 1, T0 + 59).count).toBe(0);
  });

  it("finds a place that is known only roughly wherever its cell is", () => {
    const recent = new Recent();
    recent.add(frame(T0, [at(0, 0, 3)], { bits: 7 }));
    expect(recent.around(1, 0, 0.01, T0).count).toBe(3);
    expect(recent.around(2, 0, 0.01, T0).count).toBe(0);
  });
});

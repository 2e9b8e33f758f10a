import { expect, it } from "vitest";
import type { Cities } from "../../places/gazetteer.ts";
import { featuresOf } from "./labels.ts";

const cities: Cities = {
  n: 4,
  names: ["Great", "Second", "Elsewhere", "Hut"],
  country: ["AA", "AA", "BB", "CC"],
  lon: new Float64Array([1, 2, 3, 4]),
  lat: new Float64Array([5, 6, 7, 8]),
  population: new Uint32Array([9_000_000, 8_000_000, 2_000_000, 900]),
};

it("names the biggest first, and a country's biggest before another's second", () => {
  const { features } = featuresOf(cities);
  expect(features.map(({ properties }) => properties.name)).toEqual(["Great", "Elsewhere", "Second", "Hut"]);
  expect(features.map(({ properties }) => properties.rank)).toEqual([0, 1, 2, 3]);
  expect(features[1]!.geometry.coordinates).toEqual([3, 7]);
});

it("names small towns from nearby only", () => {
  const many: Cities = {
    n: 30_000,
    names: Array.from({ length: 30_000 }, (_, i) => `${i}`),
    country: Array.from({ length: 30_000 }, () => "AA"),
    lon: new Float64Array(30_000),
    lat: new Float64Array(30_000),
    population: new Uint32Array(30_000),
  };
  const from = featuresOf(many).features.map(({ properties }) => properties.from);
  expect(from[0]).toBe(0);
  expect(from.filter((zoom) => zoom === 0).length).toBeLessThan(100);
  expect(from.at(-1)).toBe(7);
  expect([...from].sort((a, b) => a - b)).toEqual(from);
});

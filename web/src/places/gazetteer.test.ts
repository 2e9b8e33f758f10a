import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { Gazetteer } from "./gazetteer.ts";

const file = (name: string) => new Uint8Array(readFileSync(new URL(`../../public/base/${name}`, import.meta.url)));
const gazetteer = new Gazetteer(file("cities.bin"), file("countries.bin"));
const place = (lon: number, lat: number) => [gazetteer.near(lon, lat)?.name ?? null, gazetteer.country(lon, lat)];

describe("the gazetteer", () => {
  it.each([
    ["Berlin", "DE", 13.4, 52.52],
    ["Sydney", "AU", 151.21, -33.87],
    ["Rome", "IT", 12.49, 41.89],
    ["Rome", "IT", 12.453, 41.903],
    ["Monaco", "MC", 7.42, 43.74],
    ["Singapore", "SG", 103.85, 1.29],
    ["Hong Kong", "HK", 114.16, 22.28],
    ["Suva", "FJ", 178.44, -18.14],
    ["Cayenne", "GF", -52.33, 4.93],
    ["Saint-Denis", "RE", 55.45, -20.88],
    ["Pristina", "XK", 21.16, 42.66],
    ["Funafuti", "TV", 179.19, -8.52],
    ["Reykjavík", "IS", -21.94, 64.14],
    ["Honolulu", "US", -157.86, 21.31],
    ["Alice Springs", "AU", 133.87, -23.7],
    ["Longyearbyen", "SJ", 15.63, 78.22],
  ])("knows %s, %s", (name, country, lon, lat) => {
    expect(place(lon, lat)).toEqual([name, country]);
  });

  it("names a metropolis for its districts, and not its neighbours", () => {
    expect(place(-73.98, 40.75)).toEqual(["New York City", "US"]); // Manhattan
    expect(place(-73.95, 40.65)).toEqual(["New York City", "US"]); // Brooklyn
    expect(place(-74.17, 40.73)).toEqual(["Newark", "US"]);
    expect(place(-73.2, 41.18)).toEqual(["Bridgeport", "US"]);
    expect(place(0.0, 51.55)).toEqual(["London", "GB"]);
    expect(place(13.06, 52.4)).toEqual(["Potsdam", "DE"]);
  });

  it("knows harbours, and the open sea", () => {
    expect(gazetteer.country(9.93, 53.54)).toBe("DE");
    expect(gazetteer.country(4.0, 51.98)).toBe("NL");
    expect(place(-35, 30)).toEqual([null, ""]);
    expect(place(0, -89.9)).toEqual([null, "AQ"]);
    expect(place(0, 90)).toEqual([null, ""]);
  });

  it("sees across the date line", () => {
    const taveuni = gazetteer.near(179.99, -16.85);
    expect(taveuni?.country).toBe("FJ");
    expect(gazetteer.near(-179.99, -16.85)).toEqual(taveuni);
    expect(gazetteer.country(-178.1, 67)).toBe("RU");
    expect(gazetteer.country(181.9, 67)).toBe("RU");
    expect(gazetteer.country(-180, 68.9)).toBe(gazetteer.country(180, 68.9));
  });

  it("has towns as columns, the biggest first", () => {
    const { n, names, country, lon, lat, population } = gazetteer.cities;
    expect(n).toBeGreaterThan(20_000);
    for (const column of [names, country, lon, lat, population]) expect(column).toHaveLength(n);
    expect(population.every((people, i) => i === 0 || people <= population[i - 1]!)).toBe(true);
    expect(names.slice(0, 20)).toContain("Istanbul");
    expect(names).not.toContain("Brooklyn");
    expect(population[names.indexOf("Berlin")]! / 3_426_354).toBeCloseTo(1, 1);
  });

  it("says when a file is cut short", () => {
    expect(() => new Gazetteer(file("cities.bin").subarray(0, 9_000), file("countries.bin"))).toThrow("cut short");
    expect(() => new Gazetteer(file("cities.bin"), file("countries.bin").subarray(0, 9_000))).toThrow("cut short");
  });
});

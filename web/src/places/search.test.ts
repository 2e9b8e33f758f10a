import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { Gazetteer } from "./gazetteer.ts";
import { search } from "./search.ts";

const file = (name: string) => new Uint8Array(readFileSync(new URL(`../../public/base/${name}`, import.meta.url)));
const gazetteer = new Gazetteer(file("cities.bin"), file("countries.bin"));
const found = (text: string) => search(gazetteer, text).map(({ name, country }) => `${name}, ${country}`);

describe("search", () => {
  it("finds the best known first", () => {
    expect(found("berl")[0]).toBe("Berlin, DE");
    expect(found("lon").slice(0, 1)).toEqual(["London, GB"]);
    expect(found("mexico").slice(0, 2)).toEqual(["Mexico, MX", "Mexico City, MX"]);
    expect(found("uk")[0]).toBe("United Kingdom, GB");
    expect(found("l")).toHaveLength(8);
  });

  it("minds neither accents nor capitals nor a missing letter", () => {
    expect(found("sao pau")[0]).toBe("São Paulo, BR");
    expect(found("ZURICH")[0]).toBe("Zürich, CH");
    expect(found("wroclaw")[0]).toBe("Wrocław, PL");
    expect(found("Reykjavk")[0]).toBe("Reykjavík, IS");
  });

  it("takes a country after a comma", () => {
    expect(found("paris")[0]).toBe("Paris, FR");
    expect(found("paris, us")).toEqual(["Paris, US"]);
    expect(found("san jose,costa")[0]).toBe("San José, CR");
  });

  it("shows a city from near and a country from as far as it takes", () => {
    const first = (text: string) => search(gazetteer, text)[0]!;
    expect(first("sydney")).toMatchObject({ kind: "city", zoom: 9 });
    expect(first("luxembourg")).toMatchObject({ kind: "country", country: "LU" });
    expect(first("russia").zoom).toBeLessThan(3);
    expect(first("germany").zoom).toBeCloseTo(5.5, 0);
    expect(first("monaco")).toMatchObject({ kind: "country", zoom: 8 });
    expect(first("vatican city")).toMatchObject({ kind: "country", country: "VA", zoom: 8 });
    expect(first("vatican city").lat).toBeCloseTo(41.9, 1);
  });

  it("keeps a country whole that lies on both sides of the date line", () => {
    const fiji = search(gazetteer, "fiji")[0]!;
    expect(fiji.lon).toBeCloseTo(178, 0);
    expect(fiji.zoom).toBeGreaterThan(5);
    expect(gazetteer.countries.extent("RU")!.width).toBeLessThan(160);
    expect(gazetteer.countries.extent("DE")).toEqual({
      west: expect.closeTo(6.5, 0),
      width: expect.closeTo(8, 0),
      south: expect.closeTo(47.5, 0),
      north: expect.closeTo(54.7, 0),
    });
    expect(gazetteer.countries.extent("XX")).toBeNull();
  });

  it("finds nothing for nothing", () => {
    expect(found("")).toEqual([]);
    expect(found(" , fr")).toEqual([]);
    expect(found("qqqq")).toEqual([]);
  });
});

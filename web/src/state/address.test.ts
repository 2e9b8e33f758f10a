import { describe, expect, it, test } from "vitest";
import { PARAMETERS, PLAIN, readAddress, type View, writeAddress } from "./address.ts";

const read = (query: string) => readAddress(query).view;

describe("an address", () => {
  it("that says nothing is the plain view, and the plain view says nothing", () => {
    expect(readAddress("")).toEqual({ view: PLAIN, rest: [], bad: [] });
    expect(readAddress("?")).toEqual({ view: PLAIN, rest: [], bad: [] });
    expect(writeAddress(PLAIN)).toBe("");
  });

  it("holds the whole view", () => {
    const query =
      "?center=13.405,52.52&zoom=6.5&bearing=20&pitch=30&projection=flat&theme=light&mode=heat&hide=mail,web.bot&solo=web&arcs&kiosk&embed&follow=0";
    const view: View = {
      center: [13.405, 52.52],
      zoom: 6.5,
      bearing: 20,
      pitch: 30,
      projection: "flat",
      theme: "light",
      mode: "heat",
      hidden: ["mail", "web.bot"],
      solo: "web",
      arcs: true,
      kiosk: true,
      embed: true,
      follow: false,
    };
    expect(readAddress(query)).toEqual({ view, rest: [], bad: [] });
    expect(writeAddress(view)).toBe(query);
  });

  it("leaves out what is as usual", () => {
    expect(writeAddress(read("?projection=globe&mode=both&bearing=0&arcs=0&time=live&embed=false&follow=0"))).toBe("");
  });

  it("follows on a wall unless told not to", () => {
    expect(read("?kiosk").follow).toBe(true);
    expect(read("?follow=0&kiosk").follow).toBe(false);
    expect(read("?follow").follow).toBe(true);
    expect(writeAddress({ ...PLAIN, kiosk: true, follow: true })).toBe("?kiosk");
  });

  it("keeps what isn't ours, as it stands there", () => {
    const { view, rest } = readAddress("?utm_source=a+b&zoom=3&%zz=1&x=%2C");
    expect(rest).toEqual(["utm_source=a+b", "%zz=1", "x=%2C"]);
    expect(writeAddress(view, rest)).toBe("?utm_source=a+b&%zz=1&x=%2C&zoom=3");
  });

  it("may be written by hand", () => {
    const view = read("center=%2B7.5%2C-3&zoom=+4&arcs=true&hide=b,,a,b&theme=dark&theme=light");
    expect(view).toMatchObject({ center: [7.5, -3], arcs: true, hidden: ["a", "b"], theme: "light" });
  });

  test.each([
    "center=1",
    "center=1,2,3",
    "center=200,0",
    "center=0,91",
    "center=,",
    "center=NaN,0",
    "zoom=deep",
    "zoom=1e1",
    "zoom=99",
    "zoom=",
    "projection=cube",
    "projection=",
    "theme=toString",
    "mode=BOTH",
    "hide=a..b",
    "hide=a b",
    "solo=",
    "solo=a.>",
    "arcs=maybe",
    "arcs=constructor",
    "time=2026",
    "pitch=-1",
  ])("of %s leaves it out and says so", (part) => {
    const { view, bad } = readAddress(part);
    expect(view).toEqual(PLAIN);
    expect(bad).toHaveLength(1);
    expect(bad[0]).toContain(part);
    expect(bad[0]).toContain("it takes");
  });

  it("says little of a value that is long", () => {
    expect(readAddress(`mode=${"x".repeat(5000)}`).bad[0]!.length).toBeLessThan(100);
  });

  it("that a view was written to gives the same view, and is written alike", () => {
    const pick = chooser(20130401);
    for (let round = 0; round < 500; round++) {
      const view = anyView(pick);
      const query = writeAddress(view);
      const { view: back, rest, bad } = readAddress(query);
      expect(bad, query).toEqual([]);
      expect(rest, query).toEqual([]);
      expect(writeAddress(back)).toBe(query);
      const { center, zoom, bearing, pitch, ...others } = view;
      expect(back, query).toMatchObject(others);
      expect(center === null).toBe(back.center === null);
      if (center !== null) {
        // Within half a pixel.
        const pixel = 360 / (512 * 2 ** (zoom ?? 4));
        expect(Math.abs(center[0] - back.center![0])).toBeLessThan(pixel / 2);
        expect(Math.abs(center[1] - back.center![1])).toBeLessThan(pixel / 2);
      }
      if (zoom !== null) expect(back.zoom).toBeCloseTo(zoom, 2);
      expect(back.bearing).toBeCloseTo(bearing, 1);
      expect(back.pitch).toBeCloseTo(pitch, 1);
    }
  });

  it("of any text is read without harm", () => {
    const pick = chooser(7);
    const names = [...PARAMETERS.map(({ name }) => name), "x", "%", ""];
    for (let round = 0; round < 500; round++) {
      const parts = Array.from(
        { length: pick(5) },
        () => `${names[pick(names.length)]}${["=", "", "=="][pick(3)]}${noise(pick)}`,
      );
      const { view, rest } = readAddress(`?${parts.join("&")}`);
      const again = readAddress(writeAddress(view, rest));
      expect(again.bad).toEqual([]);
      expect(writeAddress(again.view, again.rest)).toBe(writeAddress(view, rest));
    }
  });
});

/** Whole numbers below `n`, the same in each run. */
function chooser(seed: number): (n: number) => number {
  let state = seed;
  return (n) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
}

function anyView(pick: (n: number) => number): View {
  const some = <T>(...values: T[]) => values[pick(values.length)]!;
  const from = (least: number, most: number) => least + ((most - least) * pick(1_000_001)) / 1_000_000;
  const topics = ["a", "web", "web.bot", "mail.open-1", "x_y.z"];
  return {
    center: some(null, [from(-180, 180), from(-90, 90)] as const),
    zoom: some(null, from(-2, 24)),
    bearing: some(0, from(-180, 180)),
    pitch: some(0, from(0, 60)),
    projection: some("globe", "flat"),
    theme: some(null, "dark", "light"),
    mode: some("both", "points", "heat"),
    hidden: topics.filter(() => pick(3) === 0).sort(),
    solo: some(null, ...topics),
    arcs: some(true, false),
    follow: some(true, false),
    kiosk: some(true, false),
    embed: some(true, false),
  };
}

function noise(pick: (n: number) => number): string {
  const letters = "0123456789.,-+%=dark&globe #é";
  return Array.from({ length: pick(8) }, () => letters[pick(letters.length)]).join("");
}

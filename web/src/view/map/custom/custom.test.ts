import { validateStyleMin } from "@maplibre/maplibre-gl-style-spec";
import type { StyleSpecification } from "maplibre-gl";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { Faults } from "./faults.ts";
import { whyNot } from "./fetched.ts";
import { originOf } from "./origins.ts";
import { plainLayers } from "./plain.ts";
import { protomapsLayers } from "./protomaps.ts";
import { rasterLook } from "./raster.ts";
import { resolved } from "./style.ts";

describe("a style", () => {
  it("has its relative URLs made absolute, placeholders and all", () => {
    const style: StyleSpecification = {
      version: 8,
      glyphs: "fonts/{fontstack}/{range}.pbf",
      sprite: [{ id: "a", url: "/sprite" }],
      sources: {
        tiles: { type: "vector", tiles: ["../t/{z}/{x}/{y}.pbf", "https://b.example/{z}/{x}/{y}"] },
        json: { type: "raster", url: "tiles.json" },
        lines: { type: "geojson", data: "lines.geojson" },
        own: { type: "geojson", data: { type: "FeatureCollection", features: [] } },
      },
      layers: [],
    };
    expect(resolved(style, "https://a.example/styles/dark/style.json?key=1")).toEqual({
      ...style,
      glyphs: "https://a.example/styles/dark/fonts/{fontstack}/{range}.pbf",
      sprite: [{ id: "a", url: "https://a.example/sprite" }],
      sources: {
        tiles: {
          type: "vector",
          tiles: ["https://a.example/styles/t/{z}/{x}/{y}.pbf", "https://b.example/{z}/{x}/{y}"],
        },
        json: { type: "raster", url: "https://a.example/styles/dark/tiles.json" },
        lines: { type: "geojson", data: "https://a.example/styles/dark/lines.geojson" },
        own: style.sources.own,
      },
    });
  });
});

describe("designs", () => {
  const sources = { basemap: { type: "vector", url: "pmtiles://x" } } as const;

  it.each([
    ["protomaps", (theme: "dark" | "light") => protomapsLayers("basemap", new Set(["earth", "water", "roads"]), theme)],
    [
      "plain",
      (theme: "dark" | "light") =>
        plainLayers("basemap", [{ id: "water" }, { id: "a", fields: { name: "String" } }], theme),
    ],
    ["raster", rasterLook({ tiles: ["https://a.example/{z}/{x}/{y}"] }).layers],
  ])("%s: valid, and of the same layers in both themes", (name, layers) => {
    const style =
      name === "raster" ? rasterLook({ tiles: ["https://a.example/{z}/{x}/{y}"] }).style : { version: 8, sources };
    for (const theme of ["dark", "light"] as const) {
      expect(validateStyleMin({ ...style, layers: layers(theme) } as StyleSpecification)).toEqual([]);
    }
    expect(layers("dark").map(({ id }) => id)).toEqual(layers("light").map(({ id }) => id));
    expect(layers("dark")).not.toEqual(layers("light"));
    expect(JSON.stringify(layers("dark"))).not.toContain("icon-image");
  });
});

describe("origins", () => {
  it("are those of other machines", () => {
    expect(originOf("https://a.example/x?y")).toBe("https://a.example");
    expect(originOf("pmtiles://https://a.example:8443/x.pmtiles/1/2/3")).toBe("https://a.example:8443");
    for (const url of ["data:image/png;base64,", "blob:https://a.example/1", "inline", "/x"])
      expect(originOf(url)).toBeNull();
  });
});

describe("faults", () => {
  let given: string[];
  let faults: Faults;
  const error = Object.assign(new Error("AJAXError"), { url: "https://a.example/1/2/3.png", status: 404 });
  const tile = (sourceId: string, state: string) => ({ sourceId, tile: { state } });
  const listeners: Record<string, (event: unknown) => void> = {};

  beforeEach(() => {
    given = [];
    faults = new Faults(["basemap"], (why) => given.push(why));
    faults.watch({
      on: (name: string, listener: (event: unknown) => void) => {
        listeners[name] = listener;
      },
    } as never);
  });

  it("are told once, when nothing comes at all", () => {
    for (let i = 0; i < 2; i++) faults.failed({ error, sourceId: "basemap" });
    expect(given).toEqual([]);
    for (let i = 0; i < 5; i++) faults.failed({ error, sourceId: "basemap" });
    expect(given).toEqual(["a.example answers 404"]);
  });

  it("are no matter while some of the map comes", () => {
    for (let tiles = 0; tiles < 5; tiles++) {
      listeners.sourcedata!(tile("basemap", "loaded"));
      for (let i = 0; i < 10; i++) faults.failed({ error, sourceId: "basemap" });
    }
    expect(given).toEqual([]);
    for (let i = 0; i < 30; i++) faults.failed({ error, sourceId: "basemap" });
    expect(given).toHaveLength(1);
  });

  it("of others go into the console", () => {
    const log = vi.spyOn(console, "error").mockImplementation(() => {});
    for (let i = 0; i < 5; i++) listeners.error!({ error, sourceId: "land" });
    listeners.sourcedata!(tile("land", "loaded"));
    expect(given).toEqual([]);
    expect(log).toHaveBeenCalledTimes(5);
    log.mockRestore();
  });

  it("are said in words of use", () => {
    const url = "https://a.example/x";
    expect(whyNot(new TypeError("Failed to fetch"), url)).toMatch(/^a.example can't be reached, or does not let/);
    expect(whyNot({ status: 403, message: "AJAXError" }, url)).toBe("a.example answers 403");
    expect(whyNot(new Error("Wrong magic number"), url)).toBe("a.example: Wrong magic number");
  });
});

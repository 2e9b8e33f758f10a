import { describe, expect, it } from "vitest";
import { chance } from "./testing.ts";
import { type Area, covers, follow, MOST_TILES, type Tile, tilesFor, type View } from "./tiles.ts";

/** What a map of a window shows with its middle there, north and south kept in the world as MapLibre does. */
function viewOf(x: number, y: number, zoom: number, width = 1280, height = 800): View {
  const world = 512 * 2 ** zoom;
  const [half, tall] = [width / world / 2, Math.min(1, height / world) / 2];
  const middle = Math.max(tall, Math.min(1 - tall, y));
  return { west: x - half, east: x + half, north: middle - tall, south: middle + tall, zoom };
}

function someView(random: () => number): View {
  const [width, height] = [320 + random() * 3600, 320 + random() * 1900];
  return viewOf(random() * 4 - 1.5, random(), random() * 17, width, height);
}

const isIn = ([z, x, y]: Tile, atX: number, atY: number) =>
  Math.floor((((atX % 1) + 1) % 1) * 2 ** z) === x && Math.floor(Math.min(atY, 1 - 1e-12) * 2 ** z) === y;

/** Throws unless the area is one that a server takes and all of the view lies in it. */
function check(area: Area, view: View, random: () => number): void {
  if (area === null) return;
  expect(area.length).toBeGreaterThan(0);
  expect(area.length).toBeLessThanOrEqual(MOST_TILES);
  expect(new Set(area.map(String)).size).toBe(area.length);
  expect(new Set(area.map(([z]) => z)).size).toBe(1); // So that none can lie within another.
  for (const [z, x, y] of area) {
    expect(z > 0 && [x, y].every((part) => Number.isInteger(part) && part >= 0 && part < 2 ** z)).toBe(true);
  }
  const held = Array.from({ length: 20 }, () => {
    const [x, y] = [view.west + random() * (view.east - view.west), view.north + random() * (view.south - view.north)];
    return area.filter((tile) => isIn(tile, x, y)).length;
  });
  expect(new Set(held)).toEqual(new Set([1]));
}

describe("tilesFor", () => {
  it("covers any view with a few tiles that exist and don't overlap", () => {
    const random = chance(1);
    for (let i = 0; i < 1000; i++) {
      const view = someView(random);
      check(tilesFor(view), view, random);
    }
  });

  it("takes tiles of 1,024 to 2,048 pixels, and larger ones only where those would be too many", () => {
    const random = chance(2);
    let larger = 0;
    for (let i = 0; i < 500; i++) {
      const view = viewOf(
        random(),
        0.2 + 0.6 * random(),
        4 + 12 * random(),
        320 + 1600 * random(),
        320 + 760 * random(),
      );
      const side = (512 * 2 ** view.zoom) / 2 ** tilesFor(view)![0]![0];
      expect(side).toBeGreaterThanOrEqual(1024);
      if (side > 2048) larger++;
    }
    expect(larger).toBe(0);
    expect(tilesFor(viewOf(0.5, 0.4, 9.01, 3840, 2160))![0]![0]).toBe(7);
  });

  it("asks for the whole world where about all of it is in view", () => {
    for (const zoom of [0, 1, 1.9]) expect(tilesFor(viewOf(0.5, 0.5, zoom))).toBe(null);
    expect(tilesFor(viewOf(0.5, 0.5, 2.1))).toBe(null); // All four of zoom 1.
    expect(tilesFor(viewOf(0.5, 0.4, 3.1, 3840, 2160))).toBe(null); // Most of the sixteen of zoom 2.
    expect(tilesFor(viewOf(0.5, 0.4, 4))).not.toBe(null);
  });

  it("goes on beyond the date line, and stops at the poles", () => {
    const tiles = tilesFor(viewOf(1, 0.4, 6, 800, 800))!;
    expect(new Set(tiles.map(([, x]) => x))).toEqual(new Set([31, 0]));
    expect(tilesFor(viewOf(-2, 0.4, 6, 800, 800))).toEqual(tiles);
    expect(Math.min(...tilesFor(viewOf(0.3, 0, 6))!.map(([, , y]) => y))).toBe(0);
    expect(Math.max(...tilesFor(viewOf(0.3, 1, 6))!.map(([, , y]) => y))).toBe(31);
  });
});

describe("follow", () => {
  it("keeps the tiles as long as they cover the view, and their zoom suits it", () => {
    const start = viewOf(0.53, 0.33, 8.5);
    const asked = follow(null, start);
    const pixel = 1 / (512 * 2 ** 8.5);
    expect(follow(asked, viewOf(0.53 + 100 * pixel, 0.33 - 80 * pixel, 8.5))).toBe(asked);
    expect(follow(asked, viewOf(0.53, 0.33, 9.2))).toBe(asked);
    expect(follow(asked, viewOf(0.53, 0.33, 9.5))![0]![0]).toBe(8);
    expect(follow(asked, viewOf(0.53 + 3000 * pixel, 0.33, 8.5))).not.toBe(asked);
    expect(follow(asked, viewOf(0.53, 0.33, 1.5))).toBe(null);
    expect(follow(null, viewOf(0.53, 0.33, 1.6))).toBe(null);
  });

  it("covers the view wherever a map wanders, and seldom asks again", () => {
    const random = chance(3);
    let [area, asked, moves] = [null as Area, 0, 0];
    let [x, y, zoom] = [0.5, 0.4, 2];
    for (let i = 0; i < 1000; i++) {
      zoom = Math.max(0, Math.min(16, zoom + (random() < 0.1 ? 2 * (random() - 0.48) : 0)));
      x += ((random() - 0.5) * 300) / (512 * 2 ** zoom);
      y = Math.max(0, Math.min(1, y + ((random() - 0.5) * 300) / (512 * 2 ** zoom)));
      const view = viewOf(x, y, zoom);
      const next = follow(area, view);
      check(next, view, random);
      expect(covers(next, view)).toBe(true);
      if (next !== area) asked++;
      area = next;
      moves++;
    }
    expect(asked / moves).toBeLessThan(0.25);
  });

  it("settles: the same view asks for nothing else", () => {
    const random = chance(4);
    let area: Area = null;
    for (let i = 0; i < 1000; i++) {
      const view = someView(random);
      area = follow(area, view);
      expect(follow(area, view)).toBe(area);
    }
  });
});

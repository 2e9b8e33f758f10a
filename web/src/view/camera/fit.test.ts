import { describe, expect, it } from "vitest";
import { Activity } from "./activity.ts";
import { type Aim, aim, closeUp, focusOf, INHABITED, isRegional, type Room, wholeGlobe } from "./fit.ts";

const ROOM: Room = { width: 926, height: 700, canvasHeight: 800 };
const DEGREE = Math.PI / 180;

/** The radius of MapLibre's globe, CSS pixels. */
const radiusOf = ({ zoom, lat }: Aim) => (512 * 2 ** zoom) / (2 * Math.PI) / Math.cos(lat * DEGREE);

describe("the opening view", () => {
  it("is of the whole world as long as little has come", () => {
    const activity = new Activity();
    for (let n = 0; n < 7; n++) activity.add(10, 50, 1);
    expect(focusOf(activity)).toBeNull();
    activity.add(10, 50, 1);
    expect(isRegional(focusOf(activity))).toBe(true);
  });

  it("is of the region that a feed comes from", () => {
    for (const projection of ["globe", "flat"] as const) {
      const view = aim({ lon: 10, lat: 50, radius: 10 }, ROOM, projection);
      expect(view).toMatchObject({ lon: 10, lat: 50 });
      expect(view.zoom).toBeGreaterThan(3.2);
      expect(view.zoom).toBeLessThan(4.5);
    }
  });

  it("turns the whole globe to the middle, but never to the ice", () => {
    const view = aim({ lon: -80, lat: 60, radius: 70 }, ROOM, "globe");
    expect(view.lon).toBe(-80);
    expect(view.lat).toBe(32);
  });

  it("shows the globe as large as the room, as seen from MapLibre's eye", () => {
    const view = wholeGlobe({ lon: 0, lat: 20 }, ROOM);
    const [radius, eye] = [radiusOf(view), 1.5 * ROOM.canvasHeight];
    // The outline is where the line of sight touches.
    const outline = (eye * radius) / Math.sqrt((eye + radius) ** 2 - radius ** 2);
    expect(outline).toBeCloseTo(0.94 * 350, 0);
  });

  it("has a region's rim at the room's edge", () => {
    const cap = { lon: 0, lat: 40, radius: 25 };
    const [globe, eye] = [radiusOf(closeUp(cap, ROOM, "globe")), 1.5 * ROOM.canvasHeight];
    const rim = (eye * globe * Math.sin(25 * DEGREE)) / (eye + globe * (1 - Math.cos(25 * DEGREE)));
    expect(rim).toBeCloseTo(0.92 * 350, 0);
    expect(radiusOf(closeUp(cap, ROOM, "flat")) * 25 * DEGREE).toBeCloseTo(0.92 * 350);
  });

  it("is of the country around a single town", () => {
    expect(closeUp({ lon: 0, lat: 0, radius: 0 }, ROOM, "flat").zoom).toBeLessThan(6.2);
  });

  it("of the flat world holds where people live", () => {
    const { lon, zoom } = aim(null, ROOM, "flat");
    const [west, , east] = INHABITED;
    expect(lon).toBe((west + east) / 2);
    expect(512 * 2 ** zoom * ((east - west) / 360)).toBeLessThanOrEqual(ROOM.width + 1e-6);
  });

  it("is a view in any window", () => {
    for (const room of [
      { width: -300, height: 20, canvasHeight: 60 },
      { width: 320, height: 400, canvasHeight: 700 },
    ]) {
      for (const focus of [
        null,
        { lon: 0, lat: 89, radius: 5 },
        { lon: 0, lat: 0, radius: 38 },
        { lon: 0, lat: 0, radius: 180 },
      ]) {
        expect(Number.isFinite(aim(focus, room, "globe").zoom)).toBe(true);
      }
    }
  });
});

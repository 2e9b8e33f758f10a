import { degreesOf, worldOf } from "../../receive/world.ts";
import type { Place, Projection } from "../../state/view.ts";
import type { Activity, Cap } from "./activity.ts";

/** How to look at where it is busy. No I/O. */

/** Of the weight that is to be seen; the rest are outliers. */
const SHARE = 0.9;
/** Fewer points than this say nothing about where a feed comes from. */
const FEWEST = 8;
/** Degrees: within a cap of this radius a feed is a region's, and the view is of the region. */
const REGION = 38;
/** A town's feed is shown with the country around it. */
const LEAST_RADIUS = 3.5;
/** Of half of the free room: what is left around a region, and around the globe. */
const REGION_FILLS = 0.92;
const GLOBE_FILLS = 0.94;
/** Degrees: the whole globe is not looked at from further up or down, or half of it would be ice. */
const MOST_TILT = 32;
/** Where people are, on the flat map: west, south, east, north. */
export const INHABITED: [number, number, number, number] = [-127, -47, 180, 67];
/** And on the globe, for the time that nothing is known. */
const INHABITED_CENTRE = { lon: 20, lat: 22 };
/** MapLibre looks from this many heights of its canvas away. */
const EYE = 0.5 / Math.tan((36.87 / 2) * (Math.PI / 180));
const WORLD_PIXELS = 512;
const DEGREE = Math.PI / 180;

/** What the panels leave free, and the canvas' whole height, CSS pixels. */
export interface Room {
  width: number;
  height: number;
  canvasHeight: number;
}

/** Where to look at what is going on from; the bearing is north. */
export type Aim = Pick<Place, "lon" | "lat" | "zoom">;

/** What there is to look at: a region, or the brightest side of the globe. Null as long as too little has come to say. */
export function focusOf(activity: Activity): Cap | null {
  const cap = activity.points < FEWEST ? null : activity.cap(SHARE);
  return cap === null || cap.radius <= REGION ? cap : { ...activity.side(MOST_TILT), radius: cap.radius };
}

export function isRegional(focus: Cap | null): focus is Cap {
  return focus !== null && focus.radius <= REGION;
}

/** The view of all that goes on: of its region, or of the whole world turned to its middle. */
export function aim(focus: Cap | null, room: Room, projection: Projection): Aim {
  if (isRegional(focus)) return closeUp(focus, room, projection);
  return projection === "globe" ? wholeGlobe(focus ?? INHABITED_CENTRE, room) : wholeMap(room);
}

/** The view of a cap, filling the free room. */
export function closeUp(cap: Cap, room: Room, projection: Projection): Aim {
  const radius = Math.max(LEAST_RADIUS, cap.radius) * DEGREE;
  const pixels = REGION_FILLS * half(room);
  const eye = EYE * room.canvasHeight;
  // On the globe the rim of the cap lies behind the middle, and so looks nearer to it.
  const globe =
    projection === "globe"
      ? (pixels * eye) / Math.max(1e-6, eye * Math.sin(radius) - pixels * (1 - Math.cos(radius)))
      : pixels / radius;
  return { lon: cap.lon, lat: cap.lat, zoom: zoomOf(globe, cap.lat) };
}

/** The view of the whole globe, turned to a place. */
export function wholeGlobe({ lon, lat }: { lon: number; lat: number }, room: Room): Aim {
  const level = Math.max(-MOST_TILT, Math.min(MOST_TILT, lat));
  const pixels = GLOBE_FILLS * half(room);
  const eye = EYE * room.canvasHeight;
  // What is seen of a globe is its outline, which is nearer than its middle, and so looks larger.
  const globe = (pixels * pixels + pixels * Math.hypot(pixels, eye)) / eye;
  return { lon, lat: level, zoom: zoomOf(globe, level) };
}

/** The view of the inhabited world. */
function wholeMap({ width, height }: Room): Aim {
  const [west, south, east, north] = INHABITED;
  const [, top] = worldOf(west, north);
  const [, bottom] = worldOf(east, south);
  const world = Math.min((width * 360) / (east - west), height / (bottom - top));
  const [, lat] = degreesOf(0.5, (top + bottom) / 2);
  return { lon: (west + east) / 2, lat, zoom: Math.log2(world / WORLD_PIXELS) };
}

function half({ width, height }: Room): number {
  return Math.max(50, Math.min(width, height) / 2);
}

/** The zoom at which the Earth's radius is so many pixels. MapLibre's globe grows away from the equator as the flat map does. */
function zoomOf(radius: number, lat: number): number {
  return Math.log2((2 * Math.PI * radius * Math.cos(lat * DEGREE)) / WORLD_PIXELS);
}

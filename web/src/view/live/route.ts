import { directionOf, worldOf } from "../../receive/world.ts";

/** The way of an arc, from a place to another along a great circle. No I/O. */

/** Arcs that are alive at the most; more would hide the map. */
export const MOST_ARCS = 40;
/** Stretches of an arc. */
const STRETCHES = 64;
/** Numbers to a point: west to east and north to south, as parts of the world, and how high it is, in radii of the Earth. */
export const POINT_FLOATS = 3;
/** Points of an arc. */
export const POINTS = STRETCHES + 1;
/** How high it rises in its middle, as a part of its length, in radii of the Earth; long ones don't rise as much higher. */
const RISE = 0.2;
const HIGHEST = 0.4;
const DEGREE = Math.PI / 180;

/** Writes an arc's points (degrees in) from `at` on; x runs on over the date line. False for places that are one, or opposite. */
export function writeRoute(
  from: readonly [number, number],
  to: readonly [number, number],
  into: Float32Array,
  at: number,
): boolean {
  const [a, b] = [directionOf(...from), directionOf(...to)];
  const angle = Math.acos(Math.max(-1, Math.min(1, a[0] * b[0] + a[1] * b[1] + a[2] * b[2])));
  if (angle < 0.002 || angle > Math.PI - 0.002) return false;
  const height = HIGHEST * Math.tanh((RISE * angle) / HIGHEST);
  let last = Number.NaN;
  for (let i = 0; i <= STRETCHES; i++) {
    const s = i / STRETCHES;
    const [p, q] = [Math.sin((1 - s) * angle) / Math.sin(angle), Math.sin(s * angle) / Math.sin(angle)];
    const lon = Math.atan2(a[1] * p + b[1] * q, a[0] * p + b[0] * q) / DEGREE;
    const lat = Math.asin(Math.max(-1, Math.min(1, a[2] * p + b[2] * q))) / DEGREE;
    const [x, y] = worldOf(lon, lat);
    last = Number.isNaN(last) ? x : x + Math.round(last - x);
    into[at + POINT_FLOATS * i] = last;
    into[at + POINT_FLOATS * i + 1] = y;
    into[at + POINT_FLOATS * i + 2] = height * 4 * s * (1 - s);
  }
  return true;
}

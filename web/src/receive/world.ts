import { type Frame, TILE_BITS } from "./frame.ts";

/** Places: degrees, and the Web Mercator world that tiles are cut from, 0 to 1 eastwards from 180° W and southwards from 85.05° N. */

/** Where a place (degrees) is in the world. */
export function worldOf(longitude: number, latitude: number): [x: number, y: number] {
  const sine = Math.sin((latitude * Math.PI) / 180);
  return [longitude / 360 + 0.5, 0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI)];
}

/** Longitude and latitude (degrees) of a place in the world. */
export function degreesOf(x: number, y: number): [longitude: number, latitude: number] {
  return [360 * (x - 0.5), (360 / Math.PI) * Math.atan(Math.exp(2 * Math.PI * (0.5 - y))) - 90];
}

/** The direction of a place (degrees) from the Earth's centre: a unit vector. */
export function directionOf(longitude: number, latitude: number): [x: number, y: number, z: number] {
  const [l, p] = [(longitude * Math.PI) / 180, (latitude * Math.PI) / 180];
  return [Math.cos(p) * Math.cos(l), Math.cos(p) * Math.sin(l), Math.sin(p)];
}

/** Where a row of a frame is in the world: the centre of its cell. */
export function placeOf(frame: Frame, row: number): [x: number, y: number] {
  // Centres of the finest cells lie between two of the wire's units, and were rounded down.
  const half = frame.bits === TILE_BITS ? 0.5 : 0;
  const side = 2 ** -frame.z;
  const part = (value: number) => (value + half) / 2 ** TILE_BITS;
  return [(frame.tileX + part(frame.x[row]!)) * side, (frame.tileY + part(frame.y[row]!)) * side];
}

/** Longitude and latitude (degrees) of a row of a frame. */
export function lonLat(frame: Frame, row: number): [longitude: number, latitude: number] {
  return degreesOf(...placeOf(frame, row));
}

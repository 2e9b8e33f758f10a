/** A part of the world, in its widths; x may go past the date line. No I/O. */
export interface Window {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** Which copies of the world a window shows something of. */
export function copiesIn({ x, width }: Window, into: number[]): void {
  into.length = 0;
  for (let copy = Math.floor(x); copy < x + width; copy++) into.push(copy);
}

/** Pixels of the world at zoom 0, as MapLibre counts. */
const WORLD_PIXELS = 512;
/** From here on the whole world's heat is too coarse, and the view has its own. */
export const NEAR_ZOOM = 5;
/** How far an event warms its surroundings on the screen then, CSS pixels. */
export const NEAR_REACH = 100;
/** So much more than the view has is kept around it, for a map that is moved. */
const SPARE = 1.25;

/** What a field of the view's own shows. */
export interface Near extends Window {
  /** Its reach is right at this zoom. */
  zoom: number;
}

/** The window for a view: square, in steps of half a zoom. */
export function nearWindow(x: number, y: number, zoom: number, pixels: number): Near {
  const step = Math.round(zoom * 2) / 2;
  // Smaller zooms show more than the step has.
  const side = (SPARE * pixels * 2 ** 0.25 + 2 * NEAR_REACH) / (WORLD_PIXELS * 2 ** step);
  return { x: x - side / 2, y: y - side / 2, width: side, height: side, zoom: step };
}

/** How far an event warms its surroundings in a window for this zoom, as a part of the world. */
export function reachAt(zoom: number): number {
  return NEAR_REACH / (WORLD_PIXELS * 2 ** zoom);
}

/** Whether a window still does for a view of so many pixels (the longer side) around x, y. */
export function covers(near: Near, x: number, y: number, zoom: number, pixels: number): boolean {
  if (Math.abs(zoom - near.zoom) > 0.4) return false;
  const half = (pixels / 2 + NEAR_REACH) / (WORLD_PIXELS * 2 ** zoom);
  const dx = x - (near.x + near.width / 2);
  const dy = y - (near.y + near.height / 2);
  return Math.max(Math.abs(dx - Math.round(dx)), Math.abs(dy)) + half <= near.width / 2 + 1e-12;
}

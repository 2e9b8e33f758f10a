/** Which tiles a map asks for: those in view, in a zoom that suits the screen. No I/O. */

/** An XYZ tile: zoom, column (eastwards), row (southwards). */
export type Tile = readonly [z: number, x: number, y: number];

/** Tiles of one zoom; null is the whole world. */
export type Area = readonly Tile[] | null;

/**
 * What a map shows, as parts of the Web Mercator world: 0 to 1 eastwards from 180° W and southwards from 85.05° N. A view over the date
 * line, or of several copies of the world, reaches below 0 or above 1. `zoom` is the map's, the world being 512 * 2^zoom CSS pixels wide.
 */
export interface View {
  west: number;
  east: number;
  north: number;
  south: number;
  zoom: number;
}

/** No more are asked for: a step's rows are shared out among them. */
export const MOST_TILES = 16;
/** A tile of one zoom less than the map's (512 pixels) is 1,024 to 2,048 CSS pixels wide. */
const ZOOMS_LESS = 1;
const MOST_ZOOM = 24;
/** How far beyond each edge is asked for, as a part of the view: a small move then needs no other tiles. */
const MARGIN = 1 / 8;
/** How far the map's zoom may leave the range that suits the tiles it has, before it asks for others. */
const SLACK = 0.25;

/** The tiles to ask for; those that were asked for last, as long as they still do. */
export function follow(asked: Area, view: View): Area {
  const next = tilesFor(view);
  if (isSame(asked, next)) return asked;
  const suits = [-SLACK, SLACK].some((more) => zoomOf(tilesFor({ ...view, zoom: view.zoom + more })) === zoomOf(asked));
  return suits && covers(asked, view) ? asked : next;
}

/** The tiles of a view and a little around it; null where that is about the whole world. */
export function tilesFor(view: View): Area {
  const wide = widened(view);
  for (let z = Math.min(MOST_ZOOM, Math.floor(view.zoom) - ZOOMS_LESS); z > 0; z--) {
    const { columns, rows } = extent(z, wide);
    if (columns * rows > MOST_TILES) continue;
    return 2 * columns * rows > 4 ** z ? null : tilesAt(z, wide);
  }
  return null;
}

/** Whether everything that can be seen lies in the area. */
export function covers(area: Area, view: View): boolean {
  if (area === null) return true;
  const z = zoomOf(area);
  const { columns, rows } = extent(z, view);
  if (columns * rows > area.length) return false;
  return tilesAt(z, view).every(([, x, y]) => area.some((tile) => tile[1] === x && tile[2] === y));
}

export function isSame(a: Area, b: Area): boolean {
  if (a === null || b === null) return a === b;
  return a.length === b.length && a.every((tile, i) => tile.every((part, j) => part === b[i]![j]));
}

function zoomOf(area: Area): number {
  return area?.[0]?.[0] ?? 0;
}

function widened(view: View): View {
  const [x, y] = [MARGIN * (view.east - view.west), MARGIN * (view.south - view.north)];
  return { ...view, west: view.west - x, east: view.east + x, north: view.north - y, south: view.south + y };
}

/** The first column and row that are touched, and how many of them: never more than once around the world. */
function extent(z: number, { west, east, north, south }: View) {
  const n = 2 ** z;
  const within = (row: number) => Math.max(0, Math.min(n - 1, row));
  const first = Math.floor(west * n);
  const top = within(Math.floor(north * n));
  return {
    first,
    top,
    columns: Math.min(n, Math.max(1, Math.ceil(east * n) - first)),
    rows: Math.max(1, within(Math.ceil(south * n) - 1) - top + 1),
  };
}

function tilesAt(z: number, view: View): Tile[] {
  const n = 2 ** z;
  const { first, top, columns, rows } = extent(z, view);
  const west = columns === n ? 0 : ((first % n) + n) % n;
  return Array.from({ length: columns * rows }, (_, i): Tile => {
    return [z, (west + (i % columns)) % n, top + Math.floor(i / columns)];
  });
}

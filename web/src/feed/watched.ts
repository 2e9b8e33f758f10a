import { type Frame, TILE_BITS } from "../receive/frame.ts";
import type { Area } from "../receive/tiles.ts";
import { MEMORY_S } from "../view/live/memory.ts";

/** What was watched is remembered in tiles of this zoom: about as far as an event warms the ground. */
const ZOOM = 8;
const SIDE = 2 ** ZOOM;
/** Seconds that a picture is of. */
const PICTURE_S = 10;

/** Rows of a frame, and how many times over they warm the ground. */
export interface Warming {
  frame: Frame;
  heat: number;
}

/**
 * Since when each part of the world has not been watched.
 *
 * A map that is zoomed in hears nothing of the rest of the world, and its ground there cools down. When it is zoomed out again, the picture
 * of the last seconds has to stand for all that was missed; but where it was watched all the time, the picture brings nothing that the
 * ground doesn't know.
 */
export class Watched {
  /** When each part was left, ms; the parts that are watched now keep an older time until they are left. */
  readonly #left = new Float64Array(SIDE * SIDE).fill(Number.NEGATIVE_INFINITY);
  #area: Area | undefined;

  /** From now (ms) on this area is watched. Pictures of it are to be asked about after that. */
  look(area: Area, now: number): void {
    if (this.#area === null) this.#left.fill(now);
    for (const [z, x, y] of this.#area ?? []) {
      const [west, east] = partsOf(x, z);
      const [north, south] = partsOf(y, z);
      for (let row = north; row <= south; row++) this.#left.fill(now, row * SIDE + west, row * SIDE + east + 1);
    }
    this.#area = area;
  }

  /** A picture's frame, taken apart by how much each row is to warm the ground. */
  warming(frame: Frame, now: number): Warming[] {
    const rows = new Map<number, number[]>();
    for (let row = 0; row < frame.n; row++) {
      const left =
        this.#left[partOf(frame.tileY, frame.y[row]!, frame.z) * SIDE + partOf(frame.tileX, frame.x[row]!, frame.z)]!;
      const heat = missed(left, frame.tick + frame.covers / 2, now);
      const alike = rows.get(heat);
      if (alike) alike.push(row);
      else rows.set(heat, [row]);
    }
    if (rows.size === 1) return [...rows.keys()].map((heat) => ({ frame, heat }));
    return [...rows].map(([heat, list]) => ({ frame: only(frame, list), heat }));
  }
}

/** How many times over something that happened at `at` stands for what was missed since the place was left (all ms). */
function missed(left: number, at: number, now: number): number {
  const seconds = (now - left) / 1000;
  if (seconds <= PICTURE_S) return at > left ? 1 : 0;
  const remembered = (s: number) => 1 - Math.exp(-s / MEMORY_S);
  return Math.round(remembered(seconds) / remembered(PICTURE_S));
}

/** The first and the last part of the world that a tile's column (or row) touches. */
function partsOf(tile: number, z: number): [number, number] {
  return [Math.floor(tile * 2 ** (ZOOM - z)), Math.ceil((tile + 1) * 2 ** (ZOOM - z)) - 1];
}

function partOf(tile: number, inside: number, z: number): number {
  return Math.min(SIDE - 1, Math.floor((tile + inside / 2 ** TILE_BITS) * 2 ** (ZOOM - z)));
}

function only(frame: Frame, rows: readonly number[]): Frame {
  const pick = <Column extends Uint16Array<ArrayBuffer> | Uint32Array<ArrayBuffer>>(column: Column, into: Column) => {
    rows.forEach((row, i) => {
      into[i] = column[row]!;
    });
    return into;
  };
  const n = rows.length;
  return {
    ...frame,
    n,
    x: pick(frame.x, new Uint16Array(n)),
    y: pick(frame.y, new Uint16Array(n)),
    topic: pick(frame.topic, new Uint16Array(n)),
    count: pick(frame.count, new Uint32Array(n)),
  };
}

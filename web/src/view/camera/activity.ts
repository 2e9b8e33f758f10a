/** Where on Earth it is busy: directions from the Earth's centre with weights, gathered in cells of a few degrees. No I/O. */

import { directionOf } from "../../receive/world.ts";

/** Degrees of a cell's side. */
const CELL = 3;
const COLUMNS = 360 / CELL;
const ROWS = 180 / CELL;
/** How often a cap is moved to the middle of what it holds. */
const ROUNDS = 8;
/** Caps are looked for from so many of the busiest cells. */
const STARTS = 10;
/** Degrees between two sides of the globe that are compared. */
const SIDES = 6;
const DEGREES = 180 / Math.PI;

/** A round part of the Earth's surface; degrees, the radius seen from the Earth's centre. */
export interface Cap {
  lon: number;
  lat: number;
  radius: number;
}

/** A place where it is busier than around it. */
export interface Spot {
  lon: number;
  lat: number;
  /** Of all weight, 0 to 1. */
  share: number;
}

interface Sum {
  x: number;
  y: number;
  z: number;
  weight: number;
}

export class Activity {
  /** Points added. */
  points = 0;
  /** By cell: sums of unit vectors times weight, x, y, z, and the weight. */
  readonly #cells = new Float64Array(COLUMNS * ROWS * 4);
  #weight = 0;

  /** Adds a place (degrees). What counts is how far it spreads: a place with a thousand events weighs as much as eleven with one. */
  add(lon: number, lat: number, count: number): void {
    const weight = 1 + Math.log2(Math.max(1, count));
    const [x, y, z] = directionOf(lon, lat);
    const at = 4 * cellOf(lon, lat);
    this.#cells[at]! += x * weight;
    this.#cells[at + 1]! += y * weight;
    this.#cells[at + 2]! += z * weight;
    this.#cells[at + 3]! += weight;
    this.#weight += weight;
    this.points++;
  }

  /** A small cap that holds this share of all weight, so that a few outliers don't matter; null where there is nothing. */
  cap(share: number): Cap | null {
    const cells = this.#occupied();
    if (cells.length === 0) return null;
    const starts = [...cells].sort((a, b) => b.weight - a.weight).slice(0, STARTS);
    const whole = total(cells);
    if (lengthOf(whole) > 1e-3 * whole.weight) starts.push(whole);
    let best: Cap | null = null;
    for (const start of starts) {
      const cap = settle(cells, start, share * this.#weight);
      if (best === null || cap.radius < best.radius) best = cap;
    }
    return best;
  }

  /** The middle of the brightest side of the globe, no further from the equator than `most`: towards the edge things are seen from aslant. */
  side(most: number): { lon: number; lat: number } {
    const cells = this.#occupied();
    let best = { lon: 0, lat: 0 };
    let brightest = -1;
    for (let lat = -most; lat <= most; lat += most / 3) {
      for (let lon = -180; lon < 180; lon += SIDES) {
        const [x, y, z] = directionOf(lon, lat);
        let light = 0;
        for (const cell of cells) light += cell.weight * Math.max(0, cosine({ x, y, z, weight: 1 }, cell)) ** 3;
        if (light <= brightest) continue;
        brightest = light;
        best = { lon, lat };
      }
    }
    return best;
  }

  /** The busiest places, each at least so many degrees from the others. */
  spots(most: number, apart: number): Spot[] {
    const peaks = this.#smoothed().sort((a, b) => b.weight - a.weight);
    const near = Math.cos(apart / DEGREES);
    const chosen: Sum[] = [];
    for (const peak of peaks) {
      if (chosen.length === most) break;
      if (chosen.every((other) => cosine(other, peak) < near)) chosen.push(peak);
    }
    return chosen.map((sum) => ({ ...placeOf(sum), share: sum.weight / this.#weight }));
  }

  #occupied(): Sum[] {
    const sums: Sum[] = [];
    for (let cell = 0; cell < COLUMNS * ROWS; cell++) {
      if (this.#cells[4 * cell + 3]! > 0) sums.push(this.#sum([cell]));
    }
    return sums;
  }

  /** Each occupied cell with those around it. */
  #smoothed(): Sum[] {
    const sums: Sum[] = [];
    for (let row = 0; row < ROWS; row++) {
      for (let column = 0; column < COLUMNS; column++) {
        if (this.#cells[4 * (row * COLUMNS + column) + 3]! > 0) sums.push(this.#sum(around(row, column)));
      }
    }
    return sums;
  }

  #sum(cells: readonly number[]): Sum {
    const sum = { x: 0, y: 0, z: 0, weight: 0 };
    for (const cell of cells) {
      sum.x += this.#cells[4 * cell]!;
      sum.y += this.#cells[4 * cell + 1]!;
      sum.z += this.#cells[4 * cell + 2]!;
      sum.weight += this.#cells[4 * cell + 3]!;
    }
    return sum;
  }
}

/** Degrees between two places, seen from the Earth's centre. */
export function between(a: { lon: number; lat: number }, b: { lon: number; lat: number }): number {
  const [ax, ay, az] = directionOf(a.lon, a.lat);
  const [bx, by, bz] = directionOf(b.lon, b.lat);
  return angle(ax * bx + ay * by + az * bz);
}

/** Moves a cap that holds this much weight to the middle of what it holds, until it gets no smaller. */
function settle(cells: readonly Sum[], start: Sum, weight: number): Cap {
  let centre = start;
  let best: Cap = { ...placeOf(start), radius: 180 };
  for (let round = 0; round < ROUNDS; round++) {
    const byDistance = cells.map((cell) => ({ cell, near: cosine(cell, centre) })).sort((a, b) => b.near - a.near);
    const held: Sum[] = [];
    let holds = 0;
    let nearest = 1;
    for (const { cell, near } of byDistance) {
      held.push(cell);
      holds += cell.weight;
      nearest = near;
      if (holds >= weight - 1e-9) break;
    }
    const radius = angle(nearest);
    if (radius >= best.radius) break;
    best = { ...placeOf(centre), radius };
    centre = total(held);
    if (lengthOf(centre) < 1e-6 * centre.weight) break;
  }
  return best;
}

function total(sums: readonly Sum[]): Sum {
  const all = { x: 0, y: 0, z: 0, weight: 0 };
  for (const sum of sums) {
    all.x += sum.x;
    all.y += sum.y;
    all.z += sum.z;
    all.weight += sum.weight;
  }
  return all;
}

function around(row: number, column: number): number[] {
  const cells: number[] = [];
  for (let y = Math.max(0, row - 1); y <= Math.min(ROWS - 1, row + 1); y++) {
    for (let x = column - 1; x <= column + 1; x++) cells.push(y * COLUMNS + ((x + COLUMNS) % COLUMNS));
  }
  return cells;
}

function cellOf(lon: number, lat: number): number {
  const column = Math.floor((lon + 180) / CELL) % COLUMNS;
  const row = Math.min(ROWS - 1, Math.max(0, Math.floor((lat + 90) / CELL)));
  return row * COLUMNS + ((column + COLUMNS) % COLUMNS);
}

function placeOf({ x, y, z }: Sum): { lon: number; lat: number } {
  return { lon: Math.atan2(y, x) * DEGREES, lat: Math.atan2(z, Math.hypot(x, y)) * DEGREES };
}

function lengthOf({ x, y, z }: Sum): number {
  return Math.hypot(x, y, z);
}

function cosine(a: Sum, b: Sum): number {
  return (a.x * b.x + a.y * b.y + a.z * b.z) / (lengthOf(a) * lengthOf(b) || 1);
}

function angle(cos: number): number {
  return Math.acos(Math.min(1, Math.max(-1, cos))) * DEGREES;
}

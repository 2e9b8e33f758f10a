import { degreesOf } from "../receive/world.ts";

/** What is asked of a gazetteer. */
export interface Places {
  /** Index of the town that people there would name; -1 for none. */
  town(lon: number, lat: number): number;
  /** ISO 3166, two letters; "" at sea. */
  country(lon: number, lat: number): string;
}

/** Where something happened. */
export interface Whereabouts {
  /** Index of the town; -1 for none. */
  readonly town: number;
  readonly country: string;
}

/** Side of the cells that share one answer: 1/4096 of the world, 10 km at the equator. */
const CELLS = 2 ** 12;
/** Cells whose answers are kept. */
const MOST_KEPT = 50_000;
/** Questions a step: each takes some microseconds, and in the next step the rest is asked. */
export const MOST_ASKED = 1500;

/** Towns and countries of places in the world, remembered by cell. */
export class Finder {
  readonly #places: Places;
  readonly #known = new Map<number, Whereabouts>();
  #left = MOST_ASKED;

  constructor(places: Places) {
    this.#places = places;
  }

  /** A new step: as many may be asked again. */
  refresh(): void {
    this.#left = MOST_ASKED;
  }

  /** Where a place in the world (0 to 1) is; null when this step has asked enough. */
  find(x: number, y: number): Whereabouts | null {
    const column = Math.floor((x - Math.floor(x)) * CELLS);
    const row = Math.max(0, Math.min(CELLS - 1, Math.floor(y * CELLS)));
    const cell = row * CELLS + column;
    const known = this.#known.get(cell);
    if (known) return known;
    if (this.#left-- <= 0) return null;
    const [lon, lat] = degreesOf((column + 0.5) / CELLS, (row + 0.5) / CELLS);
    const found = { town: this.#places.town(lon, lat), country: this.#places.country(lon, lat) };
    if (this.#known.size >= MOST_KEPT) this.#known.clear();
    this.#known.set(cell, found);
    return found;
  }
}

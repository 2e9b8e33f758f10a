import { MEMORY_S } from "./memory.ts";

/** The whole heat that the brightest of the last minutes had falls to 1/e in this time, s. */
const LEVEL_MEMORY_S = 300;
/** Heat of a feed of 15 events a second: with less on the whole map, a single event shall not look like a crowd. */
const LEAST_LEVEL = 15 * MEMORY_S;
/** What heat a place must have to be called busy, as a part of all the heat there is. */
const BUSY = 1 / 550;

/**
 * What one unit of heat is worth, so that the busiest places are lit alike on every feed. It goes by all the heat there is, or was
 * in the last minutes: when a feed falls silent, its map is to cool down and not to be turned up.
 */
export class Exposure {
  #heat = 0;
  #level = 0;
  #at = 0;

  /** Nothing was added yet. */
  get isDark(): boolean {
    return this.#level === 0;
  }

  /** So much heat (events) comes from this time, ms. */
  add(heat: number, at: number): void {
    const elapsed = (at - this.#at) / 1000;
    if (elapsed > 0) {
      this.#at = at;
      this.#heat *= Math.exp(-elapsed / MEMORY_S);
      this.#level *= Math.exp(-elapsed / LEVEL_MEMORY_S);
    }
    this.#heat += heat * Math.exp(Math.min(0, elapsed) / MEMORY_S);
    this.#level = Math.max(this.#level, this.#heat);
  }

  /** At this time, ms. */
  gain(now: number): number {
    const elapsed = Math.max(0, now - this.#at) / 1000;
    return 1 / (BUSY * Math.max(LEAST_LEVEL, this.#level * Math.exp(-elapsed / LEVEL_MEMORY_S)));
  }
}
